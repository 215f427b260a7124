#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Limits: descriptors, the time for a head, the size of a body."""

import os
import selectors
import socket
import time
import unittest

from servers import TestCase, get, read_response, wait_until


class Flood:
    """Clients that connect, ask for hello and keep the connection."""

    def __init__(self, port, clients):
        self.selector = selectors.DefaultSelector()
        self.clients = [socket.socket() for _ in range(clients)]
        self.answered, self.turned_away = [], 0
        for client in self.clients:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            self.selector.register(client, selectors.EVENT_WRITE)

    def run(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for key, events in self.selector.select(0.05):
                if events & selectors.EVENT_WRITE:
                    self.ask(key.fileobj)
                else:
                    self.read(key.fileobj)

    def ask(self, client):
        self.selector.modify(client, selectors.EVENT_READ)
        try:
            client.sendall(get("/"))
        except OSError:
            self.turn_away(client)

    def read(self, client):
        try:
            data = client.recv(1000)
        except OSError:
            data = b""
        if not data:
            self.turn_away(client)
            return
        assert data.endswith(b"Hello, world"), data
        self.selector.unregister(client)
        self.answered.append(client)

    def turn_away(self, client):
        self.selector.unregister(client)
        client.close()
        self.turned_away += 1

    def close(self):
        for client in self.clients:
            client.close()
        self.selector.close()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        cells = stat.read().rpartition(")")[2].split()
    return (int(cells[11]) + int(cells[12])) / os.sysconf("SC_CLK_TCK")


class Descriptors(TestCase):
    def test_flood_past_the_limit(self):
        server = self.start("examples/hello", descriptors=64)
        before, began = server.descriptors(), time.monotonic()
        flood = Flood(server.port, 200)
        self.addCleanup(flood.close)
        flood.run(2.5)
        first = len(flood.answered)
        self.assertTrue(30 <= first <= 64, f"{first} answered")
        self.assertGreater(flood.turned_away, 0)
        self.assertLess(cpu_seconds(server.process.pid), 1.2, "it spun")
        for client in flood.answered[:20]:
            client.close()
        flood.run(1.5)
        self.assertGreaterEqual(len(flood.answered), first + 15, "those who wait are let in")
        flood.close()
        wait_until(lambda: server.descriptors() == before, "all is closed")
        client = self.connect(server)
        client.sendall(get("/"))
        self.assertEqual(read_response(client)[2], b"Hello, world")
        self.assertLessEqual(len(server.log().splitlines()), time.monotonic() - began + 1)
        self.stop(server, [r"accept: Too many open files; pausing"])


class HeaderTimeout(TestCase):
    def setUp(self):
        self.server = self.start("tests/conformance", "--header-timeout=0.5")

    def test_half_a_head(self):
        client = self.connect(self.server)
        began = time.monotonic()
        client.sendall(b"GET / HTTP/1.1\r\nHost: local")
        status, headers, _ = read_response(client)
        self.assertEqual((status, headers["connection"].lower()), (408, "close"))
        self.assertGreaterEqual(time.monotonic() - began, 0.5)
        self.assertEqual(client.recv(1), b"")
        client.close()
        self.stop(self.server)

    def test_head_byte_by_byte(self):
        client = self.connect(self.server)
        began = time.monotonic()
        answer = b""
        client.settimeout(0.05)
        for byte in get("/"):
            client.sendall(bytes([byte]))
            try:
                answer = client.recv(1000)
                break
            except TimeoutError:
                pass
        self.assertIn(b" 408 ", answer.partition(b"\r\n")[0] + b" ")
        self.assertGreaterEqual(time.monotonic() - began, 0.5)
        client.close()
        self.stop(self.server)

    def test_other_clients_are_not_held_up_nor_idle_ones_closed(self):
        idle, slow = self.connect(self.server), self.connect(self.server)
        idle.sendall(get("/"))
        self.assertEqual(read_response(idle)[0], 200)
        slow.sendall(b"G")
        self.assertEqual(read_response(slow)[0], 408)
        slow.close()
        time.sleep(0.5)
        idle.sendall(get("/"))
        self.assertEqual(read_response(idle)[2], b"Hello, world")
        self.stop(self.server)


class BodyLimit(TestCase):
    def setUp(self):
        self.server = self.start("tests/conformance", "--body-limit=1000")

    def post(self, headers, body):
        with self.connect(self.server) as client:
            client.sendall(b"POST /echo HTTP/1.1\r\nHost: localhost\r\n%b\r\n\r\n%b"
                           % (headers, body))
            return read_response(client)

    def test_with_a_length(self):
        status, _, body = self.post(b"Content-Length: 1000", b"x" * 1000)
        self.assertEqual((status, body), (200, b"x" * 1000))
        status, headers, _ = self.post(b"Content-Length: 1001", b"")
        self.assertEqual((status, headers["connection"].lower()), (413, "close"))
        self.stop(self.server)

    def test_in_chunks(self):
        chunked = b"Transfer-Encoding: chunked"
        status, _, body = self.post(chunked, b"1f4\r\n%b\r\n1f4\r\n%b\r\n0\r\n\r\n"
                                    % (b"x" * 500, b"y" * 500))
        self.assertEqual((status, body), (200, b"x" * 500 + b"y" * 500))
        status, headers, _ = self.post(chunked, b"3e8\r\n%b\r\n1\r\nx\r\n0\r\n\r\n" % (b"x" * 1000))
        self.assertEqual((status, headers["connection"].lower()), (413, "close"))
        self.stop(self.server)


if __name__ == "__main__":
    unittest.main()
