#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""curl: methods, uploads of both framings, 100-continue, reuse of connections."""

import json
import pathlib
import random
import subprocess
import tempfile
import time
import unittest
from email.utils import parsedate_to_datetime

from servers import TestCase, tool

CURL = [tool("curl"), "--silent", "--show-error", "--noproxy", "*", "--max-time", "60"]


def curl(*arguments, data=None):
    """The bytes that curl writes; it must succeed."""
    done = subprocess.run([*CURL, *arguments], input=data, capture_output=True)
    if done.returncode != 0:
        raise AssertionError(f"curl {arguments}: status {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def measured(*arguments, data=None):
    """What curl counted in one transfer, as %{json} of --write-out."""
    return json.loads(curl("--output", "/dev/null", "--write-out", "%{json}", *arguments, data=data))


class Hello(TestCase):
    def setUp(self):
        self.server = self.start("examples/hello")
        self.url = self.server.url + "/"

    def test_get(self):
        head, _, body = curl("--include", self.url).decode().partition("\r\n\r\n")
        lines = head.split("\r\n")
        self.assertEqual(lines[0], "HTTP/1.1 200 OK")
        self.assertIn("Content-Length: 12", lines)
        self.assertIn("Content-Type: text/html; charset=UTF-8", lines)
        dates = [line[6:] for line in lines if line.startswith("Date: ")]
        self.assertEqual(len(dates), 1, lines)
        self.assertLess(abs(parsedate_to_datetime(dates[0]).timestamp() - time.time()), 5)
        self.assertTrue(any(line.startswith("Server: ") for line in lines), lines)
        self.assertEqual(body, "Hello, world")
        self.stop(self.server)

    def test_http_1_0(self):
        counts = curl("--http1.0", "--write-out", "%{num_connects}", "--output", "/dev/null",
                      self.url, "--output", "/dev/null", self.url)
        self.assertEqual(counts, b"11")
        kept = curl("--http1.0", "--header", "Connection: keep-alive", "--include", self.url,
                    "--write-out", "|%{num_connects}|", self.url).decode()
        self.assertRegex(kept, r"(?i)\r\nConnection: keep-alive\r\n")
        self.assertRegex(kept, r"(?s)Hello, world\|1\|.*Hello, world\|0\|")
        self.stop(self.server)

    def test_missing_page(self):
        self.assertEqual(measured(self.server.url + "/none")["http_code"], 404)
        self.stop(self.server, [r"404 GET /none"])

    def test_connection_is_used_again(self):
        connections = curl("--write-out", "%{stderr}%{num_connects}%{stdout}|", *[self.url] * 5)
        self.assertEqual(connections, b"Hello, world|" * 5)
        counts = curl("--output", "/dev/null", "--write-out", "%{num_connects}", self.url,
                      "--output", "/dev/null", self.url, "--output", "/dev/null", self.url)
        self.assertEqual(counts, b"100")
        self.stop(self.server)

    def test_connection_is_closed_when_asked(self):
        counts = curl("--header", "Connection: close", "--write-out", "%{num_connects}",
                      "--output", "/dev/null", self.url, "--output", "/dev/null", self.url)
        self.assertEqual(counts, b"11")
        self.stop(self.server)

    def test_fifty_at_once(self):
        bodies = curl("--parallel", "--parallel-immediate", "--parallel-max", "50",
                      self.url + "?[1-200]")
        self.assertEqual(bodies, b"Hello, world" * 200)
        self.stop(self.server)


class Conformance(TestCase):
    def setUp(self):
        self.server = self.start("tests/conformance")
        self.echo = self.server.url + "/echo"

    def test_head(self):
        head = curl("--head", self.server.url + "/").decode()
        self.assertTrue(head.startswith("HTTP/1.1 200 OK\r\n"), head)
        self.assertIn("\r\nContent-Length: 12\r\n", head)
        self.stop(self.server)

    def test_connection_is_used_again_after_head_and_post(self):
        counts = curl("--write-out", "%{num_connects}", "--head", "--output", "/dev/null",
                      self.server.url + "/", "--next", *CURL[1:], "--write-out", "%{num_connects}",
                      "--data", "body", "--output", "/dev/null", self.echo, "--next", *CURL[1:],
                      "--write-out", "%{num_connects}", "--output", "/dev/null",
                      self.server.url + "/")
        self.assertEqual(counts, b"100")
        self.stop(self.server)

    def test_post_and_put(self):
        self.assertEqual(curl("--data", "a=1&b=2", self.echo), b"a=1&b=2")
        self.assertEqual(curl("--data", "", self.echo), b"")
        self.assertEqual(curl("--upload-file", "-", self.echo, data=b"put\0it"), b"put\0it")
        self.stop(self.server)

    def test_other_method_is_refused_with_allow(self):
        head = curl("--include", "--request", "DELETE", self.echo).decode()
        self.assertTrue(head.startswith("HTTP/1.1 405 Method Not Allowed\r\n"), head)
        self.assertRegex(head, r"\r\nAllow: (POST, PUT|PUT, POST)\r\n")
        self.stop(self.server, [r"405 DELETE /echo"])

    def test_chunked_upload(self):
        for size in (0, 1, 5000, 300_000):
            data = random.Random(size).randbytes(size)
            echoed = curl("--header", "Transfer-Encoding: chunked", "--data-binary", "@-", self.echo,
                          data=data)
            self.assertTrue(echoed == data, f"{size} bytes came back changed")
        self.stop(self.server)

    def test_large_upload(self):
        data = random.Random(1).randbytes(20 << 20)
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "data")
            file.write_bytes(data)
            for how in (["--data-binary", f"@{file}"], ["--upload-file", str(file)],
                        ["--upload-file", str(file), "--header", "Transfer-Encoding: chunked"]):
                self.assertTrue(curl(*how, self.echo) == data, f"{how} came back changed")
        self.stop(self.server)

    def test_100_continue(self):
        """curl waits for it 50 seconds, and would not tell of one that did not come."""
        done = subprocess.run([*CURL, "--verbose", "--expect100-timeout", "50",
                               "--header", "Expect: 100-continue", "--data", "body", self.echo],
                              capture_output=True)
        self.assertEqual(done.stdout, b"body", done.stderr)
        self.assertIn(b"\n< HTTP/1.1 100 Continue\r\n", done.stderr)
        self.assertIn(b"\n< HTTP/1.1 200 OK\r\n", done.stderr)
        self.stop(self.server)

    def test_limit_of_a_head(self):
        for size, status in ((65_000, 200), (66_000, 431)):
            counted = measured("--header", "X-Large: " + "x" * size, self.server.url + "/")
            self.assertEqual(counted["http_code"], status)
        self.stop(self.server)


class ConformanceWithLimit(TestCase):
    def test_body_that_is_announced_as_too_large_is_not_sent(self):
        server = self.start("tests/conformance", "--body-limit=1000")
        counted = measured("--expect100-timeout", "50", "--header", "Expect: 100-continue",
                           "--data-binary", "@-", server.url + "/echo", data=b"x" * 1001)
        self.assertEqual((counted["http_code"], counted["size_upload"]), (413, 0))
        self.stop(server)


if __name__ == "__main__":
    unittest.main()
