# SPDX-License-Identifier: Apache-2.0
"""RFC 6455 §4: the handshake, a request at a time."""

import dataclasses

from frames import KEY, accept_value, close, ping, random_key, request, text

BEHIND = text("Hello") + ping("p") + close(1000)
SAID = b"\x81\x05Hello\x8a\x01p\x88\x02\x03\xe8"


@dataclasses.dataclass
class Handshake:
    section: str
    name: str
    sent: bytes
    status: int
    headers: dict = dataclasses.field(default_factory=dict)  # None: not there
    behind: bytes = b""  # what follows the head

    @property
    def title(self):
        return f"RFC {self.section}: {self.name}"


def good(section, name, headers=None, sent=None, key=KEY, path="/ws", said=SAID, **expected):
    """One that succeeds; what is sent behind it is then answered."""
    expected = {name.replace("_", "-"): value for name, value in expected.items()}
    return Handshake(section, name, (sent or request(path, headers)) + BEHIND, 101,
                     {"sec-websocket-accept": accept_value(key), "upgrade": "websocket",
                      "connection": "Upgrade", "content-length": None, "transfer-encoding": None,
                      "sec-websocket-extensions": None, "sec-websocket-protocol": None, **expected},
                     said)


def bad(section, name, status, headers=None, sent=None, path="/ws", **expected):
    expected = {name.replace("_", "-"): value for name, value in expected.items()}
    return Handshake(section, name, sent or request(path, headers), status,
                     {"sec-websocket-accept": None, **expected})


def usual():
    yield good("6455 §4.2.2", "as in the RFC")
    yield Handshake("6455 §4.2.2", "nothing behind it", request("/ws") + close(), 101,
                    {"sec-websocket-accept": accept_value(KEY)}, b"\x88\x00")
    for _ in range(3):
        key = random_key()
        yield good("6455 §4.2.2", f"key {key}", {"Sec-WebSocket-Key": key}, key=key)
    yield good("6455 §4.1", "a query", path="/ws?case=1&agent=x")
    yield good("6455 §4.1", "an absolute target",
               sent=request("", line="GET http://localhost/ws HTTP/1.1"))
    yield good("9112 §2.2", "an empty line before it", sent=b"\r\n" + request("/ws"))
    yield good("6455 §4.1", "header fields that nobody knows",
               {"X-Something": "1", "Sec-WebSocket-Key1": "x", "Sec-WebSocket-Location": "y"})
    yield good("6455 §4.1", "cookies and credentials",
               {"Cookie": "a=b; c=d", "Authorization": "Basic dXNlcjpwYXNz"})
    yield good("6455 §4.2.1", "names in another case",
               sent=request("/ws").replace(b"Sec-WebSocket", b"sec-WEBSOCKET").replace(b"Upgrade:",
                                                                                      b"uPGRADE:"))
    yield good("9112 §5.1", "space around the values",
               sent=request("/ws").replace(b": ", b": \t ").replace(b"\r\nSec", b" \t\r\nSec"))
    yield good("9112 §5.1", "no space before the values", sent=request("/ws").replace(b": ", b":"))
    yield good("9110 §6.6", "behind another request",
               sent=request("/", {"Upgrade": None, "Connection": None, "Sec-WebSocket-Key": None,
                                  "Sec-WebSocket-Version": None}) + request("/ws"))


def upgrade():
    for value in ("websocket", "WebSocket", "WEBSOCKET", "h2c, websocket", "websocket, h2c",
                  "foo/1, WebSocket ,bar", ["h2c", "websocket"]):
        yield good("6455 §4.2.1", f"Upgrade: {value}", {"Upgrade": value})
    for value in (None, "", "http", "h2c", "websockets", "web socket", "websocket/13", "websocket;x",
                  "TLS/1.0", '"websocket"'):
        yield bad("6455 §4.2.1", f"Upgrade: {value}", 400, {"Upgrade": value})
    for value in ("Upgrade", "upgrade", "UPGRADE", "keep-alive, Upgrade", "Upgrade, keep-alive",
                  "keep-alive,Upgrade", "foo,Upgrade,bar", ",Upgrade,", ["keep-alive", "Upgrade"]):
        yield good("6455 §4.2.1", f"Connection: {value}", {"Connection": value})
    for value in (None, "", "keep-alive", "close", "Upgrades", "Upgrade keep-alive", "up grade",
                  "keep-alive; Upgrade"):
        yield bad("6455 §4.2.1", f"Connection: {value}", 400, {"Connection": value})


