# SPDX-License-Identifier: Apache-2.0
"""RFC 6455 §8.1: text is UTF-8, also what comes in pieces; what is not is refused at its first bad
byte."""

import codecs

from cases import DEFLATE, Case, refused
from frames import TEXT, Binary, Close, Text, begin, binary, close, fragments, more, text

MIXED = "aé€𝄞κόσμε\0\x7f\u0080\u07ff\u0800\ud7ff\ue000\ufffd\uffff\U00010000\U0010ffff"

VALID = ["", "Hello-µ@ßöäüàá-UTF-8!!", "κόσμε", MIXED, "\0", "\x7f", "\u0080", "\u07ff", "\u0800",
         "\u0fff", "\u1000", "\ucfff", "\ud7ff", "\ue000", "\ufffd", "\ufffe", "\uffff",
         "\U00010000", "\U0001fffe", "\U0003ffff", "\U000fffff", "\U00100000", "\U0010fffe",
         "\U0010ffff", "\ufeffa"]

# Each is bad at its last byte, at the latest.
INVALID = ["80", "bf", "8080", "c0", "c080", "c1", "c1bf", "c241", "c2c2", "c3ff", "df00", "e080",
           "e09fbf", "e0a041", "e0c0", "e180c0", "eda0", "eda080", "edad", "edafbf", "edb080", "edbfbf",
           "ee7f", "ef80ff", "f080", "f08fbfbf", "f090c0", "f09080ff", "f18041", "f48f41", "f490",
           "f4908080", "f5", "f580808080", "f8", "f888808080", "fc", "fc8480808080", "fe", "ff",
           "cebae1bdb9cf83cebcceb5eda080656469746564", "cebae1bdb9cf83cebcceb5f4908080656469746564"]

UNFINISHED = ["c2", "df", "e0a0", "e1", "e282", "ed9f", "ee80", "f0", "f090", "f09080", "f48fbf",
              "cebae1bdb9cf83cebcce"]


def first_bad(data):
    """The index of the byte from which on nothing can make the text a good one."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for at in range(len(data)):
        try:
            decoder.decode(data[at:at + 1])
        except UnicodeDecodeError:
            return at
    raise ValueError(data)


def good():
    for one in VALID:
        data = one.encode()
        yield Case("6455 §8.1", f"text {data.hex()}", text(one), [Text(one)])
        yield Case("6455 §8.1", f"text {data.hex()}, a byte in a fragment",
                   fragments(TEXT, [data[i:i + 1] for i in range(len(data))] or [b"", b""]),
                   [Text(one)])
    data = (MIXED * 40).encode()
    yield Case("6455 §8.1", "long text in small fragments",
               fragments(TEXT, [data[i:i + 7] for i in range(0, len(data), 7)]), [Text(data)])


def cut_anywhere():
    data = MIXED.encode()
    for at in range(1, len(data)):
        yield Case("6455 §8.1", f"cut after byte {at} of {len(data)}",
                   fragments(TEXT, [data[:at], data[at:]]), [Text(data)])


def bad():
    for one in INVALID:
        data = bytes.fromhex(one)
        whole = b"\xce\xba" + data + b"ok"
        at = first_bad(whole) + 1
        name = data.hex()
        yield refused("6455 §8.1", f"{name} in a text", text(whole) + text("x"), 1007)
        yield refused("6455 §8.1", f"{name} alone", text(data), 1007)
        yield refused("6455 §8.1", f"{name}, a byte in a fragment",
                      fragments(TEXT, [whole[i:i + 1] for i in range(len(whole))]), 1007)
        # Nothing follows: it is noticed at the byte itself.
        yield refused("6455 §8.1", f"{name} at once in a frame that goes on",
                      begin(TEXT, 100, whole[:at]), 1007)
        yield refused("6455 §8.1", f"{name} at once in a message that goes on",
                      text(whole[:at - 1], fin=False) + more(whole[at - 1:at], fin=False), 1007)
        yield refused("6455 §8.1", f"{name} at once in a second frame that goes on",
                      text(whole[:at - 1], fin=False) + begin(0, 70000, whole[at - 1:at]), 1007)


def bad_anywhere():
    data = MIXED.encode()
    for at in range(len(data)):
        sent = data[:at] + b"\xff" + data[at + 1:]
        yield refused("6455 §8.1", f"FF as byte {at} of {len(data)}", text(sent), 1007)
        yield refused("6455 §8.1", f"FF at once as byte {at} of {len(data)}",
                      begin(TEXT, len(data), sent[:at + 1]), 1007)
    for at in range(64, 68):
        sent = b"x" * at + b"\xff" + b"x" * (200000 - at)
        yield refused("6455 §8.1", f"FF as byte {at} of a long text", text(sent), 1007)
    yield refused("6455 §8.1", "FF as the last byte of a long text", text(b"x" * 199999 + b"\xff"),
                  1007)


def unfinished():
    for one in UNFINISHED:
        data = bytes.fromhex(one)
        yield refused("6455 §8.1", f"ends within {data.hex()}", text(data) + text("x"), 1007)
        yield refused("6455 §8.1", f"ends within {data.hex()}, after more",
                      text(b"text " * 30 + data), 1007)
        yield refused("6455 §8.1", f"fragments that end within {data.hex()}",
                      text(data[:-1], fin=False) + more(data[-1:]), 1007)
        yield refused("6455 §8.1", f"an empty fragment ends {data.hex()}",
                      text(data, fin=False) + more(""), 1007)
        yield refused("7692 §7.2", f"ends within {data.hex()}, not compressed", text(data), 1007,
                      path=DEFLATE, offers="permessage-deflate")


def other():
    for one in INVALID[:8]:
        data = bytes.fromhex(one)
        yield Case("6455 §5.6", f"binary {data.hex()}", binary(data), [Binary(data)])
    yield Case("6455 §8.1", "a good text after one that was closed within",
               text(b"\xce", fin=False) + close(1000), [Close(1000)])
    yield Case("6455 §8.1", "each text begins anew", text("é") + fragments(TEXT, [b"\xc3", b"\xa9"]) +
               text("é"), [Text("é"), Text("é"), Text("é")])


GROUPS = (good, cut_anywhere, bad, bad_anywhere, unfinished, other)
