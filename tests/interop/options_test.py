#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Values of options, gale's against Tornado's: written on a command line, and in a file of
Python's literals."""

import datetime
import json
import os
import random
import re
import subprocess
import sys
import tempfile

try:
    from tornado.options import OptionParser
except ImportError:
    print("python3-tornado is not installed")
    sys.exit(77)

TYPES = {"s": str, "i": int, "l": int, "f": float, "b": bool, "d": datetime.datetime,
         "t": datetime.timedelta}
UNITS = ["h", "m", "min", "s", "sec", "ms", "us", "d", "w", "hours", "minutes", "seconds",
         "milliseconds", "microseconds", "days", "weeks", "", "x", "H", "mins", "D"]
FORMATS = ["%a %b %d %H:%M:%S %Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M",
           "%Y%m%d %H:%M:%S", "%Y%m%d %H:%M", "%Y-%m-%d", "%Y%m%d", "%H:%M:%S", "%H:%M"]
LETTERS = "ab \u00e9\u674e\"'\\#=[],:\n\t/.-"
generator = random.Random(6)


def parser():
    options = OptionParser()
    for name, kind in TYPES.items():
        options.define(name, type=kind, default=False if kind is bool else None)
        options.define(name * 2, type=kind, multiple=True)
    return options


def as_json(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, list):
        return [as_json(one) for one in value]
    return value


def tornados_value(name, text):
    options = parser()
    try:
        options.parse_command_line(["main", f"--{name}={text}"])
    except Exception:
        return "refused"
    return as_json(options[name])


def number():
    return generator.choice(["", "-", "+"]) + generator.choice(
        ["0", "7", "42", "1_000", "1e3", "1.5", ".5", "5.", "007", "1__0", "_1", "2e-3", "x", "", "1,5"])


def duration():
    return "".join(number() + generator.choice(["", " "]) + generator.choice(UNITS) + " "
                   for _ in range(generator.randrange(1, 4))).rstrip()


def moment():
    try:
        when = datetime.datetime(generator.randrange(1, 9999), generator.randrange(1, 13),
                                 generator.randrange(1, 32), generator.randrange(0, 24),
                                 generator.randrange(0, 60), generator.randrange(0, 60))
    except ValueError:
        return "2013-02-30"
    text = when.strftime(generator.choice(FORMATS))
    if generator.random() < 0.2:
        place = generator.randrange(len(text))
        text = text[:place] + generator.choice("0:-x9") + text[place + 1:]
    return text


def whole():
    return str(generator.randrange(-30, 30))


def values():
    """(name, text) for the command line."""
    for _ in range(1500):
        yield "i", generator.choice([whole(), number()])
        yield "f", number()
        yield "t", duration()
        yield "d", moment()
        yield "ii", ",".join(generator.choice([whole(), f"{whole()}:{whole()}", whole() + ":"])
                             for _ in range(generator.randrange(1, 4)))
    for text in ("true", "false", "False", "f", "0", "1", "t", "TRUE"):
        yield "b", text
        yield "bb", text + ",f"
    for text in ("x", "a,b", "a,,b", "a=b", "\u674e", "--x"):
        yield "s", text
        yield "ss", text


def differs_by_intention(name, text):
    """What docs/differences.md lists."""
    if name == "t":  # 1h30m; names of one unit
        return re.search(r"[a-z][0-9+-.]", text) or text.endswith("mins")
    # What strptime takes without leading zeros where nothing separates the numbers; an ISO date
    # with seconds.
    return name == "d" and (re.match(r"[0-9]{5,7}( |$)", text) or "T" in text and
                            len(text) == 19)


def literal(kind):
    if kind is str:
        return "".join(generator.choice(LETTERS) for _ in range(generator.randrange(0, 12)))
    if kind is bool:
        return generator.random() < 0.5
    if kind is float:
        return generator.choice([1.5, -2.25, 1e-3, 1e20])
    return generator.randrange(-1000, 1000)


def file_text():
    lines = ["# a file"]
    for name in ("s", "i", "l", "f", "b"):
        kind = TYPES[name]
        lines.append(f"{name} = {literal(kind)!r}" + generator.choice(["", "  # a # comment", " "]))
        items = [repr(literal(kind)) for _ in range(generator.randrange(0, 4))]
        lines.append(f"{name * 2} = [{generator.choice([', ', ',', ',' + chr(10) + '  '] ).join(items)}]")
    lines.append(f"d = {generator.choice(['2013-04-28 05:16', '20130428'])!r}")
    lines.append(f"t = {generator.choice(['1h 30m', '45'])!r}")
    return "\n".join(lines) + "\n"


def tornados_file(path):
    options = parser()
    options.parse_config_file(path)
    return {name: as_json(value) for name, value in options.as_dict().items() if name != "help"}


def same(wanted, found):
    if isinstance(wanted, float) and isinstance(found, float):
        return abs(wanted - found) < 2e-6 or wanted == found  # timedelta counts microseconds
    return wanted == found


def main():
    wrong, calls, expected = 0, [], []
    for name, text in values():
        if differs_by_intention(name, text):
            continue
        calls.append(["option", name, text])
        expected.append(tornados_value(name, text))
    with tempfile.TemporaryDirectory() as folder:
        for index in range(300):
            path = os.path.join(folder, f"{index}.conf")
            with open(path, "w", encoding="utf-8") as file:
                file.write(file_text())
            calls.append(["options_file", path])
            expected.append(tornados_file(path))
        answers = subprocess.run([os.path.join(os.environ["GALE_BUILD"], "tests/functions")],
                                 input="".join(json.dumps(call) + "\n" for call in calls),
                                 stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
        assert len(answers) == len(calls), (len(answers), len(calls))
        for call, wanted, answer in zip(calls, expected, map(json.loads, answers)):
            if isinstance(answer, dict):
                answer.pop("help")
            if not same(wanted, answer):
                wrong += 1
                if wrong <= 10:
                    print(f"{call!r}:\n    Tornado {wanted!r}\n    gale    {answer!r}")
    refused = expected.count("refused")
    print(f"{len(calls)} values and files ({refused} refused), {wrong} different")
    return 1 if wrong else 0


sys.exit(main())
