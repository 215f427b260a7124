# SPDX-License-Identifier: Apache-2.0
"""What only a client can be asked: RFC 6455 §4.1 and §5.1 of the other side, RFC 7692 §7.1."""

import dataclasses

from cases import Case, refused
from frames import BINARY, TEXT, PING, CLOSE, MASK, Text, accept_value, close, frame, more, text

OFFER = "permessage-deflate"
GOOD = r'\{"messages":1,"compressed":(true|false),"code":1000,"reason":""\}'
HELLO = text("Hello", mask=None) + close(1000, mask=None)


# ---- §5.1 --------------------------------------------------------------------------------

def masked():
    for opcode, payload in ((TEXT, "a"), (BINARY, "a"), (PING, "a"), (CLOSE, b"\x03\xe8"), (TEXT, "")):
        yield refused("6455 §5.1", f"masked opcode {opcode} of {len(payload)} bytes",
                      frame(opcode, payload, mask=MASK))
    yield refused("6455 §5.1", "masked after one that is not",
                  text("a") + text("b", mask=MASK), before=[Text("a")])
    yield refused("6455 §5.1", "masked continuation", text("a", fin=False) + more("b", mask=MASK))
    yield refused("6455 §5.1", "masked with zeroes", text("a", mask=bytes(4)))
    sizes = range(40)
    yield Case("6455 §5.3", "every length is masked well",
               b"".join(text("x" * size) for size in sizes), [Text("x" * size) for size in sizes])


# ---- Handshakes --------------------------------------------------------------------------

@dataclasses.dataclass
class Answer:
    """What a server answers to a handshake, and the line that the client prints then."""
    section: str
    name: str
    play: object  # with the server's side
    line: str = r'\{"error":"(?!timed out).+"\}'
    plain: bool = False  # the client offers no extension

    @property
    def title(self):
        return f"RFC {self.section}: {self.name}"


def answer(section, name, headers=None, status="101 Switching Protocols", good=False, plain=False):
    def play(server):
        server.answer(headers, status, HELLO)
    return Answer(section, name, play, *([GOOD] if good else []), plain=plain)


def raw(section, name, *pieces, line=None):
    """Bytes; ACCEPT in them stands for the right value."""
    def play(server):
        right = accept_value(server.request["sec-websocket-key"]).encode()
        for piece in pieces:
            server.send(piece.replace(b"ACCEPT", right))
    return Answer(section, name, play, *([line] if line else []))


def statuses():
    for status in ("200 OK", "201 Created", "204 No Content", "301 Moved Permanently", "302 Found",
                   "400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "407 Proxy",
                   "426 Upgrade Required", "500 Internal Server Error", "503 Service Unavailable",
                   "102 Processing", "199 Odd"):
        headers = {"Content-Length": "0", "Location": "/1"}
        code = int(status[:3])
        one = answer("6455 §4.1", status, headers, status)
        if code >= 200:
            one.line = rf'\{{"error":".*{code}.*"\}}'
        yield one
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    good = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: ACCEPT\r\n\r\n" + HELLO)
    yield raw("9110 §15.2", "100 before it", interim + good, line=GOOD)
    yield raw("9110 §15.2", "103 and 100 before it", hints + interim + good, line=GOOD)
    yield raw("6455 §4.1", "byte by byte", *(good[i:i + 1] for i in range(good.index(b"ACCEPT"))),
              good[good.index(b"ACCEPT"):], line=GOOD)
    yield raw("6455 §4.1", "HTTP/2.0", good.replace(b"HTTP/1.1", b"HTTP/2.0"))
    yield raw("6455 §4.1", "no reason", good.replace(b" Switching Protocols", b" "), line=GOOD)
    yield raw("6455 §4.1", "nothing")
    yield raw("6455 §4.1", "half a head", good[:60])
    yield raw("6455 §4.1", "frames only", HELLO)
    yield raw("6455 §4.1", "noise", bytes(range(256)) * 20)
    yield raw("6455 §4.1", "a head without an end", b"HTTP/1.1 101 x\r\n" + b"X: y\r\n" * 40000)
    yield raw("6455 §4.1", "a line without an end", b"HTTP/1.1 101 " + b"x" * 200000)
    yield raw("6455 §4.1", "a NUL in the head", good.replace(b"websocket", b"web\0socket"))


