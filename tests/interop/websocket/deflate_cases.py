# SPDX-License-Identifier: Apache-2.0
"""RFC 7692: permessage-deflate, what is agreed on and what is sent."""

import itertools
import random
import zlib

from cases import DEFLATE, WS, Case, refused
from frames import (BINARY, CLOSE, PING, PONG, RSV1, TAIL, TEXT, Binary, Close, Pong, Text, binary, close,
                    deflate, fragments, frame, more, ping, side, text)

HELLO = bytes.fromhex("f248cdc9c90700")  # §7.2.3.1
OFFER = "permessage-deflate"
NOISE = random.Random(7692)
FLAGS = ("server_no_context_takeover", "client_no_context_takeover")
BITS = ("server_max_window_bits", "client_max_window_bits")
WORDS = '{"type": "update", "name": "é", "values": [1, 22, 333], "note": "κόσμε"}, '


def packed(opcode, payload, pieces=None, ends=(), **how):
    """A compressed message; in fragments of `pieces` bytes, or cut at the places in `ends`."""
    if pieces:
        ends = range(pieces, len(payload), pieces)
    cuts = [0, *ends, len(payload)]
    parts = [payload[begin:end] for begin, end in zip(cuts, cuts[1:])]
    last = len(parts) - 1
    return b"".join(frame(opcode if i == 0 else 0, part, fin=i == last, rsv=RSV1 if i == 0 else 0, **how)
                    for i, part in enumerate(parts))


def compressed(section, name, sent, expected, offers=OFFER, **how):
    return Case(section, name, sent, expected, path=DEFLATE, offers=offers, **how)


def broken(section, name, sent, code, offers=OFFER, **how):
    return refused(section, name, sent, code, path=DEFLATE, offers=offers, **how)


# ---- §7.1: what is agreed on --------------------------------------------------------------

def conversation(agreed):
    """Messages that look far back, within what was agreed on for us; what is echoed is checked for
    what was agreed on for the server when it is inflated."""
    noise = NOISE.randbytes(700)
    messages = [b"Hello", noise * 4, b"Hello", noise, b"", noise[:300] * 3]
    bits = max(9, int(agreed.get("client_max_window_bits", 15)))  # zlib's 9 looks back by 250
    keep = "client_no_context_takeover" not in agreed
    compressor = zlib.compressobj(6, zlib.DEFLATED, -bits)
    sent = b""
    for one in messages:
        if not keep:
            compressor = zlib.compressobj(6, zlib.DEFLATED, -bits)
        sent += packed(BINARY, deflate(one, compressor=compressor) if one else b"\0")
    return sent, [Binary(one) for one in messages]


def offered(name, offers, agreed):
    sent, expected = conversation(agreed)
    return compressed("7692 §7.1", name, sent, expected, offers=offers, agreed=agreed, drip=False)


def combinations():
    """Every flag and size. The server has no wishes of its own, and answers what it was asked."""
    sizes = (None, "8", "9", "12", "15")
    for flags, server, client in itertools.product(
            itertools.product((False, True), repeat=2), sizes, (*sizes, True)):
        asked = {name: True for name, on in zip(FLAGS, flags) if on}
        asked |= {name: size for name, size in zip(BITS, (server, client)) if size}
        offers = "; ".join([OFFER, *(name if value is True else f"{name}={value}"
                                     for name, value in asked.items())])
        agreed = {name: value for name, value in asked.items()
                  if name in FLAGS or value not in (True, "15")}
        yield offered(offers.removeprefix(OFFER) or "no parameters", offers, agreed)


def spellings():
    for offers in ("permessage-deflate ; server_max_window_bits = 10",
                   'permessage-deflate; server_max_window_bits="10"',
                   "permessage-deflate;server_max_window_bits=10",
                   "permessage-deflate\t;\tserver_max_window_bits=10",
                   ", permessage-deflate; server_max_window_bits=10,",
                   "permessage-deflate; server_max_window_bits=10, permessage-deflate",
                   "foo, permessage-deflate; server_max_window_bits=10",
                   'foo; bar="baz"; x=1, permessage-deflate; server_max_window_bits=10',
                   "x-webkit-deflate-frame, permessage-deflate; server_max_window_bits=10",
                   "permessage-deflate; unknown, permessage-deflate; server_max_window_bits=10",
                   "permessage-deflate; server_max_window_bits=7, "
                   "permessage-deflate; server_max_window_bits=10",
                   "permessage-deflate; server_max_window_bits=99, "
                   "permessage-deflate; server_no_context_takeover=1, "
                   "permessage-deflate; server_max_window_bits=10, permessage-deflate"):
        yield offered(offers, offers, {"server_max_window_bits": "10"})
    yield offered("two header fields", ["foo", "permessage-deflate; server_max_window_bits=10"],
                  {"server_max_window_bits": "10"})
    yield offered("two offers in two header fields",
                  ["permessage-deflate; server_max_window_bits=10", OFFER],
                  {"server_max_window_bits": "10"})


