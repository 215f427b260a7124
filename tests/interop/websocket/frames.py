# SPDX-License-Identifier: Apache-2.0
"""Frames of WebSocket by hand, also wrong ones, and a peer that speaks them over a socket."""

import base64
import collections
import contextlib
import hashlib
import os
import socket
import struct
import zlib

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
RSV1, RSV2, RSV3 = 4, 2, 1
MASK = bytes.fromhex("37fa213d")
DEFAULT = object()  # the mask of a client, or none of a server: see `role`
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
PATIENCE = 30  # seconds, for what should take far less
TAIL = b"\x00\x00\xff\xff"  # of a sync flush, which is not sent

Frame = collections.namedtuple("Frame", "opcode payload rsv fin", defaults=(b"", 0, True))


default_mask = MASK


@contextlib.contextmanager
def role(name):
    """Frames that are made meanwhile are those of a "client", as at first, or of a "server"."""
    global default_mask
    before, default_mask = default_mask, MASK if name == "client" else None
    try:
        yield
    finally:
        default_mask = before


def side():
    """Whose frames are made now."""
    return "client" if default_mask else "server"


def mask_bytes(data, mask):
    size = len(data)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def length_bytes(size, bits=None):
    """The length as its second byte has it, without the mask bit, and what follows; in a longer
    form than it needs with `bits`."""
    bits = bits or (7 if size < 126 else 16 if size < 65536 else 64)
    if bits == 7:
        return bytes([size])
    return b"\x7e" + struct.pack(">H", size) if bits == 16 else b"\x7f" + struct.pack(">Q", size)


def head(opcode, size, fin=True, rsv=0, mask=DEFAULT, bits=None):
    """What goes before the payload; `mask` None: not masked."""
    mask = default_mask if mask is DEFAULT else mask
    length = length_bytes(size, bits)
    first = bytes([(0x80 if fin else 0) | rsv << 4 | opcode, length[0] | (0x80 if mask else 0)])
    return first + length[1:] + (mask or b"")


def begin(opcode, size, payload, fin=True, rsv=0, mask=DEFAULT, bits=None):
    """A frame of so many bytes, of which only the first have come."""
    mask = default_mask if mask is DEFAULT else mask
    return head(opcode, size, fin, rsv, mask, bits) + (mask_bytes(payload, mask) if mask else payload)


def frame(opcode, payload=b"", **how):
    data = payload.encode() if isinstance(payload, str) else payload
    return begin(opcode, len(data), data, **how)


def text(payload, **how):
    return frame(TEXT, payload, **how)


def binary(payload, **how):
    return frame(BINARY, payload, **how)


def more(payload, **how):
    """A continuation."""
    return frame(CONTINUATION, payload, **how)


def ping(payload=b"", **how):
    return frame(PING, payload, **how)


def pong(payload=b"", **how):
    return frame(PONG, payload, **how)


def close(code=None, reason=b"", **how):
    data = reason.encode() if isinstance(reason, str) else reason
    return frame(CLOSE, (b"" if code is None else struct.pack(">H", code)) + data, **how)


def fragments(opcode, pieces, **how):
    """One message."""
    last = len(pieces) - 1
    return b"".join(frame(CONTINUATION if i else opcode, piece, fin=i == last, **how)
                    for i, piece in enumerate(pieces))


# ---- What is expected --------------------------------------------------------------------

def Text(payload):
    return Frame(TEXT, payload.encode() if isinstance(payload, str) else payload)


def Binary(payload):
    return Frame(BINARY, payload)


def Pong(payload=b""):
    return Frame(PONG, payload)


def Close(code=None):
    """The code; whatever the reason."""
    return Frame(CLOSE, b"" if code is None else struct.pack(">H", code))


# ---- A peer ------------------------------------------------------------------------------

def accept_value(key):
    digest = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    return base64.b64encode(digest).decode()


HANDSHAKE = {"Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade",
             "Sec-WebSocket-Key": KEY, "Sec-WebSocket-Version": "13"}


def request(path, headers=None, line=None):
    """A handshake. `headers` replaces some of the usual ones, and None leaves one out; a list is
    sent as several."""
    lines = [line or f"GET {path} HTTP/1.1"]
    for name, value in {**HANDSHAKE, **(headers or {})}.items():
        values = [] if value is None else value if isinstance(value, list) else [value]
        lines += [f"{name}: {one}" for one in values]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Inflater:
    """Of what the other side compresses, with no more of a window than was agreed on."""

    def __init__(self, bits=15, keep=True):
        self.bits, self.keep = bits, keep
        self.zlib = zlib.decompressobj(-bits)

    def __call__(self, data):
        # A little output at a time: zlib then looks hardly further back than its window.
        out, rest, piece = bytearray(), data + TAIL, 64 if self.bits < 12 else 1 << self.bits
        while rest:
            out += self.zlib.decompress(rest, piece)
            rest = self.zlib.unconsumed_tail
        if not self.keep:
            self.zlib = zlib.decompressobj(-self.bits)
        return bytes(out)