def version():
    yield good("6455 §4.2.1", "version 13 in spaces", {"Sec-WebSocket-Version": " 13 "})
    for value in (None, "", "0", "4", "6", "7", "8", "9", "12", "14", "130", "013", "13.0", "+13", "0x0d",
                  "x", "8, 13", "13, 8", "13 8", "99999999999999999999"):
        yield bad("6455 §4.4", f"version {value}", 426, {"Sec-WebSocket-Version": value},
                  sec_websocket_version="13", upgrade="websocket", connection="Upgrade")
    yield bad("6455 §4.2.1", "version twice", 426, {"Sec-WebSocket-Version": ["13", "13"]})


def key():
    yield good("6455 §4.2.1", "key in spaces", {"Sec-WebSocket-Key": f"  {KEY} \t"})
    for name, value in (("no key", None), ("an empty key", ""), ("a key of 15 bytes", "QUFBQUFBQUFBQUFBQUFB"),
                        ("a key of 17 bytes", "QUFBQUFBQUFBQUFBQUFBQUE="),
                        ("a key of 18 bytes", "QUFBQUFBQUFBQUFBQUFBQUFB"),
                        ("a key of 1 byte", "QQ=="), ("a key of 64 bytes", "QUFB" * 21 + "QQ=="),
                        ("a key without padding", KEY.rstrip("=")),
                        ("a key with half a padding", KEY[:-1]), ("a key with more padding", KEY + "="),
                        ("a key that is no base64", "dGhlIHNhbXBsZSBub25jZ!=="),
                        ("a key in the other alphabet", "_-hlIHNhbXBsZSBub25jZQ=="),
                        ("a key with a space within", "dGhlIHNhbXBs ZSBub25jZQ=="),
                        ("a key with a comma", "dGhlIHNhbXBsZSBub25jZQ==,"),
                        ("a key of 24 other characters", "x" * 24), ("a key of 24 equal signs", "=" * 24),
                        ("two keys", [KEY, random_key()]), ("a key twice", [KEY, KEY]),
                        ("a quoted key", f'"{KEY}"'), ("a very long key", "A" * 4000)):
        yield bad("6455 §4.2.1", name, 400, {"Sec-WebSocket-Key": value})


def request_line():
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"):
        yield bad("6455 §4.1", method, 405, sent=request("/ws", line=f"{method} /ws HTTP/1.1"))
    yield bad("6455 §4.1", "get", 405, sent=request("/ws", line="get /ws HTTP/1.1"))
    yield bad("6455 §4.1", "HTTP/1.0", 400, sent=request("/ws", line="GET /ws HTTP/1.0"))
    yield bad("6455 §4.1", "HTTP/2.0", 505, sent=request("/ws", line="GET /ws HTTP/2.0"))
    yield bad("6455 §4.1", "HTTP/1.", 400, sent=request("/ws", line="GET /ws HTTP/1."))
    yield bad("6455 §4.1", "no HTTP", 400, sent=request("/ws", line="GET /ws"))
    yield bad("6455 §4.1", "a fragment in the target", 404, path="/ws#fragment")
    yield bad("6455 §4.2.2", "nothing is there", 404, path="/none")
    yield bad("6455 §4.2.2", "what is no WebSocket", 200, path="/")
    yield bad("6455 §4.1", "no WebSocket's request", 400,
              {name: None for name in ("Upgrade", "Connection", "Sec-WebSocket-Key",
                                       "Sec-WebSocket-Version")})


