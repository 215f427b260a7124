#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Signed values: what gale signs is what Tornado signs, byte for byte; each reads what the other has
signed, and refuses the same damaged texts."""

import json
import logging
import os
import random
import subprocess
import sys

try:
    from tornado import web
except ImportError:
    print("python3-tornado is not installed")
    sys.exit(77)

logging.getLogger("tornado.general").setLevel(logging.ERROR)

SECRETS = {"0": "ajklasdf0ojaisdf", "1": "aslkjasaolwkjsdf", "17": "\u00e9\u4e2d"}
NOW = 1300000000


def gales(calls):
    program = os.path.join(os.environ["GALE_BUILD"], "tests/functions")
    lines = "".join(json.dumps(call) + "\n" for call in calls)
    result = subprocess.run([program], input=lines, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, check=True)
    answers = [json.loads(line) for line in result.stdout.split("\n")[:-1]]
    assert len(answers) == len(calls), (len(answers), len(calls))
    return answers


def secret_of(secret, secrets):
    return {int(version): text for version, text in secrets.items()} if secrets else secret


def create(secret, name, value, version, now, secrets, key_version):
    try:
        signed = web.create_signed_value(secret_of(secret, secrets), name, value, version,
                                         lambda: now, key_version if secrets else None)
    except (AssertionError, KeyError):
        return None
    return signed.decode()


def decode(secret, name, text, version, now, secrets, key_version):
    try:
        value = web.decode_signed_value(secret_of(secret, secrets), name, text, clock=lambda: now)
    except (AssertionError, ValueError):  # gale refuses instead of failing
        return None
    return value if value is None else value.decode()


TORNADOS = {"create_signed_value": create, "decode_signed_value": decode,
            "get_signature_key_version":
                lambda secret, name, text, *_: web.get_signature_key_version(text)}


def damaged(generator, text):
    """The text with something about it changed."""
    place = generator.randrange(len(text))
    kind = generator.randrange(6)
    if kind == 0:
        return text[:place] + generator.choice("0123456789|:abcZ=") + text[place + 1:]
    if kind == 1:
        return text[:place] + text[place + 1:]
    if kind == 2:
        return text[:place] + generator.choice("0123456789|: =") + text[place:]
    if kind == 3:
        return text[:place]
    if kind == 4:
        parts = text.split("|")
        generator.shuffle(parts)
        return "|".join(parts)
    bar = text.find("|")  # the border of format 1 moves
    return (text[:bar - 4] + "|" + text[bar - 4:bar] + text[bar + 1:]) if bar > 4 else text + "|"


def made():
    generator = random.Random(7)
    for number in range(1500):
        version = generator.choice([1, 2, 2])
        secrets = generator.choice([None, None, SECRETS]) if version == 2 else None
        value = "".join(generator.choice("abz09+/=| \u00e9\u4e2d\x00\n")
                        for _ in range(generator.randrange(20)))
        name = generator.choice(["key", "foo", "a:b", "user_id", "x" * 100])
        yield ["create_signed_value", f"secret {number % 7}", name, value, version,
               NOW + number * 7919, secrets, generator.choice([0, 1, 17, 5]) if secrets else 0]


def readings(created, signed):
    generator = random.Random(8)
    for call, text in zip(created, signed):
        if text is None:
            continue
        _, secret, name, _, version, now, secrets, _ = call
        for when in (now, now + 31 * 86400, now + 31 * 86400 + 1, now - 31 * 86400 - 1):
            yield ["decode_signed_value", secret, name, text, 0, when, secrets, 0]
        yield ["decode_signed_value", secret, name + "x", text, 0, now, secrets, 0]
        yield ["decode_signed_value", secret + "x", name, text, 0, now, secrets and {"3": "x"}, 0]
        yield ["get_signature_key_version", "", "", text, 0, 0, None, 0]
        for _ in range(6):
            bad = damaged(generator, text)
            yield ["decode_signed_value", secret, name, bad, 0, now, secrets, 0]


def compare(calls):
    wrong = 0
    answers = gales(calls)
    for call, answer in zip(calls, answers):
        expected = TORNADOS[call[0]](*call[1:])
        if answer != expected:
            wrong += 1
            if wrong <= 10:
                print(f"{call!r}:\n    Tornado {expected!r}\n    gale    {answer!r}")
    read = sum(call[0] == "decode_signed_value" and answer is not None
               for call, answer in zip(calls, answers))
    return wrong, read, answers


def main():
    created = list(made())
    wrong, _, signed = compare(created)
    calls = list(readings(created, signed))
    more, read, _ = compare(calls)
    print(f"{len(created)} signed, {len(calls)} read, {read} of them accepted, "
          f"{wrong + more} different")
    return wrong + more > 0 or read < len(created)


sys.exit(main())
