# SPDX-License-Identifier: Apache-2.0
"""RFC 6455 §5: frames, masks, fragments, control frames."""

from cases import DEFLATE, Case, refused
from frames import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Binary, Close, Pong, Text, binary,
                    close, fragments, frame, head, more, ping, pong, text)

LIMIT = 64 << 20  # bytes of a message, of the conformance program
NAMES = {CONTINUATION: "continuation", TEXT: "text", BINARY: "binary", CLOSE: "close", PING: "ping",
         PONG: "pong"}


# ---- §5.1, §5.3: masks -------------------------------------------------------------------

def unmasked():
    for opcode, name in NAMES.items():
        yield refused("6455 §5.1", f"unmasked {name}", frame(opcode, b"", mask=None) + ping())
    yield refused("6455 §5.1", "unmasked text with a payload", text("hello", mask=None) + ping())
    yield refused("6455 §5.1", "unmasked after a masked one", text("a") + text("b", mask=None),
                  before=[Text("a")])
    yield refused("6455 §5.1", "unmasked continuation of a message",
                  text("a", fin=False) + more("b", mask=None))
    yield refused("6455 §5.1", "unmasked ping within a message",
                  text("a", fin=False) + ping(mask=None) + more("b"))


def masks():
    for mask in ("00000000", "ffffffff", "00000001", "80000000", "37fa213d", "0a0d0a0d"):
        sent = text("Hello", mask=bytes.fromhex(mask)) + binary(b"\0\xff", mask=bytes.fromhex(mask))
        yield Case("6455 §5.3", f"mask {mask}", sent, [Text("Hello"), Binary(b"\0\xff")])
    sizes = range(34)
    yield Case("6455 §5.3", "every length to the end of a word",
               b"".join(binary(bytes(range(size))) for size in sizes),
               [Binary(bytes(range(size))) for size in sizes], drip=True)
    pieces = [(b"a" * size, bytes([size, 1, 2 * size, 255 - size])) for size in range(1, 12)]
    last = len(pieces) - 1
    yield Case("6455 §5.3", "another mask for each fragment",
               b"".join(frame(CONTINUATION if i else TEXT, data, fin=i == last, mask=mask)
                        for i, (data, mask) in enumerate(pieces)),
               [Text(b"".join(data for data, _ in pieces))])


# ---- §5.2: the head ----------------------------------------------------------------------

def lengths():
    for size in (0, 1, 2, 124, 125, 126, 127, 128, 255, 256, 65534, 65535, 65536, 65537, 1 << 20):
        yield Case("6455 §5.2", f"text of {size} bytes", text("*" * size), [Text("*" * size)])
        data = bytes(i * 7 & 255 for i in range(size))
        yield Case("6455 §5.2", f"binary of {size} bytes", binary(data), [Binary(data)])
    big = b"\xfe" * (16 << 20)
    yield Case("6455 §5.2", "binary of 16 MiB", binary(big), [Binary(big)])


def long_forms():
    for bits, sizes in ((16, (0, 1, 125)), (64, (0, 1, 125, 126, 65535))):
        for size in sizes:
            yield refused("6455 §5.2", f"{size} bytes in {bits} bits of length",
                          binary(bytes(size), bits=bits) + ping(), drip=True)
    for opcode in (PING, PONG, CLOSE):
        for bits in (16, 64):
            yield refused("6455 §5.2", f"{NAMES[opcode]} with its length in {bits} bits",
                          frame(opcode, b"\x03\xe8", bits=bits) + ping())
    yield refused("6455 §5.2", "continuation in a long form",
                  text("a", fin=False) + more("b", bits=16))


def huge():
    for name, size, code in (("2^63", 1 << 63, 1002), ("2^64 - 1", (1 << 64) - 1, 1002),
                             ("2^63 - 1", (1 << 63) - 1, 1009), ("2^32", 1 << 32, 1009),
                             ("one byte over the limit", LIMIT + 1, 1009)):
        for opcode in (TEXT, BINARY):
            yield refused("6455 §5.2", f"{NAMES[opcode]} that announces {name}",
                          head(opcode, size, bits=64), code)
        yield refused("6455 §5.4", f"continuation that announces {name}",
                      text("a", fin=False) + head(CONTINUATION, size - (code == 1009), bits=64),
                      code)
    yield refused("6455 §5.4", "2^63 - 1 bytes after as many",
                  head(BINARY, (1 << 63) - 1, fin=False, bits=64), 1009)
    yield refused("6455 §5.5", "ping that announces 2^63", head(PING, 1 << 63, bits=64))


