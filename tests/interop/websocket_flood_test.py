#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""WebSocket clients that mean it badly: memory stays bounded, and another client is served meanwhile."""

import os
import pathlib
import re
import signal
import socket
import struct
import sys
import threading
import time
import unittest
import zlib

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE / "websocket"), str(HERE / "clients")]

import servers  # noqa: E402
from frames import (BINARY, CLOSE, RSV1, TAIL, TEXT, Client, Close, Pong, Text, begin, binary, close,  # noqa: E402
                    frame, more, ping, request, text)

BUILD = pathlib.Path(os.environ["GALE_BUILD"])
SANITIZED = bool(re.search(r"^GALE_SANITIZE:\w+=\w", (BUILD / "CMakeCache.txt").read_text(), re.M))
MOST_SECONDS = 4 if SANITIZED else 2  # that an answer to somebody else takes; the machine is shared
MIB = 1 << 20
WRITE_BUFFER = 16 * MIB  # of the default class
LIMIT = 64 * MIB  # of a message, of the conformance program


class Bystander(threading.Thread):
    """A client that says something now and then, and how long the longest answer took."""

    def __init__(self, port):
        super().__init__()
        self.client = Client(port)
        self.client.upgrade()
        self.over, self.longest, self.answers = threading.Event(), 0, 0

    def run(self):
        with self.client as client:
            while not self.over.is_set():
                began = time.monotonic()
                client.send(text(f"message {self.answers}"))
                assert client.frame() == Text(f"message {self.answers}")
                self.longest = max(self.longest, time.monotonic() - began)
                self.answers += 1
                self.over.wait(0.005)
            client.send(close(1000))
            assert client.frames() == [Close(1000)]


def push(client, data, most, idle=0.5):
    """Sends the data again and again, without reading, until nothing was taken for `idle` seconds or
    `most` bytes were. How many; -1 when the server has hung up."""
    view, at, sent, last = memoryview(data), 0, 0, time.monotonic()
    client.socket.setblocking(False)
    while sent < most and time.monotonic() < last + idle:
        try:
            count = client.socket.send(view[at:])
            sent, at, last = sent + count, (at + count) % len(data), time.monotonic()
        except BlockingIOError:
            time.sleep(0.005)
        except OSError:
            return -1
    client.socket.settimeout(servers.PATIENCE)
    return sent