def deflate(data, bits=15, level=6, compressor=None, flush=zlib.Z_SYNC_FLUSH):
    """The payload of a compressed message."""
    compressor = compressor or zlib.compressobj(level, zlib.DEFLATED, -bits)
    out = compressor.compress(data) + compressor.flush(flush)
    return out.removesuffix(TAIL)


def inflater(side, agreed):
    """Of what that side sends."""
    return Inflater(int(agreed.get(f"{side}_max_window_bits", 15)),
                    f"{side}_no_context_takeover" not in agreed)


def parse_parameters(value):
    """{name: value or True} of an answered permessage-deflate; None when there is none."""
    if not value:
        return None
    name, *rest = [part.strip() for part in value.split(";")]
    assert name == "permessage-deflate", value
    parameters = dict((one.partition("=")[0], one.partition("=")[2] or True) for one in rest)
    assert len(parameters) == len(rest), value
    return parameters


class Closed(Exception):
    """The connection has ended where that was not expected."""


class Peer:
    """One side of a connection: it has a socket, and takes to pieces what comes."""
    from_client = False  # what comes

    def __init__(self, connected):
        self.socket = connected
        self.socket.settimeout(PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.inflate = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def fill(self):
        """False at the end of what the other side sends."""
        try:
            data = self.socket.recv(1 << 18)
        except ConnectionResetError:
            data = b""
        self.buffer += data
        return bool(data)

    def take(self, size):
        while len(self.buffer) < size:
            if not self.fill():
                raise Closed(bytes(self.buffer))
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data

    def read_head(self):
        """The first line, and the headers, the names in lower case."""
        while (end := self.buffer.find(b"\r\n\r\n")) < 0:
            if not self.fill():
                raise Closed(bytes(self.buffer))
        first, *lines = self.take(end + 4)[:-4].decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(": ")
            assert name.lower() not in headers, f"{name} twice"
            headers[name.lower()] = value
        return first, headers

    def frame(self):
        """The next one, which must be a good one of the other side; None at the end."""
        if not self.buffer and not self.fill():
            return None
        first, second = self.take(2)
        size = second & 0x7f
        assert bool(second & 0x80) == self.from_client, "masked, or not masked"
        if size >= 126:
            bits = 16 if size == 126 else 64
            size = int.from_bytes(self.take(bits // 8), "big")
            assert length_bytes(size)[0] == (126 if bits == 16 else 127), "length not minimal"
        mask = self.take(4) if self.from_client else bytes(4)
        one = Frame(first & 15, mask_bytes(self.take(size), mask), first >> 4 & 7, bool(first & 0x80))
        if one.rsv == RSV1 and self.inflate and one.opcode in (TEXT, BINARY):
            one = one._replace(payload=self.inflate(one.payload), rsv=0)
        if one.opcode == CLOSE:
            one.payload[2:].decode()
        assert one.fin and not one.rsv, one
        return one

    def frames(self):
        """All until the end."""
        return list(iter(self.frame, None))


class Client(Peer):
    """Of the server at that port."""

    def __init__(self, port, address="127.0.0.1", receive_buffer=None):
        one = socket.socket()
        if receive_buffer:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        one.settimeout(PATIENCE)
        one.connect((address, port))
        super().__init__(one)

    def read_response(self):
        """Status and headers."""
        first, headers = self.read_head()
        return int(first.split(" ")[1]), headers

    def upgrade(self, path="/ws", offers=None, behind=b"", headers=None):
        """A handshake, with frames right behind it."""
        headers = {**({"Sec-WebSocket-Extensions": offers} if offers else {}), **(headers or {})}
        self.send(request(path, headers) + behind)
        return self.upgraded()

    def upgraded(self):
        status, headers = self.read_response()
        assert status == 101, (status, headers)
        assert headers["sec-websocket-accept"] == accept_value(KEY), headers
        agreed = parse_parameters(headers.get("sec-websocket-extensions"))
        if agreed is not None:
            self.inflate = inflater("server", agreed)
        return headers


class Server(Peer):
    """Of a client that has connected."""
    from_client = True

    def answer(self, headers=None, status="101 Switching Protocols", behind=b"", key=None):
        """Says yes, or something else; None leaves a header out."""
        key = key or self.request["sec-websocket-key"]
        headers = {"Upgrade": "websocket", "Connection": "Upgrade",
                   "Sec-WebSocket-Accept": accept_value(key), **(headers or {})}
        lines = [f"HTTP/1.1 {status}"]
        for name, value in headers.items():
            values = [] if value is None else value if isinstance(value, list) else [value]
            lines += [f"{name}: {one}" for one in values]
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + behind)

    def read_request(self):
        """The first line."""
        first, self.request = self.read_head()
        return first


def random_key():
    return base64.b64encode(os.urandom(16)).decode()