def reserved_bits():
    frames = [(TEXT, b"hello"), (BINARY, b"\xff"), (PING, b""), (PONG, b"p"), (CLOSE, b"\x03\xe8")]
    for rsv in range(1, 8):
        for opcode, payload in frames:
            yield refused("6455 §5.2", f"{NAMES[opcode]} with RSV {rsv:03b}",
                          text("a") + frame(opcode, payload, rsv=rsv) + ping(), before=[Text("a")])
        yield refused("6455 §5.2", f"continuation with RSV {rsv:03b}",
                      text("a", fin=False) + more("b", rsv=rsv))
        yield refused("6455 §5.2", f"empty text with RSV {rsv:03b}", text("", rsv=rsv) + text("a"))


def opcodes():
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        kind = f"opcode {opcode}"
        yield refused("6455 §5.2", f"{kind} without a payload", frame(opcode) + ping())
        yield refused("6455 §5.2", f"{kind} with a payload after a text",
                      text("a") + frame(opcode, b"x") + ping(), before=[Text("a")])
        yield refused("6455 §5.2", f"{kind} without FIN", frame(opcode, b"x", fin=False))
        yield refused("6455 §5.2", f"{kind} within a message",
                      text("a", fin=False) + frame(opcode) + more("b"))
        yield refused("6455 §5.2", f"{kind} on a compressed connection", frame(opcode),
                      path=DEFLATE, offers="permessage-deflate")


# ---- §5.4: fragments ---------------------------------------------------------------------

