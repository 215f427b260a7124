#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Uploads of real clients: to the example, and to the conformance program."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest
import unittest.mock

from curl_test import CURL, curl
from servers import TestCase, read_response, wait_until

MEGABYTE = 1 << 20


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def memory(program, name):
    text = pathlib.Path(f"/proc/{program.process.pid}/status").read_text()
    return 1024 * int(re.search(rf"{name}:\s*(\d+)", text).group(1))


class Upload(TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "large"
        self.data = bytes(range(256)) * 4096 * 20 + b"\r\n--\r\n"
        self.path.write_bytes(self.data)

    def test_example(self):
        server = self.start("examples/upload")
        self.assertIn(b"multipart/form-data", curl(server.url))
        found = curl("-F", "note=hello there", "-F", f"file=@{self.path}",
                     "-F", f"file=@{self.path};filename=an odd näme", server.url).decode()
        line = f"{sha256(self.data)}  {len(self.data)} bytes  "
        self.assertEqual(found, f"note: hello there\n{line}large\n{line}an odd näme\n")
        self.assertEqual(curl("-d", "note=1", server.url), b"note: 1\n")
        self.stop(server)

    def test_client_that_leaves(self):
        server = self.start("examples/upload")
        before = server.descriptors()
        clients = [self.connect(server) for _ in range(5)]
        for client in clients:
            client.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n"
                           b"Content-Type: multipart/form-data; boundary=1\r\n\r\n--1\r\n"
                           b"Content-Disposition: form-data; name=a; filename=b\r\n\r\n"
                           + b"x" * MEGABYTE)
        wait_until(lambda: server.descriptors() >= before + 10, "files are made")
        for client in clients:
            client.close()
        # The loop and its threads keep some descriptors of their own from the first use on.
        wait_until(lambda: server.descriptors() <= before + 1, "files are closed")
        self.stop(server)

    def test_what_is_refused(self):
        server = self.start("examples/upload")
        self.assertIn(b"415: ", curl("-H", "Content-Type: image/png", "--data-binary", "x", server.url))
        self.assertIn(b"400: ", curl("-H", "Content-Type: multipart/form-data; boundary=1",
                                     "--data-binary", "x", server.url))
        client = self.connect(server)
        client.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000001\r\n"
                       b"Content-Type: multipart/form-data; boundary=1\r\n\r\n")
        self.assertEqual(read_response(client)[0], 413)
        self.stop(server, [r"\w+:\d+\] 415 POST /", r"\w+:\d+\] 400 POST /",
                           r"\w+:\d+\] 400 .*: Invalid body: Invalid multipart/form-data: "])

    def parts(self, server, *arguments):
        return json.loads(curl(*arguments, f"{server.url}/upload"))["parts"]

    def test_conformance(self):
        server = self.start("tests/conformance")
        large = {"size": len(self.data), "sha256": sha256(self.data)}
        self.assertEqual(
            self.parts(server, "-F", "a=1", "-F", f"f=@{self.path}", "-F", "a="),
            [{"name": "a", "filename": None, "size": 1, "sha256": sha256(b"1")},
             {"name": "f", "filename": "large", **large},
             {"name": "a", "filename": None, "size": 0, "sha256": sha256(b"")}])
        raw = {"name": None, "filename": None, **large}
        self.assertEqual(self.parts(server, "--data-binary", f"@{self.path}"), [raw])
        self.assertEqual(self.parts(server, "--data-binary", f"@{self.path}", "-H",
                                    "Transfer-Encoding: chunked"), [raw])
        self.assertEqual(self.parts(server, "-d", "")[0]["size"], 0)
        self.stop(server)

    def test_memory_of_a_large_upload(self):
        few = {"ASAN_OPTIONS": "quarantine_size_mb=1"}  # it would keep what was freed
        with unittest.mock.patch.dict(os.environ, few):
            server = self.start("tests/conformance")
        self.parts(server, "--data-binary", f"@{self.path}")
        before = memory(server, "VmHWM")
        with subprocess.Popen(["head", "-c", str(300 * MEGABYTE), "/dev/zero"],
                              stdout=subprocess.PIPE) as zeros:
            found = subprocess.run([*CURL, "-T", "-", "-X", "POST", f"{server.url}/upload"],
                                   stdin=zeros.stdout, capture_output=True, check=True)
        self.assertEqual(json.loads(found.stdout)["parts"][0]["size"], 300 * MEGABYTE)
        # bench/run measures it; here the sanitizers have a share.
        self.assertLess(memory(server, "VmHWM") - before, 16 * MEGABYTE)
        self.stop(server)


if __name__ == "__main__":
    unittest.main()
