#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How the programs begin and end: a port in use, SIGTERM once and twice, SIGINT."""

import select
import signal
import socket
import threading
import time
import unittest

from servers import TestCase, get, read_response, wait_until

SERVERS = ("examples/hello", "examples/sleep", "examples/longpoll", "examples/tcpecho_server",
           "tests/conformance")


class PortInUse(TestCase):
    def test_one_line_and_status_1(self):
        with socket.create_server(("", 0)) as other:
            port = other.getsockname()[1]
            for name in (*SERVERS, "examples/workers"):
                with self.subTest(name):
                    program = self.launch(name, port=port)
                    self.ended(program, [rf"port {port}: Address already in use"], status=1)
                    self.assertEqual(len(program.log().splitlines()), 1, program.log())


class Stop(TestCase):
    def refuses(self, server):
        try:
            socket.create_connection(("127.0.0.1", server.port), 1).close()
        except OSError:
            return True
        return False

    def test_each_ends_with_0(self):
        for name in SERVERS:
            for number in (signal.SIGTERM, signal.SIGINT):
                with self.subTest(name, signal=number):
                    server = self.start(name)
                    server.process.send_signal(number)
                    self.ended(server)

    def test_what_is_in_flight_is_finished(self):
        server = self.start("examples/sleep")
        idle, busy = self.connect(server), self.connect(server)
        idle.sendall(get("/?seconds=0"))
        self.assertEqual(read_response(idle)[0], 200)
        busy.sendall(get("/?seconds=3"))
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(idle.recv(1), b"", "an idle connection is closed")
        wait_until(lambda: self.refuses(server), "new connections are refused")
        self.assertEqual(select.select([busy], [], [], 0)[0], [], "and what is in flight goes on")
        self.assertIsNone(server.process.poll())
        status, headers, body = read_response(busy)
        self.assertEqual((status, body), (200, b"slept for 3 seconds\n"))
        self.assertEqual(headers["connection"].lower(), "close")
        self.assertEqual(busy.recv(1), b"")
        self.ended(server)

    def ask_until_closed(self, server, outcomes):
        """Requests without a pause on one connection; notes how the last one ended."""
        connection = self.connect(server)
        try:
            while True:
                connection.sendall(get("/?seconds=0"))
                first = connection.recv(65536)
                if not first:
                    break
                self.assertIn(b"slept for 0 seconds", first)  # whole, or not at all
            outcomes.append("closed")
        except OSError:
            outcomes.append("reset")
        except AssertionError as error:
            outcomes.append(repr(error))

    def test_under_load(self):
        """All that are waited for are answered, and no answer is cut."""
        server = self.start("examples/sleep")
        outcomes = []
        load = [threading.Thread(target=self.ask_until_closed, args=(server, outcomes))
                for _ in range(8)]
        for thread in load:
            thread.start()
        busy = [self.connect(server) for _ in range(100)]
        for connection in busy:
            connection.sendall(get("/?seconds=1"))
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        for connection in busy:
            status, headers, _ = read_response(connection)
            self.assertEqual((status, headers["connection"].lower()), (200, "close"))
        for thread in load:
            thread.join()
        self.assertEqual(len(outcomes), 8)
        self.assertFalse([outcome for outcome in outcomes if outcome not in ("closed", "reset")])
        self.ended(server)

    def test_second_signal_ends_at_once_with_1(self):
        server = self.start("examples/sleep")
        busy = self.connect(server)
        busy.sendall(get("/?seconds=50"))
        time.sleep(0.3)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: self.refuses(server), "new connections are refused")
        self.assertIsNone(server.process.poll())
        server.process.send_signal(signal.SIGTERM)
        self.ended(server, status=1)
        self.assertLess(time.monotonic() - began, 8, "it waited for its handler")


if __name__ == "__main__":
    unittest.main()