def declined():
    """The connection is not compressed then, and RSV1 is not allowed."""
    values = ("7", "16", "0", "00", "08", "015", "150", "-9", "+9", "a", "1x", "9" * 40, "0x9")
    parameters = [f"{name}={value}" for name in BITS for value in values]
    parameters += ["server_max_window_bits"]
    parameters += [f"{name}={value}" for name in FLAGS for value in ("1", "true", "15")]
    parameters += [f"{name}; {name}" for name in FLAGS]
    parameters += [f"{name}=10; {name}=10" for name in BITS]
    parameters += [f"{name}=10; {name}=11" for name in BITS]
    parameters += ["client_max_window_bits; client_max_window_bits",
                   "unknown", "unknown=1", "server_no_context_takeover; unknown",
                   "max_window_bits=10", "server-max-window-bits=10"]
    offers = [f"{OFFER}; {one}" for one in parameters]
    offers += ["foo", "permessage-deflat", "permessage-deflatee", "x-webkit-deflate-frame",
               "permessage-bzip2", "deflate", "foo; permessage-deflate",
               "permessage-deflate; foo, permessage-deflate; bar"]
    for one in offers:
        yield refused("7692 §7.1", f"declined: {one}", text("a") + text(HELLO, rsv=RSV1),
                      before=[Text("a")], path=DEFLATE, offers=one, agreed=False, drip=False)
    yield refused("7692 §5", "declined where there is no compression",
                  text("a") + text(HELLO, rsv=RSV1), before=[Text("a")], path=WS, offers=OFFER,
                  agreed=False)
    yield refused("7692 §5", "compressed though nothing was offered", text(HELLO, rsv=RSV1),
                  path=DEFLATE, agreed=False)


# ---- §6, §7.2: messages -------------------------------------------------------------------

def examples():
    yield compressed("7692 §7.2.3.1", "one block", packed(TEXT, HELLO), [Text("Hello")])
    yield compressed("7692 §7.2.3.1", "one block in two fragments", packed(TEXT, HELLO, ends=[3]),
                     [Text("Hello")])
    yield compressed("7692 §7.2.3.2", "the window is kept",
                     packed(TEXT, HELLO) + packed(TEXT, bytes.fromhex("f200110000")),
                     [Text("Hello"), Text("Hello")])
    for name, data in (("7692 §7.2.3.3: no compression", "000500faff48656c6c6f00"),
                       ("7692 §7.2.3.4: a block that says it is the last", "f348cdc9c9070000"),
                       ("7692 §7.2.3.5: two blocks", "f248050000 00ffffcac9c90700")):
        section, name = name.split(": ")
        yield compressed(section, name, packed(TEXT, bytes.fromhex(data)), [Text("Hello")])
        yield compressed(section, name + ", before another message",
                         packed(TEXT, bytes.fromhex(data)) + packed(TEXT, HELLO),
                         [Text("Hello"), Text("Hello")])
    yield compressed("7692 §7.2.3.6", "an empty message", packed(TEXT, b"\0"), [Text("")])


def empty():
    for opcode, expect in ((TEXT, Text), (BINARY, Binary)):
        for name, sent in (("as one byte", packed(opcode, b"\0")),
                           ("as no byte", packed(opcode, b"")),
                           ("as an empty block of fixed codes", packed(opcode, b"\x02\0")),
                           ("in an empty fragment and another", packed(opcode, b"\0", ends=[0])),
                           ("in a fragment and an empty one", packed(opcode, b"\0", ends=[1])),
                           ("in empty fragments", packed(opcode, b"", ends=[0, 0])),
                           ("not compressed", frame(opcode)),
                           ("as a last block", packed(opcode, b"\x03\0\0"))):
            yield compressed("7692 §7.2.3.6", f"empty {'text' if opcode == TEXT else 'binary'} {name}",
                             sent + packed(opcode, HELLO), [expect(b""), expect(b"Hello")])