def reset(client):
    """Breaks the connection."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.socket.close()


class Flooded(servers.TestCase):
    options = ()

    def setUp(self):
        self.server = self.start("tests/conformance", *self.options)
        self.bystander = Bystander(self.server.port)
        self.bystander.start()
        self.addCleanup(self.bystander.over.set)
        self.before, self.descriptors = self.memory("VmRSS"), self.server.descriptors()

    def memory(self, name):
        status = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s*(\d+) kB", status, re.M).group(1)) * 1024

    def client(self, path="/ws", offers=None, **how):
        client = Client(self.server.port, **how)
        self.addCleanup(client.socket.close)
        client.upgrade(path, offers)
        return client

    def finish(self, most):
        """All is over: the server has not used more than that at any time, others were served, and
        nothing is left of the rest."""
        servers.wait_until(lambda: self.server.descriptors() <= self.descriptors, "connections are closed")
        servers.wait_until(lambda: self.bystander.answers > 5, "another client is served")
        self.bystander.over.set()
        self.bystander.join()
        self.assertLess(self.bystander.longest, MOST_SECONDS)
        grown = self.memory("VmHWM") - self.before
        if not SANITIZED:
            self.assertLess(grown, most, f"{grown / MIB:.1f} MiB")
        self.stop(self.server)


class FloodTest(Flooded):
    # ---- Clients that do not read -----------------------------------------------------------

    def check_unread(self, message, most=WRITE_BUFFER + 12 * MIB, **how):
        client = self.client(receive_buffer=4096, **how)
        sent = push(client, message * (200000 // len(message) + 1), 4 * WRITE_BUFFER)
        self.assertTrue(0 < sent < 4 * WRITE_BUFFER, f"{sent} bytes were taken")  # then it waits
        client.socket.close()
        self.finish(most)

    def test_echoes_that_are_not_read(self):
        self.check_unread(text("x" * 60000))

    def test_tiny_echoes_that_are_not_read(self):
        self.check_unread(text("x"))

    def test_empty_echoes_that_are_not_read(self):
        self.check_unread(text(""))

    def test_fragments_whose_echo_is_not_read(self):
        self.check_unread(text("x" * 1000, fin=False) + more("y" * 1000, fin=False) + more("z"))

    def test_compressed_echoes_that_are_not_read(self):
        compressor = zlib.compressobj(1, zlib.DEFLATED, -15)
        payload = compressor.compress(os.urandom(30000)) + compressor.flush(zlib.Z_SYNC_FLUSH)
        self.check_unread(binary(payload.removesuffix(TAIL), rsv=RSV1), path="/ws-deflate",
                          offers="permessage-deflate; client_no_context_takeover; "
                          "server_no_context_takeover")

    def test_many_that_do_not_read(self):
        clients = [self.client(receive_buffer=4096) for _ in range(4)]
        message = text("x" * 60000) * 4
        pushes = [threading.Thread(target=push, args=(one, message, 40 * MIB)) for one in clients]
        for one in pushes:
            one.start()
        for one in pushes:
            one.join()
        for one in clients:
            one.socket.close()
        self.finish(4 * WRITE_BUFFER + 20 * MIB)

    def test_a_close_that_is_not_read(self):
        """The server ends it after five seconds, whoever is still there."""
        client = self.client(receive_buffer=4096)
        push(client, text("x" * 60000) * 4, 4 * MIB)
        slow = self.client(receive_buffer=4096)
        slow.send(text("x" * (12 * MIB)) + close(1000))
        began = time.monotonic()
        client.socket.close()
        self.finish(60 * MIB)
        self.assertGreater(time.monotonic() - began, 4.9)
        self.assertLess(time.monotonic() - began, 5 + MOST_SECONDS)

    # ---- Floods -----------------------------------------------------------------------------

    def test_pings_that_are_answered_and_not_read(self):
        client = self.client(receive_buffer=4096)
        block = ping("x" * 125) * 2000
        self.assertGreaterEqual(push(client, block, 40 * MIB), 40 * MIB)
        client.socket.close()
        self.finish(4 * MIB)

    def echoes(self, message, count):
        """All answers to so many messages, and a close, that are sent while the answers are read."""
        client = self.client()
        sender = threading.Thread(target=client.send, args=(message * count + close(1000),))
        sender.start()
        frames = client.frames()
        sender.join()
        client.socket.close()
        return frames

    def test_pings_that_are_read(self):
        frames = self.echoes(ping("0123456789"), 50000)
        self.assertEqual(frames[-1], Close(1000))
        self.assertEqual(set(frames[:-1]), {Pong(b"0123456789")})
        self.assertLessEqual(len(frames), 50001)  # not all are answered while it does not read
        self.finish(4 * MIB)

    def test_pongs(self):
        client = self.client()
        self.assertGreaterEqual(push(client, frame(10, "x" * 125) * 2000, 20 * MIB), 20 * MIB)
        client.socket.close()
        self.finish(2 * MIB)

    def test_tiny_messages(self):
        self.assertEqual(self.echoes(text("x"), 50000), [Text("x")] * 50000 + [Close(1000)])
        self.finish(8 * MIB)

    def test_empty_fragments_without_end(self):
        client = self.client()
        client.send(text("", fin=False))
        self.assertGreaterEqual(push(client, more("", fin=False) * 30000, 12 * MIB), 12 * MIB)
        client.socket.close()
        self.finish(2 * MIB)

    def check_fragments(self, size, rsv=0, **how):
        """As many as one likes, up to the limit."""
        client = self.client(**how)
        client.send(binary(b"", fin=False, rsv=rsv))
        block = more(b"\0" * size, fin=False) * max(1, 200000 // size)
        push(client, block, LIMIT + MIB, idle=2)
        self.assertEqual(client.frames(), [Close(1009)._replace(payload=b"\x03\xf1message too big")])
        client.socket.close()
        self.finish(2 * LIMIT + 8 * MIB)

    def test_fragments_without_end(self):
        self.check_fragments(60000)

    def test_small_fragments_without_end(self):
        self.check_fragments(500)

    def test_compressed_fragments_without_end(self):
        self.check_fragments(60000, RSV1, path="/ws-deflate", offers="permessage-deflate")

    def test_frames_that_only_announce(self):
        """Much is announced, and nothing comes: nothing is kept for it."""
        clients = [self.client() for _ in range(200)]
        for one in clients:
            one.send(begin(BINARY, LIMIT, b"x" * 100, bits=64))
        time.sleep(0.3)
        for one in clients:
            one.socket.close()
        self.finish(8 * MIB)

    # ---- Bombs ------------------------------------------------------------------------------

    def test_bombs(self):
        """A thousand times what they weigh, a few at once; each is refused at the limit."""
        compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
        payload = b"".join(compressor.compress(bytes(MIB)) for _ in range(80 if SANITIZED else 200))
        payload += compressor.flush(zlib.Z_SYNC_FLUSH).removesuffix(TAIL)
        for opcode in (BINARY, TEXT):
            for offers in ("permessage-deflate", "permessage-deflate; client_no_context_takeover"):
                client = self.client("/ws-deflate", offers)
                client.send(frame(opcode, payload, rsv=RSV1))
                frames = client.frames()
                self.assertEqual([(one.opcode, one.payload[:2]) for one in frames],
                                 [(CLOSE, struct.pack(">H", 1009))])
                client.socket.close()
        self.finish(2 * LIMIT + 16 * MIB)

    # ---- Handshakes, and ends -----------------------------------------------------------------

    def test_connections_that_break(self):
        """At every place of a conversation."""
        sent = (request("/ws-deflate", {"Sec-WebSocket-Extensions": "permessage-deflate"}) + text("a") +
                binary(b"x" * 300, fin=False) + ping("p") + more("y" * 100) +
                text(bytes.fromhex("f248cdc9c90700"), rsv=RSV1) + close(1000))
        for at in range(0, len(sent), 1 if len(sent) < 1000 else 2):
            client = Client(self.server.port)
            client.send(sent[:at])
            if at % 3 == 0:
                reset(client)
            elif at % 3 == 1:
                client.socket.close()
            else:
                client.socket.shutdown(socket.SHUT_WR)
                while client.fill():
                    pass
                client.socket.close()
        self.finish(6 * MIB)

    def test_a_server_that_stops_says_so_in_each_order(self):
        """RFC 6455 §7.1.1, from the server's side: who has closed before, who answers, who does not, who
        goes on talking, who is within a message."""
        names = ("answers", "says more", "closes at once", "is within a message", "is silent")
        clients = {name: self.client() for name in names}
        clients["is within a message"].send(text("a", fin=False) + begin(0, 100, b"b"))
        self.bystander.over.set()
        self.bystander.join()
        time.sleep(0.2)
        self.server.process.send_signal(signal.SIGTERM)
        goodbye = Close(1001)._replace(payload=b"\x03\xe9server shutdown")
        for name in names:
            self.assertEqual(clients[name].frame(), goodbye, name)
        clients["answers"].send(close(1001))
        clients["says more"].send(text("x") + ping("p") + close(1001))
        clients["closes at once"].socket.close()
        clients["is within a message"].send(b"c" * 99 + more("d") + close(1001))
        for name in ("answers", "is within a message"):
            self.assertEqual(clients[name].frames(), [], name)
        said = clients["says more"].frames()
        self.assertLessEqual(set(said), {Pong(b"p")})
        began = time.monotonic()
        self.assertEqual(clients["is silent"].frames(), [])
        self.assertLess(time.monotonic() - began, 5 + MOST_SECONDS)
        self.ended(self.server)


class HandshakeTest(Flooded):
    options = ("--header-timeout=2",)

    def test_handshakes_that_stop(self):
        handshake, clients = request("/ws"), []
        for i in range(2000):
            client = socket.create_connection(("127.0.0.1", self.server.port))
            client.send(handshake[:i % len(handshake)])
            clients.append(client)
            if i % 50 == 0:
                time.sleep(0.02)  # or its backlog is full, and the kernel takes a second
        latecomer = self.client()
        latecomer.send(text("a") + close(1000))
        self.assertEqual(latecomer.frames(), [Text("a"), Close(1000)])
        latecomer.socket.close()
        began = time.monotonic()
        for i, client in enumerate(clients):
            if i % len(handshake) != 0:
                self.assertIn(b"408", client.recv(1000))
            client.close()
        self.assertLess(time.monotonic() - began, 2 + MOST_SECONDS)
        self.finish(2000 * 3000 + 4 * MIB)


if __name__ == "__main__":
    unittest.main(verbosity=2)
