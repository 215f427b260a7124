# SPDX-License-Identifier: Apache-2.0
"""What the hostile server says: for each path a function of the connection, and what the client
has to make of it. An expectation is a status with the body's length, or a regular expression that
the error matches."""

import ctypes
import gzip
import struct
import socket
import time
import zlib

ANSWERS = {}
MIB = 1 << 20


def answer(path, expected):
    def register(function):
        ANSWERS[path] = (function, expected)
        return function
    return register


def says(path, expected, *pieces):
    """The pieces, then the end of the connection."""
    ANSWERS[path] = (lambda connection: send(connection, *pieces), expected)


def send(connection, *pieces):
    """Each is text, bytes, or a function that makes them, for what is large."""
    for piece in pieces:
        piece = piece() if callable(piece) else piece
        connection.sendall(piece.encode("latin-1") if isinstance(piece, str) else piece)


def response(body, *lines, status="200 OK"):
    if isinstance(body, str):
        body = body.encode()
    head = "\r\n".join([f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body)}", "", ""])
    return head.encode() + body


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hold(connection):
    """Says nothing more, until the client leaves."""
    connection.settimeout(20)
    while connection.recv(1000):
        pass


def endless(connection, piece):
    while True:
        send(connection, piece)


def brotli(data):
    library = ctypes.CDLL("libbrotlienc.so.1")
    size = ctypes.c_size_t(len(data) + 1000)
    out = ctypes.create_string_buffer(size.value)
    assert library.BrotliEncoderCompress(5, 24, 0, ctypes.c_size_t(len(data)), data,
                                         ctypes.byref(size), out)
    return out.raw[:size.value]


OK = "HTTP/1.1 200 OK\r\n"
CHUNKED = OK + "Transfer-Encoding: chunked\r\n\r\n"
CLOSED = r"closed"
MALFORMED = r"malformed|Malformed"
TOO_BIG = r"limit|too large|Too large|too long"
TIMED_OUT = r"timed out"

