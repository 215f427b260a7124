# SPDX-License-Identifier: Apache-2.0
"""RFC 6455 §5.5.1 and §7: close frames."""

from cases import DEFLATE, Case, refused
from frames import Close, Pong, Text, close, fragments, frame, ping, pong, text, TEXT, CLOSE

VALID = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999,
         4000, 4001, 4998, 4999)
INVALID = (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1017, 1099, 1100, 1999, 2000, 2999, 5000, 5001,
           32768, 65535)


def codes():
    for code in VALID:
        yield Case("6455 §7.4", f"code {code}", close(code) + text("x"), [Close(code)])
        yield Case("6455 §7.4", f"code {code} and a reason", close(code, "because"), [Close(code)])
    for code in INVALID:
        yield refused("6455 §7.4", f"code {code}", close(code) + text("x"))
        yield refused("6455 §7.4", f"code {code} and a reason", close(code, "because"))
        yield refused("6455 §7.4", f"code {code} on a compressed connection", close(code),
                      path=DEFLATE, offers="permessage-deflate")


def payloads():
    yield Case("6455 §5.5.1", "no code", close(), [Close()])
    for byte in (0, 3, 255):
        yield refused("6455 §5.5.1", f"one byte, {byte}", frame(CLOSE, bytes([byte])))
    for size in (1, 2, 121, 122, 123):
        yield Case("6455 §5.5.1", f"reason of {size} bytes", close(1000, "*" * size), [Close(1000)])
    for size in (124, 125, 1000, 65536):
        yield refused("6455 §5.5", f"reason of {size} bytes", close(1000, "*" * size))
    yield Case("6455 §5.5.1", "reason that is empty text in many bytes", close(1000, "\0" * 123),
               [Close(1000)])
    for reason in ("é", "κόσμε", "𝄞" * 30, "a" + "€" * 40):
        yield Case("6455 §5.5.1", f"reason {reason}", close(4000, reason), [Close(4000)])


def bad_reasons():
    for reason in (b"\xff", b"\x80", b"a\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
                   b"\xce\xba\xe1\xbd\xb9\xcf\x83\xed\xa0\x80edited", b"x" * 122 + b"\xe2",
                   b"\xe2\x82", b"\xf0\x9f\x98"):
        yield refused("6455 §8.1", f"reason {reason.hex()}", close(1000, reason), 1007)


def what_follows():
    yield Case("6455 §5.5.1", "text after a close", close(1000) + text("x"), [Close(1000)])
    yield Case("6455 §5.5.1", "ping after a close", close(1000) + ping("x"), [Close(1000)])
    yield Case("6455 §5.5.1", "close after a close", close(1000) + close(1001), [Close(1000)])
    yield Case("6455 §5.5.1", "nonsense after a close", close(1000) + b"\xff" * 100, [Close(1000)])
    yield Case("6455 §5.5.1", "much after a close", close(1000) + text("x" * 300000), [Close(1000)])
    yield Case("6455 §5.5.1", "text before a close", text("a") + close(1001), [Text("a"), Close(1001)])
    yield Case("6455 §5.5.1", "a long text, a short one, a close and a ping",
               text("y" * 262144) + text("z") + close(1000) + ping(),
               [Text("y" * 262144), Text("z"), Close(1000)])
    yield Case("6455 §5.5.1", "messages and pings before a close",
               fragments(TEXT, "abc") + ping("p") + pong("q") + text("d") + close(3000, "bye"),
               [Text("abc"), Pong(b"p"), Text("d"), Close(3000)])
    yield refused("6455 §7.1.7", "nothing is answered after a failure",
                  text("a") + frame(3) + text("b") + ping() + close(1000), before=[Text("a")])
    yield refused("6455 §7.1.7", "much after a failure", frame(3) + text("x" * 300000))


GROUPS = (codes, payloads, bad_reasons, what_follows)