def host_and_origin():
    yield bad("9112 §3.2", "no Host", 400, {"Host": None})
    yield bad("9112 §3.2", "two Hosts", 400, {"Host": ["localhost", "localhost"]})
    yield bad("9112 §3.2", "no good Host", 400, {"Host": "local host"})
    for host, origin in (("localhost", "http://localhost"), ("localhost", "https://localhost"),
                         ("localhost:80", "http://localhost:80"), ("LOCALHOST", "http://localhost"),
                         ("127.0.0.1:8888", "http://127.0.0.1:8888"), ("[::1]:8888", "http://[::1]:8888"),
                         ("localhost", "http://localhost/path")):
        yield good("6455 §10.2", f"Origin {origin} at {host}", {"Host": host, "Origin": origin})
    for origin in ("http://example.org", "http://localhost:81", "https://localhost.example.org",
                   "http://xlocalhost", "http://sub.localhost", "null", "localhost", "", "://",
                   "http://", "file://", "http://localhost@example.org", "http://example.org/localhost",
                   "http://example.org#localhost", "http://user@localhost"):
        yield bad("6455 §10.2", f"Origin {origin}", 403, {"Origin": origin})
    yield bad("6455 §10.2", "two Origins", 403, {"Origin": ["http://localhost", "http://example.org"]})


def offers():
    for value in ("chat", "chat, superchat", ["chat", "superchat"], "a,b,c"):
        yield good("6455 §4.2.2", f"subprotocols {value}, none selected",
                   {"Sec-WebSocket-Protocol": value})
    for value in ("foo", "foo, bar; baz=2", 'foo; bar="baz"', "permessage-deflate",
                  "permessage-deflate; client_max_window_bits"):
        yield good("6455 §9.1", f"extensions {value}, none taken", {"Sec-WebSocket-Extensions": value})
    yield good("7692 §7.1", "an extension that is taken",
               {"Sec-WebSocket-Extensions": "foo, permessage-deflate; server_max_window_bits=10"},
               path="/ws-deflate", said=b"\xc1\x07\xf2H\xcd\xc9\xc9\x07\0" + SAID[7:],
               sec_websocket_extensions="permessage-deflate; server_max_window_bits=10")
    malformed = ("permessage-deflate;", "permessage-deflate; ;", ";", "foo bar", "=", "foo; =1", "foo; a=",
                 'foo; a="', 'foo; a="b', 'foo; a=""', 'foo; a="b c"', "foo; a=b c", "foo/1", "foo; a=b=c",
                 "permessage-deflate, foo bar", "permessage-deflate; server_max_window_bits=")
    for value in malformed:
        for path in ("/ws", "/ws-deflate"):
            yield bad("6455 §9.1", f"malformed extensions {value} at {path}", 400,
                      {"Sec-WebSocket-Extensions": value}, path=path)


def bodies():
    for name, headers, body in (("a length of none", {"Content-Length": "0"}, b""),
                                ("a length", {"Content-Length": "5"}, b"hello"),
                                ("chunks", {"Transfer-Encoding": "chunked"}, b"5\r\nhello\r\n0\r\n\r\n"),
                                ("no chunk", {"Transfer-Encoding": "chunked"}, b"0\r\n\r\n")):
        yield good("9110 §7.8", f"a body with {name}", sent=request("/ws", headers) + body)
    yield bad("9112 §6.3", "two framings", 400,
              {"Content-Length": "5", "Transfer-Encoding": "chunked"})
    yield bad("9112 §6.3", "a bad length", 400, {"Content-Length": "x"})


def sizes():
    yield good("6455 §4.1", "a long query", path="/ws?" + "x" * 8000)
    yield good("6455 §4.1", "many cookies", {"Cookie": "; ".join(f"name{i}=value" for i in range(300))})
    yield bad("6585 §5", "a header that is too long", 431, {"Cookie": "x" * 100000})


GROUPS = (usual, upgrade, version, key, request_line, host_and_origin, offers, bodies, sizes)