# ---- What is in order ----
says("/ok", (200, 5), response("hello"))
says("/empty", (200, 0), response(""))
says("/not-found", (404, 4), response("none", status="404 Not Found"))
says("/broken", (500, 4), response("oops", status="500 Internal Server Error"))
says("/odd-status", (799, 2), response("hm", status="799 Odd"))
says("/no-phrase", (200, 2), response("hm", status="200 "))
says("/no-content", (204, 0), "HTTP/1.1 204 No Content\r\n\r\n")
says("/not-modified", (304, 0), "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n")
says("/until-close", (200, 5), OK, "\r\nhello")
says("/http-1.0", (200, 5), "HTTP/1.0 200 OK\r\n\r\nhello")
says("/chunked", (200, 5), CHUNKED, "2\r\nhe\r\n3;x=\"y\"\r\nllo\r\n0\r\nA: b\r\n\r\n")
says("/same-length-twice", (200, 5), OK, "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello")
says("/gzip", (200, 5), response(gzip.compress(b"hello"), "Content-Encoding: gzip"))
says("/br", (200, 5), response(brotli(b"hello"), "Content-Encoding: br"))
says("/gzip-empty", (200, 0), response(b"", "Content-Encoding: gzip"))
says("/unknown-coding", (200, 5), response("hello", "Content-Encoding: zstd"))
says("/more-than-said", (200, 5), response("hello"), "HTTP/1.1 200 OK\r\n\r\nmore")
says("/most", (200, 8 * MIB), lambda: response(bytes(8 * MIB)))
says("/large-cookies", (200, 5), response("hello", "Set-Cookie: a=" + "x" * 30000))
says("/early-hints", (200, 5), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", response("hello"))


@answer("/slow-but-fine", (200, 5))
def slow_but_fine(connection):
    for byte in response("hello"):
        send(connection, bytes([byte]))
        time.sleep(0.005)


says("/gzip-most", (200, 8 * MIB),
     lambda: response(gzip.compress(bytes(8 * MIB)), "Content-Encoding: gzip"))
says("/br-most", (200, 8 * MIB), lambda: response(brotli(bytes(8 * MIB)), "Content-Encoding: br"))
says("/x-gzip", (200, 5), response(gzip.compress(b"hello"), "Content-Encoding: X-GZip"))
says("/many-headers", (200, 5), response("hello", *["a: b"] * 8000))
says("/many-cookies", (200, 5), response("hello", *["Set-Cookie: a=b"] * 3000))
says("/empty-lines-first", (200, 5), "\r\n\r\n", response("hello"))

# ---- Truncated ----
says("/nothing", CLOSED)
says("/half-status", CLOSED, "HTTP/1.1 2")
says("/half-head", CLOSED, OK, "Content-Le")
says("/no-empty-line", CLOSED, OK, "Content-Length: 0\r\n")
says("/short-body", CLOSED, OK, "Content-Length: 10\r\n\r\nhello")
says("/short-chunk", CLOSED, CHUNKED, "a\r\nhello")
says("/no-last-chunk", CLOSED, CHUNKED, "5\r\nhello\r\n")
says("/half-last-chunk", CLOSED, CHUNKED, "5\r\nhello\r\n0\r\n")
says("/half-trailers", CLOSED, CHUNKED, "5\r\nhello\r\n0\r\nA: b\r\n")
says("/short-gzip", ".", response(gzip.compress(b"hello" * 100)[:-9], "Content-Encoding: gzip"))
says("/short-br", ".", response(brotli(bytes(range(256)) * 9)[:-3], "Content-Encoding: br"))
says("/only-continue", CLOSED, "HTTP/1.1 100 Continue\r\n\r\n")

# ---- Lengths ----
for number, length in enumerate(["-1", "+5", "0x5", "5 5", "5, 6", "99999999999999999999999", "five",
                                 "", "5;", "1_0", "\xb2"]):
    says(f"/length-{number}", MALFORMED, OK, f"Content-Length: {length}\r\n\r\nhello")
says("/two-lengths", MALFORMED, OK, "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!")
says("/length-too-large", TOO_BIG, OK, f"Content-Length: {8 * MIB + 1}\r\n\r\n", b"x" * 100)
says("/length-huge", TOO_BIG, OK, "Content-Length: 9223372036854775807\r\n\r\nhello")

# ---- Smuggling ----
says("/length-and-chunked", MALFORMED, OK,
     "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
says("/chunked-twice", MALFORMED, OK,
     "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
says("/chunked-and-identity", MALFORMED, OK,
     "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")
says("/chunked-with-vt", MALFORMED, OK, "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n")
says("/unknown-transfer", MALFORMED, OK, "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")
says("/chunked-1.0", ".", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
says("/space-before-colon", MALFORMED, OK, "Content-Length : 5\r\n\r\nhello")
says("/continued-line", MALFORMED, OK, "A: b\r\n Content-Length: 5\r\n\r\nhello")
says("/no-content-with-length", MALFORMED, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello")
says("/continue-with-length", MALFORMED, "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello",
     response("hello"))

says("/switching", MALFORMED + "|101|switch", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
     response("hello"))
says("/gzip-transfer", MALFORMED, OK, "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")


# ---- Bytes that do not belong there ----
says("/nul-in-name", MALFORMED, OK, "A\0b: c\r\nContent-Length: 0\r\n\r\n")
says("/nul-in-value", MALFORMED, OK, "A: b\0c\r\nContent-Length: 0\r\n\r\n")
says("/nul-in-phrase", MALFORMED, "HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n")
says("/bare-cr", MALFORMED, OK, "A: b\rC: d\r\nContent-Length: 0\r\n\r\n")
says("/bare-lf", MALFORMED, "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello")
says("/lf-in-head", MALFORMED, OK, "A: b\nContent-Length: 5\r\n\r\nhello")
says("/no-colon", MALFORMED, OK, "Nonsense\r\nContent-Length: 0\r\n\r\n")
says("/empty-name", MALFORMED, OK, ": x\r\nContent-Length: 0\r\n\r\n")
says("/high-name", MALFORMED, OK, "\xff: x\r\nContent-Length: 0\r\n\r\n")
says("/http-0.9", MALFORMED, "hello, this is an old server\r\n\r\n")
says("/icy", MALFORMED, "ICY 200 OK\r\nContent-Length: 0\r\n\r\n")
says("/http-2", MALFORMED, "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n")
says("/http-2-frame", ".", bytes.fromhex("00001204000000000000030000006400"))
says("/status-letters", MALFORMED, "HTTP/1.1 2oo OK\r\nContent-Length: 0\r\n\r\n")
says("/status-long", MALFORMED, "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n")
says("/status-small", MALFORMED, "HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n")
says("/status-negative", MALFORMED, "HTTP/1.1 -20 OK\r\nContent-Length: 0\r\n\r\n")
says("/garbage", MALFORMED, bytes(range(256)) * 4)
says("/zeros", ".", bytes(100000))
says("/ssh", ".", "SSH-2.0-OpenSSH_9.2\r\n")

# ---- Chunks ----
for number, line in enumerate(["-5", "+5", "0x5", "g", "", " 5", "5 ", "1_0", "fffffffffffffffff",
                               "7fffffffffffffff", "5\n"]):
    says(f"/chunk-{number}", r"malformed|Malformed|limit|chunk|closed", CHUNKED,
         f"{line}\r\nhello\r\n0\r\n\r\n")
says("/chunk-overrun", r"malformed|Malformed|chunk", CHUNKED, "3\r\nhello\r\n0\r\n\r\n")
says("/chunk-lf", r"malformed|Malformed|chunk", CHUNKED, "5\nhello\n0\n\n")
says("/chunk-long-line", ".", CHUNKED, "5;", "x" * 200000, "\r\nhello\r\n0\r\n\r\n")
says("/chunk-trailer-flood", ".", CHUNKED, "0\r\n", "A: b\r\n" * 100000)
says("/chunk-bad-trailer", r"malformed|Malformed|trailer", CHUNKED, "0\r\nA b\r\n\r\n")


# Eight million chunks take their time on a busy machine with sanitizers.
@answer("/chunk-flood", TOO_BIG + "|Timeout")
def chunk_flood(connection):
    send(connection, CHUNKED)
    endless(connection, "1\r\nx\r\n" * 10000)


@answer("/chunk-extensions", r".")
def chunk_extensions(connection):
    send(connection, CHUNKED)
    endless(connection, "1;" + "e" * 1000 + "\r\nx\r\n")


# ---- Without an end ----
@answer("/endless-line", TOO_BIG)
def endless_line(connection):
    send(connection, OK, "A: ")
    endless(connection, "x" * 10000)


@answer("/endless-status", TOO_BIG)
def endless_status(connection):
    send(connection, "HTTP/1.1 200 ")
    endless(connection, "x" * 10000)


@answer("/endless-headers", TOO_BIG)
def endless_headers(connection):
    send(connection, OK)
    endless(connection, "A: b\r\n" * 1000)


@answer("/endless-empty-lines", ".")
def endless_empty_lines(connection):
    endless(connection, "\r\n" * 1000)


@answer("/endless-body", TOO_BIG)
def endless_body(connection):
    send(connection, OK, "\r\n")
    endless(connection, bytes(100000))


@answer("/endless-continue", r"limit|too many|Too many|timed out")
def endless_continue(connection):
    endless(connection, "HTTP/1.1 100 Continue\r\n\r\n" * 100)


@answer("/endless-early-hints", r"limit|too many|Too many|timed out")
def endless_early_hints(connection):
    endless(connection, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" * 50)


@answer("/drip-head", TIMED_OUT)
def drip_head(connection):
    send(connection, OK, "A: ")
    while True:
        send(connection, "x")
        time.sleep(0.05)


@answer("/drip-body", TIMED_OUT)
def drip_body(connection):
    send(connection, OK, "Content-Length: 100000\r\n\r\n")
    while True:
        send(connection, "x")
        time.sleep(0.05)


@answer("/drip-continue", r"too many|timed out")
def drip_continue(connection):
    while True:
        send(connection, "HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.05)


@answer("/silent", TIMED_OUT)
def silent(connection):
    hold(connection)


@answer("/stalled-body", TIMED_OUT)
def stalled_body(connection):
    send(connection, OK, "Content-Length: 10\r\n\r\nhello")
    hold(connection)


@answer("/kept-open", (200, 5))
def kept_open(connection):
    send(connection, response("hello"))
    hold(connection)


# ---- Codings ----
says("/gzip-one-more", TOO_BIG,
     lambda: response(gzip.compress(bytes(8 * MIB + 1)), "Content-Encoding: gzip"))
says("/gzip-bomb-in-chunks", TOO_BIG, OK,
     "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
     lambda: b"".join(b"1\r\n%c\r\n" % byte for byte in gzip.compress(bytes(16 * MIB))),
     "0\r\n\r\n")
says("/gzip-bomb", TOO_BIG,
     lambda: response(gzip.compress(bytes(64 * MIB), 9), "Content-Encoding: gzip"))
says("/br-bomb", TOO_BIG, lambda: response(brotli(bytes(64 * MIB)), "Content-Encoding: br"))
says("/gzip-many", (200, 100000),
     lambda: response(gzip.compress(b"x") * 100000, "Content-Encoding: gzip"))
says("/gzip-not", ".", response("hello, this is no gzip", "Content-Encoding: gzip"))
says("/gzip-bad-sum", ".", response(gzip.compress(b"hello")[:-8] + bytes(8), "Content-Encoding: gzip"))
says("/br-not", ".", response(b"\xff" * 100, "Content-Encoding: br"))
says("/gzip-zlib", ".", response(zlib.compress(b"hello"), "Content-Encoding: gzip"))


@answer("/gzip-endless-name", r".")
def gzip_endless_name(connection):
    send(connection, OK, "Content-Encoding: gzip\r\n\r\n", b"\x1f\x8b\x08\x08" + bytes(6))
    endless(connection, b"x" * 100000)


# ---- Resets ----
answer("/reset-at-once", ".")(reset)


@answer("/reset-in-status", ".")
def reset_in_status(connection):
    send(connection, "HTTP/1.")
    time.sleep(0.05)
    reset(connection)


@answer("/reset-in-head", ".")
def reset_in_head(connection):
    send(connection, OK, "A: b\r\n")
    time.sleep(0.05)
    reset(connection)


@answer("/reset-in-body", ".")
def reset_in_body(connection):
    send(connection, OK, "Content-Length: 10\r\n\r\nhello")
    time.sleep(0.05)
    reset(connection)


@answer("/reset-until-close", ".")
def reset_until_close(connection):
    send(connection, OK, "\r\nhello")
    time.sleep(0.05)
    reset(connection)


@answer("/reset-in-chunk", ".")
def reset_in_chunk(connection):
    send(connection, CHUNKED, "5\r\nhe")
    time.sleep(0.05)
    reset(connection)


# ---- Redirects ----
def redirects(path, expected, location, status="302 Found", *lines):
    says(path, expected, response("", f"Location: {location}", *lines, status=status))


redirects("/redirect", (200, 5), "/ok")
redirects("/redirect-relative", (200, 5), "ok")
redirects("/redirect-dots", (200, 5), "/a/../b/./../ok")
redirects("/redirect-query", (200, 5), "/ok?a=b#fragment")
redirects("/redirect-loop", "redirects", "/redirect-loop")
redirects("/redirect-loop-two", "redirects", "/redirect-loop-one")
redirects("/redirect-loop-one", "redirects", "/redirect-loop-two", "308 Permanent Redirect")
for number, location in enumerate(["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/",
                                   "javascript:alert(1)", "data:text/plain,hello", "dict://127.0.0.1/",
                                   "http+unix://%2Ftmp%2Fx/", "http://", "http:///ok", "//",
                                   "http://127.0.0.1:99999/", "http://127.0.0.1:x/",
                                   "http://[::1/", "http://exa mple.org/", "http://a\tb/",
                                   "http://user:pass@/"]):
    redirects(f"/redirect-odd-{number}", ".", location)
redirects("/redirect-high", (404, 0), "/\xe9\xff?\xe9")
redirects("/redirect-space", (404, 0), "/o k")
redirects("/redirect-nul", MALFORMED, "/o\0k")
redirects("/redirect-fragment", (200, 5), "/ok#\xe9")
redirects("/redirect-empty", ".", "")
redirects("/redirect-user", ".", "http://user@127.0.0.1:1/")
redirects("/redirect-long", (404, 0), "/" + "x" * 60000)
redirects("/redirect-nowhere", ".", "http://127.0.0.1:1/")
redirects("/redirect-name", ".", "http://no-such-name.invalid/")
says("/redirect-no-location", (302, 0), response("", status="302 Found"))
says("/redirect-large-body", (200, 5), "HTTP/1.1 302 Found\r\nLocation: /ok\r\n\r\n",
     *[lambda: bytes(MIB)] * 20)
says("/redirect-two-locations", (404, 0),
     response("", "Location: /ok", "Location: /empty", status="302 Found"))


@answer("/redirect-slowly", TIMED_OUT)
def redirect_slowly(connection):
    time.sleep(1)
    send(connection, response("", "Location: /redirect-slowly", status="302 Found"))


@answer("/reset-at-the-end", ".")
def reset_at_the_end(connection):
    send(connection, OK, "Content-Length: 6\r\n\r\nhello")
    time.sleep(0.1)
    reset(connection)


@answer("/redirect-chain-1", (200, 5))
def redirect_chain(connection):
    send(connection, response("", "Location: /redirect-chain-2", status="301 Moved"))


redirects("/redirect-chain-2", (200, 5), "/redirect-chain-3", "303 See Other")
redirects("/redirect-chain-3", (200, 5), "/redirect-chain-4", "307 Temporary Redirect")
redirects("/redirect-chain-4", (200, 5), "/redirect")
redirects("/redirect-chain-0", "redirects", "/redirect-chain-1")