def flushes():
    data = (WORDS * 50).encode()
    for level in (0, 1, 6, 9):
        for strategy in ("Z_DEFAULT_STRATEGY", "Z_FILTERED", "Z_HUFFMAN_ONLY", "Z_RLE", "Z_FIXED"):
            compressor = zlib.compressobj(level, zlib.DEFLATED, -15, 8, getattr(zlib, strategy))
            sent = b"".join(packed(TEXT, deflate(data, compressor=compressor)) for _ in range(3))
            yield compressed("7692 §7.2.1", f"level {level}, {strategy}", sent, [Text(data)] * 3)
    for name in ("Z_FULL_FLUSH", "Z_PARTIAL_FLUSH", "Z_SYNC_FLUSH", "Z_BLOCK"):
        compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
        first = compressor.compress(data) + compressor.flush(getattr(zlib, name))
        payload = first + deflate(data, compressor=compressor)
        yield compressed("7692 §7.2.1", f"{name} within", packed(TEXT, payload), [Text(data * 2)])
    final = zlib.compressobj(6, zlib.DEFLATED, -15)
    last = final.compress(data) + final.flush(zlib.Z_FINISH)
    yield compressed("7692 §7.2.3.4", "a long message in last blocks",
                     packed(TEXT, last + b"\0") * 2, [Text(data)] * 2)
    yield compressed("7692 §7.2.3.4", "more behind a last block", packed(TEXT, last + deflate(data)),
                     [Text(data * 2)])
    yield compressed("7692 §7.2.3.4", "the window is kept beyond a last block",
                     packed(TEXT, bytes.fromhex("f348cdc9c9070000")) +
                     packed(TEXT, bytes.fromhex("f200110000")), [Text("Hello"), Text("Hello")])


def mixed():
    yield compressed("7692 §6", "not compressed", text("Hello") + binary(b"\xff"),
                     [Text("Hello"), Binary(b"\xff")])
    yield compressed("7692 §6", "some compressed, some not",
                     (packed(TEXT, HELLO) + text("x") + fragments(TEXT, "abc") +
                      packed(TEXT, bytes.fromhex("f200110000"))),
                     [Text("Hello"), Text("x"), Text("abc"), Text("Hello")])
    yield compressed("7692 §6.1", "ping between two fragments",
                     text(HELLO[:3], fin=False, rsv=RSV1) + ping("p") + more(HELLO[3:]),
                     [Pong(b"p"), Text("Hello")])
    yield compressed("7692 §6.1", "close between two fragments",
                     text(HELLO[:3], fin=False, rsv=RSV1) + close(1000), [Close(1000)])
    payload = deflate((WORDS * 3).encode())
    for at in range(len(payload) + 1):
        yield compressed("7692 §6.1", f"cut after byte {at} of {len(payload)}",
                         packed(TEXT, payload, ends=[at]), [Text(WORDS * 3)])
    yield compressed("7692 §6.1", "a byte in a fragment", packed(TEXT, payload, pieces=1),
                     [Text(WORDS * 3)])
    yield compressed("7692 §6.1", "empty fragments between",
                     packed(TEXT, payload, ends=[0, 0, 5, 5, 5, len(payload), len(payload)]),
                     [Text(WORDS * 3)])


def reserved():
    for rsv in range(1, 8):
        for opcode, payload in ((PING, b""), (PONG, b""), (CLOSE, b"\x03\xe8")):
            yield broken("7692 §6", f"opcode {opcode} with RSV {rsv:03b}",
                         frame(opcode, payload, rsv=rsv) + ping(), 1002)
        yield broken("7692 §6.1", f"continuation with RSV {rsv:03b}",
                     text(HELLO[:3], fin=False, rsv=RSV1) + more(HELLO[3:], rsv=rsv), 1002)
        yield broken("7692 §6.1", f"continuation of what is not compressed with RSV {rsv:03b}",
                     text("a", fin=False) + more("b", rsv=rsv), 1002)
        if rsv != RSV1:
            yield broken("7692 §6", f"text with RSV {rsv:03b}", text(HELLO, rsv=rsv), 1002)
            yield broken("7692 §6", f"binary with RSV {rsv:03b}", binary(HELLO, rsv=rsv), 1002)
    for opcode in (0, 3, 7, 11):
        yield broken("7692 §6", f"opcode {opcode} with RSV1", frame(opcode, HELLO, rsv=RSV1), 1002)


def inflate_blocks(data):
    """What zlib makes of it, with what follows a last block; None when it is corrupt."""
    inflater, out = zlib.decompressobj(-15), b""
    try:
        out = inflater.decompress(data)
        while inflater.unused_data:
            data = inflater.unused_data
            inflater = zlib.decompressobj(-15, zdict=out[-32768:])
            out += inflater.decompress(data)
    except zlib.error:
        return None
    return out


def inflated(payload):
    """The message; None when it is none, as when the next byte behind it would not begin a block."""
    if not payload:
        return b""
    out = inflate_blocks(payload + TAIL)
    probed = inflate_blocks(payload + TAIL + b"\0\1\0\xfe\xff!")
    return out if out is not None and probed == out + b"!" else None


def outcome(section, name, payload):
    """Of a binary message, as zlib of Python sees it."""
    data = inflated(payload)
    sent = packed(BINARY, payload)
    if data is None:
        return broken(section, name, sent + ping(), 1007, drip=False)
    return compressed(section, name, sent, [Binary(data)], drip=False)