def fragmented():
    for opcode, expect in ((TEXT, Text), (BINARY, Binary)):
        for pieces in (["Hel", "lo"], ["", "a"], ["a", ""], ["", ""], ["", "", ""], ["a", "", "b"],
                       ["", "a", "", "b", ""], list("one byte in each of them")):
            yield Case("6455 §5.4", f"{NAMES[opcode]} in {pieces}", fragments(opcode, pieces),
                       [expect("".join(pieces).encode())])
        yield Case("6455 §5.4", f"three {NAMES[opcode]} messages in fragments",
                   fragments(opcode, "abc") + fragments(opcode, ["d", "e"]) + frame(opcode, "f"),
                   [expect(b"abc"), expect(b"de"), expect(b"f")])
    for size in (1, 125, 126, 1300, 65536):
        pieces = ["x" * size] * (65536 // size)
        yield Case("6455 §5.4", f"65536 bytes in fragments of {size}", fragments(TEXT, pieces),
                   [Text("".join(pieces))])
    yield Case("6455 §5.4", "a thousand empty fragments", fragments(TEXT, [""] * 1000 + ["end"]),
               [Text("end")])


def misplaced():
    yield refused("6455 §5.4", "continuation first", more("a") + text("b"))
    yield refused("6455 §5.4", "continuation first, not final", more("a", fin=False) + more("b"))
    yield refused("6455 §5.4", "empty continuation first", more("") + text("b"))
    yield refused("6455 §5.4", "continuation after a whole text", text("a") + more("b"),
                  before=[Text("a")])
    yield refused("6455 §5.4", "continuation after the last one",
                  fragments(TEXT, "ab") + more("c", fin=False), before=[Text("ab")])
    for first in (TEXT, BINARY):
        for second in (TEXT, BINARY):
            for fin in (False, True):
                yield refused("6455 §5.4", f"{NAMES[second]} within a {NAMES[first]}, FIN {fin:d}",
                              frame(first, "a", fin=False) + frame(second, "b", fin=fin) + more("c"))
    yield refused("6455 §5.4", "text after the first of three",
                  text("a", fin=False) + more("b", fin=False) + text("c"))
    yield refused("6455 §5.4", "a text in the place of a continuation after a ping",
                  text("a", fin=False) + ping() + text("b"), before=[Pong()])


def interleaved():
    yield Case("6455 §5.4", "ping between two fragments",
               text("a", fin=False) + ping("p") + more("b"), [Pong(b"p"), Text("ab")])
    yield Case("6455 §5.4", "pong between two fragments",
               text("a", fin=False) + pong("p") + more("b"), [Text("ab")])
    yield Case("6455 §5.4", "pings between all fragments",
               b"".join([text("0", fin=False)] + [ping(str(i)) + more(str(i), fin=i == 9)
                                                  for i in range(1, 10)]),
               [*(Pong(str(i).encode()) for i in range(1, 10)), Text("0123456789")])
    yield Case("6455 §5.4", "pings in a row between fragments",
               binary(b"a", fin=False) + ping("1") + ping("2") + ping("") + more(b"b"),
               [Pong(b"1"), Pong(b"2"), Pong(), Binary(b"ab")])
    yield Case("6455 §5.4", "ping between empty fragments",
               text("", fin=False) + ping("p") + more("", fin=False) + ping("q") + more(""),
               [Pong(b"p"), Pong(b"q"), Text("")])
    yield Case("6455 §5.4", "close between two fragments",
               text("a", fin=False) + close(1000) + more("b"), [Close(1000)])
    yield Case("6455 §5.4", "close instead of a continuation", text("a", fin=False) + close(),
               [Close()])
    yield Case("6455 §5.4", "a long ping within a long message",
               text("x" * 70000, fin=False) + ping(b"\xff" * 125) + more("y" * 70000),
               [Pong(b"\xff" * 125), Text("x" * 70000 + "y" * 70000)])


# ---- §5.5: control frames ----------------------------------------------------------------

def control():
    for opcode in (PING, PONG, CLOSE):
        name = NAMES[opcode]
        for size in (126, 127, 65535, 65536):
            yield refused("6455 §5.5", f"{name} of {size} bytes",
                          frame(opcode, b"\x03\xe8" + b"x" * (size - 2)))
        yield refused("6455 §5.5", f"{name} without FIN", frame(opcode, fin=False) + more(""))
        yield refused("6455 §5.5", f"{name} in two fragments",
                      frame(opcode, b"\x03\xe8", fin=False) + more("b"))
        yield refused("6455 §5.5", f"{name} without FIN within a message",
                      text("a", fin=False) + frame(opcode, fin=False) + more("b"))


def pings():
    for size in (0, 1, 2, 3, 4, 5, 7, 8, 9, 124, 125):
        data = bytes(255 - i for i in range(size))
        yield Case("6455 §5.5.2", f"ping of {size} bytes", ping(data), [Pong(data)])
    yield Case("6455 §5.5.2", "ping with text", ping("Hello, world!"), [Pong(b"Hello, world!")])
    yield Case("6455 §5.5.2", "ping that is no UTF-8", ping(b"\0\xff\xfe\xfd\xfc\xfb\0\xff"),
               [Pong(b"\0\xff\xfe\xfd\xfc\xfb\0\xff")])
    yield Case("6455 §5.5.3", "ten pings", b"".join(ping(f"payload-{i}") for i in range(10)),
               [Pong(f"payload-{i}".encode()) for i in range(10)])
    yield Case("6455 §5.5.3", "pings and messages in order",
               b"".join(ping(str(i)) + text(str(i)) for i in range(20)),
               [one for i in range(20) for one in (Pong(str(i).encode()), Text(str(i)))])
    yield Case("6455 §5.5.3", "pong that nobody asked for", pong(), [])
    yield Case("6455 §5.5.3", "pong with a payload that nobody asked for", pong("p"), [])
    yield Case("6455 §5.5.3", "pong of 125 bytes that are no UTF-8", pong(b"\xff" * 125), [])
    yield Case("6455 §5.5.3", "pong, then ping", pong("x") + ping("y"), [Pong(b"y")])


GROUPS = (unmasked, masks, lengths, long_forms, huge, reserved_bits, opcodes, fragmented, misplaced,
          interleaved, control, pings)