def headers():
    for value in (None, "", "http", "websockets", "websocket/13", "h2c"):
        yield answer("6455 §4.1", f"Upgrade: {value}", {"Upgrade": value})
    for value in (None, "", "keep-alive", "close", "Upgrades"):
        yield answer("6455 §4.1", f"Connection: {value}", {"Connection": value})
    for value in (None, "", "x", accept_value("x"), accept_value("dGhlIHNhbXBsZSBub25jZQ==")):
        yield answer("6455 §4.1", f"Sec-WebSocket-Accept: {value}", {"Sec-WebSocket-Accept": value})
    for name, change in (("in upper case", str.upper), ("without padding", lambda s: s.rstrip("=")),
                         ("with more behind", lambda s: s + "x"), ("of the key itself", None)):
        def play(server, change=change):
            key = server.request["sec-websocket-key"]
            server.answer({"Sec-WebSocket-Accept": change(accept_value(key)) if change else key})
        yield Answer("6455 §4.1", f"Sec-WebSocket-Accept {name}", play)
    for name, value in (("Upgrade", "WebSocket"), ("Upgrade", "WEBSOCKET"), ("Connection", "upgrade"),
                        ("Connection", "UPGRADE"), ("Connection", "keep-alive, Upgrade")):
        yield answer("6455 §4.1", f"{name}: {value}", {name: value}, good=True)
    yield answer("6455 §4.1", "other headers",
                 {"Server": "x", "Set-Cookie": ["a=b", "c=d"], "Sec-WebSocket-Version": "13"}, good=True)
    yield answer("6455 §4.1", "a subprotocol that was not offered", {"Sec-WebSocket-Protocol": "chat"})


def extensions():
    """The client has offered permessage-deflate, any window, and to keep both."""
    names = ("server_no_context_takeover", "client_no_context_takeover")
    for parameters in ("", *names, "; ".join(names), *(f"client_max_window_bits={n}" for n in range(8, 16)),
                       *(f"server_max_window_bits={n}" for n in range(8, 16)),
                       'server_max_window_bits="10"',
                       "; ".join([*names, "server_max_window_bits=9", "client_max_window_bits=9"])):
        value = "; ".join(filter(None, (OFFER, parameters)))
        yield answer("7692 §7.1", f"answered: {value}", {"Sec-WebSocket-Extensions": value}, good=True)
        yield answer("6455 §9.1", f"answered, but not offered: {value}",
                     {"Sec-WebSocket-Extensions": value}, plain=True)
    bad = ["foo", "x-webkit-deflate-frame", "permessage-bzip2", f"{OFFER}, foo", f"foo, {OFFER}",
           f"{OFFER}, {OFFER}", [OFFER, OFFER]]
    bad += [f"{OFFER}; {one}" for one in (
        "foo", "foo=1", "client_max_window_bits", "server_max_window_bits", "client_max_window_bits=7",
        "client_max_window_bits=16", "server_max_window_bits=7", "server_max_window_bits=16",
        "server_max_window_bits=08", "server_max_window_bits=-9", "server_max_window_bits=x",
        "server_no_context_takeover=1", "client_no_context_takeover=0",
        f"{names[0]}; {names[0]}", f"{names[1]}; {names[1]}",
        "server_max_window_bits=9; server_max_window_bits=9",
        "client_max_window_bits=9; client_max_window_bits=10",
        "", ";", "=1", "server_max_window_bits=", 'server_max_window_bits="9')]
    for value in bad:
        yield answer("7692 §7.1", f"answered: {value}", {"Sec-WebSocket-Extensions": value})
    yield answer("6455 §9.1", "an empty list", {"Sec-WebSocket-Extensions": ""}, good=True)


GROUPS = (statuses, headers, extensions)