def corrupt():
    payload = deflate((WORDS * 3).encode())
    for at in range(len(payload)):
        yield outcome("7692 §7.2.2", f"{at} of {len(payload)} bytes", payload[:at])
        for bits in (0xff, 0x01, 0x80):
            changed = payload[:at] + bytes([payload[at] ^ bits]) + payload[at + 1:]
            yield outcome("7692 §7.2.2", f"byte {at} changed by {bits:02x}", changed)
    for name, data in (("a block of the reserved type", "07"), ("more reserved", "ff"),
                       ("a stored block with a wrong complement", "000500 0000 48656c6c6f00"),
                       ("a stored block that is cut", "000500faff4865"),
                       ("a distance with nothing behind it", "f200110000"),
                       ("a stored block of 64 KiB that is not there", "00ffff0000"),
                       ("a last block with nothing behind it", "f348cdc9c90700"),
                       ("with the tail that is to be left out", "f248cdc9c907000000ffff"),
                       ("zlib's header", "789cf248cdc9c90700"), ("gzip's header", "1f8b0800000000000003"),
                       ("text", "48656c6c6f"), ("zeroes", "00" * 20)):
        yield outcome("7692 §7.2.2", name, bytes.fromhex(data))
    for size in (10, 100, 1000, 70000):
        yield outcome("7692 §7.2.2", f"{size} bytes of noise", NOISE.randbytes(size))
    yield broken("7692 §7.2.2", "corrupt after a good one", packed(TEXT, HELLO) + packed(TEXT, b"\xff"),
                 1007, before=[Text("Hello")])
    yield broken("7692 §7.1.1.2", "the window is used that was not to be kept",
                 packed(TEXT, HELLO) + packed(TEXT, bytes.fromhex("f200110000")), 1007,
                 before=[Text("Hello")], offers=f"{OFFER}; {side()}_no_context_takeover")


def not_utf8():
    for data in (b"\xff", b"a" * 1000 + b"\xed\xa0\x80", b"\xe2\x82", b"ok\xc0\xaf"):
        yield broken("6455 §8.1", f"compressed text {data[-3:].hex()}", packed(TEXT, deflate(data)), 1007)
        yield compressed("6455 §5.6", f"compressed binary {data[-3:].hex()}",
                         packed(BINARY, deflate(data)), [Binary(data)])
    yield compressed("6455 §8.1", "text that begins anew",
                     text("é") + packed(TEXT, deflate("é".encode())) + text("é"), [Text("é")] * 3)


def bombs():
    for size, code in ((64 << 20, None), ((64 << 20) + 1, 1009), (200 << 20, 1009)):
        compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
        payload = b"".join(compressor.compress(bytes(1 << 20)) for _ in range(size >> 20))
        payload += deflate(bytes(size & 0xfffff), compressor=compressor)
        name = f"{size} zeroes"
        if code:
            yield broken("7692 §8.1", name, packed(BINARY, payload), code)
            yield broken("7692 §8.1", f"{name} in fragments", packed(BINARY, payload, pieces=1000), code)
        else:
            yield compressed("7692 §8.1", name, packed(BINARY, payload), [Binary(bytes(size))])


def sizes():
    """As real clients talk: many messages of a size, in frames of another, under several offers."""
    shapes = [(16, 0), (64, 0), (256, 0), (1024, 0), (4096, 0), (8192, 0), (16384, 0), (32768, 0),
              (65536, 0), (131072, 0), (8192, 256), (16384, 256), (32768, 256), (65536, 256),
              (131072, 256), (131072, 1024), (131072, 4096), (131072, 32768)]
    offers = [(OFFER, {}), (f"{OFFER}; server_no_context_takeover", {FLAGS[0]: True}),
              (f"{OFFER}; server_max_window_bits=9", {BITS[0]: "9"}),
              (f"{OFFER}; server_no_context_takeover; server_max_window_bits=9, {OFFER}",
               {FLAGS[0]: True, BITS[0]: "9"})]
    data = WORDS * 2000
    for (one, agreed), (size, pieces) in itertools.product(offers, shapes):
        if agreed and size in (64, 1024, 16384, 32768, 65536):
            continue
        compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
        messages = [data[i * 37:i * 37 + size] for i in range(5)]
        sent = b"".join(packed(TEXT, deflate(message.encode(), compressor=compressor), pieces=pieces)
                        for message in messages)
        yield compressed("7692 §7", f"{size} characters, frames of {pieces or 'any size'}, {one}", sent,
                         [Text(message) for message in messages], offers=one, agreed=agreed, drip=False)


GROUPS = (combinations, spellings, declined, examples, empty, flushes, mixed, reserved, corrupt, not_utf8,
          bombs, sizes)
