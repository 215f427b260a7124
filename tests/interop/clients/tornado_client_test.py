#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tornado's AsyncHTTPClient."""

import asyncio
import random
import time
import unittest

from servers import TestCase
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.simple_httpclient import HTTPTimeoutError


class TornadoClient(TestCase):
    def run_with_client(self, function):
        """Runs `function(client)`, a coroutine function."""
        async def run():
            client = AsyncHTTPClient(force_instance=True, max_clients=100)
            try:
                await asyncio.wait_for(function(client), 60)
            finally:
                client.close()

        asyncio.run(run())

    def test_hello(self):
        server = self.start("examples/hello")

        async def fetch(client):
            answer = await client.fetch(server.url + "/")
            self.assertEqual((answer.code, answer.body), (200, b"Hello, world"))
            self.assertEqual(answer.headers["Content-Type"], "text/html; charset=UTF-8")
            answers = await asyncio.gather(*(client.fetch(server.url + "/") for _ in range(100)))
            self.assertEqual({one.body for one in answers}, {b"Hello, world"})

        self.run_with_client(fetch)
        self.stop(server)

    def test_errors(self):
        server = self.start("examples/hello")

        async def fetch(client):
            with self.assertRaises(HTTPClientError) as missing:
                await client.fetch(server.url + "/none")
            self.assertEqual(missing.exception.code, 404)
            self.assertEqual(missing.exception.response.body,
                             b"<html><title>404: Not Found</title>"
                             b"<body>404: Not Found</body></html>")
            refused = await client.fetch(server.url + "/", method="DELETE", raise_error=False)
            self.assertEqual((refused.code, refused.headers["Allow"]), (405, "GET"))

        self.run_with_client(fetch)
        self.stop(server, [r"404 GET /none", r"405 DELETE /"])

    def test_head_post_and_put(self):
        server = self.start("tests/conformance")

        async def fetch(client):
            head = await client.fetch(server.url + "/", method="HEAD")
            self.assertEqual((head.headers["Content-Length"], head.body), ("12", b""))
            for method in ("POST", "PUT"):
                for body in (b"", b"short", random.Random(2).randbytes(3 << 20)):
                    answer = await client.fetch(server.url + "/echo", method=method, body=body)
                    self.assertEqual(answer.headers["Content-Type"], "application/octet-stream")
                    self.assertTrue(answer.body == body)

        self.run_with_client(fetch)
        self.stop(server)

    def test_body_in_chunks(self):
        server = self.start("tests/conformance")
        pieces = [random.Random(size).randbytes(size) for size in (1, 70_000, 3, 500_000)]

        async def produce(write):
            for piece in pieces:
                await write(piece)
                await asyncio.sleep(0.01)

        async def fetch(client):
            received = []
            await client.fetch(server.url + "/echo", method="POST", body_producer=produce,
                               streaming_callback=received.append)
            self.assertTrue(b"".join(received) == b"".join(pieces))

        self.run_with_client(fetch)
        self.stop(server)

    def test_100_continue(self):
        """This client does not send the body before it has come."""
        server = self.start("tests/conformance", "--body-limit=1000")

        async def fetch(client):
            answer = await client.fetch(server.url + "/echo", method="POST", body=b"body",
                                        expect_100_continue=True)
            self.assertEqual(answer.body, b"body")
            refused = await client.fetch(server.url + "/echo", method="POST", body=b"x" * 1001,
                                         expect_100_continue=True, raise_error=False)
            self.assertEqual(refused.code, 413)

        self.run_with_client(fetch)
        self.stop(server)

    def test_client_that_gives_up(self):
        server = self.start("examples/sleep")

        async def fetch(client):
            with self.assertRaises(HTTPTimeoutError):
                await client.fetch(server.url + "/?seconds=30", request_timeout=0.3)
            answer = await client.fetch(server.url + "/?seconds=0.1")
            self.assertEqual(answer.body, b"slept for 0.1 seconds\n")

        self.run_with_client(fetch)
        began = time.monotonic()
        self.stop(server)
        self.assertLess(time.monotonic() - began, 8, "the handler was not cancelled")


if __name__ == "__main__":
    unittest.main()
