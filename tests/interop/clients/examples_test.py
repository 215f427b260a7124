#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""sleep, longpoll and workers: waiting, being notified, clients that leave, workers that die."""

import os
import pathlib
import signal
import socket
import struct
import time
import unittest

from servers import TestCase, children, get, has_loop, read_response, wait_until


def reset(connection):
    """Closes with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Sleep(TestCase):
    def setUp(self):
        self.server = self.start("examples/sleep")

    def test_waits_and_answers(self):
        began = time.monotonic()
        clients = [self.connect(self.server) for _ in range(20)]
        for client in clients:
            client.sendall(get("/?seconds=0.5"))
        for client in clients:
            status, _, body = read_response(client)
            self.assertEqual((status, body), (200, b"slept for 0.5 seconds\n"))
            self.assertGreaterEqual(time.monotonic() - began, 0.5)
        self.assertLess(time.monotonic() - began, 5, "they did not wait at the same time")
        self.stop(self.server)

    def test_requests_of_one_connection_are_answered_in_turn(self):
        client = self.connect(self.server)
        client.sendall(get("/?seconds=0.3") + get("/?seconds=0.1") + get("/?seconds=0"))
        self.assertEqual([read_response(client)[2] for _ in range(3)],
                         [b"slept for %s seconds\n" % text for text in (b"0.3", b"0.1", b"0")])
        self.stop(self.server)

    def test_refuses_what_is_no_time(self):
        client = self.connect(self.server)
        for text in ("soon", "-1", "61", "nan"):
            client.sendall(get(f"/?seconds={text}"))
            expected = 200 if text == "soon" else 400
            self.assertEqual(read_response(client)[0], expected, text)
        self.stop(self.server, [r"\w+:\d+\] 400 GET .*: seconds must be from 0 to 60",
                                r"\w+:\d+\] 400 GET /\?seconds="])

    def test_client_that_leaves_ends_its_handler(self):
        before = self.server.descriptors()
        for leave in (socket.socket.close, reset, lambda client: client.shutdown(socket.SHUT_WR)):
            clients = [self.connect(self.server) for _ in range(10)]
            for client in clients:
                client.sendall(get("/?seconds=50"))
            wait_until(lambda: self.server.descriptors() == before + 10, "all are accepted")
            time.sleep(0.1)
            for client in clients:
                leave(client)
            wait_until(lambda: self.server.descriptors() == before, "their connections are closed")
        began = time.monotonic()
        self.stop(self.server)
        self.assertLess(time.monotonic() - began, 8, "a handler was still waiting")


class Subprocess(TestCase):
    def post(self, server, text):
        client = self.connect(server)
        client.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(text) + text)
        return client

    def test_text_comes_back_sorted(self):
        server = self.start("examples/subprocess")
        lines = [b"%06d\n" % ((i * 7919) % 100000) for i in range(20000)]
        for text in (b"b\na\n", b"", b"".join(lines)):
            status, _, body = read_response(self.post(server, text))
            self.assertEqual((status, body), (200, b"".join(sorted(text.splitlines(True)))))
        self.assertEqual(children(server.process.pid), [])
        self.stop(server)

    def test_client_that_leaves_ends_its_program(self):
        server = self.start("examples/subprocess")
        clients = [self.post(server, b"line\n" * 100000) for _ in range(5)]
        for client in clients:
            reset(client)
        wait_until(lambda: not children(server.process.pid), "no program runs")
        status, _, body = read_response(self.post(server, b"2\n1\n"))
        self.assertEqual((status, body), (200, b"1\n2\n"))
        self.stop(server)


class LongPoll(TestCase):
    def exchange(self, client, request):
        client.sendall(request)
        return read_response(client)

    def test_all_who_wait_are_told(self):
        server = self.start("examples/longpoll")
        before = server.descriptors()
        poster = self.connect(server)
        for message in (b"good morning", b"", b"\0\xff"):
            waiting = [self.connect(server) for _ in range(50)]
            for client in waiting:
                client.sendall(get("/"))
            wait_until(lambda: server.descriptors() == before + 51, "all are accepted")
            for _ in range(2):  # what was sent before them has been read by now
                self.assertEqual(self.exchange(poster, get("/none"))[0], 404)
            poster.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
                           % (len(message), message))
            for client in waiting:
                status, _, body = read_response(client)
                self.assertEqual((status, body), (200, message))
                client.close()
            self.assertTrue(poster.recv(1000).startswith(b"HTTP/1.1 204 No Content\r\n"))
            wait_until(lambda: server.descriptors() == before + 1, "their connections are closed")
        self.stop(server, [r"404 GET /none"])

    def test_those_who_have_left_are_not_missed(self):
        server = self.start("examples/longpoll")
        before = server.descriptors()
        waiting = [self.connect(server) for _ in range(50)]
        for client in waiting:
            client.sendall(get("/"))
        wait_until(lambda: server.descriptors() == before + 50, "all are accepted")
        for client in waiting[::2]:
            reset(client)
        wait_until(lambda: server.descriptors() == before + 25, "half of them are gone")
        poster = self.connect(server)
        poster.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nnews")
        for client in waiting[1::2]:
            self.assertEqual(read_response(client)[2], b"news")
        self.stop(server)


class Workers(TestCase):
    def wait_for_workers(self, server, count, without=None):
        def look():
            pids = children(server.process.pid)
            there = len(pids) == count and without not in pids and all(map(has_loop, pids))
            return pids if there else None

        return wait_until(look, f"{count} workers")

    def all_serve(self, server):
        clients = [self.connect(server) for _ in range(60)]
        for client in clients:
            client.sendall(get("/"))
        for client in clients:
            self.assertEqual(read_response(client)[2], b"Hello, world")

    def test_the_dead_are_replaced(self):
        server = self.start("examples/workers", "--workers=5")
        pids = self.wait_for_workers(server, 5)
        self.all_serve(server)
        os.kill(pids[1], signal.SIGKILL)
        pids = self.wait_for_workers(server, 5, without=pids[1])
        self.all_serve(server)
        self.stop(server, [r"child 1 \(pid \d+\) killed by signal 9, restarting"])
        for pid in pids:
            self.assertFalse(pathlib.Path(f"/proc/{pid}").exists(), "a worker was left behind")

    def test_each_closes_its_idle_connections_when_told_to_end(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.start("examples/workers", "--workers=2")
            self.wait_for_workers(server, 2)
            clients = [self.connect(server) for _ in range(20)]
            for client in clients:
                client.sendall(get("/"))
            for client in clients:
                self.assertEqual(read_response(client)[0], 200)
            server.process.send_signal(number)
            self.ended(server)
            for client in clients:
                self.assertEqual(client.recv(1), b"")


if __name__ == "__main__":
    unittest.main()
