#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Clients over TLS: curl, Node, Python, openssl s_client; how connections begin and end."""

import hashlib
import os
import pathlib
import random
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

from servers import TestCase, free_port, get, read_response, tool

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "hostile"))
from certificates import Authority  # noqa: E402

NODE = """
const size = 3000000, body = require("crypto").randomBytes(size);
const url = process.argv[1];
const text = async (path, options) => {
    const answer = await fetch(url + path, options);
    return Buffer.from(await answer.arrayBuffer());
};
(async () => {
    const many = await Promise.all(Array.from({ length: 50 }, () => text("/")));
    if (!many.every((one) => one.toString() === "Hello, world")) throw new Error("hello");
    if (!body.equals(await text("/echo", { method: "POST", body }))) throw new Error("echo");
})();
"""


class Tls(TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.authority = Authority(cls.folder)
        cls.good = cls.authority.issue("good", "DNS:localhost,IP:127.0.0.1")
        cls.large = cls.folder / "large"
        cls.large.write_bytes(random.Random(1).randbytes(20_000_000))

    def setUp(self):
        self.tls_port = free_port()
        self.server = self.start("tests/conformance", f"--tls-port={self.tls_port}",
                                 f"--cert={self.good}", f"--key={self.good}",
                                 f"--static={self.folder}")
        self.url = f"https://localhost:{self.tls_port}"

    def openssl(self, *options, send=b"", wait=0.3):
        """What s_client prints when it sends this, and ends its input after a while."""
        client = subprocess.Popen(
            [tool("openssl"), "s_client", "-connect", f"127.0.0.1:{self.tls_port}", "-servername",
             "localhost", "-CAfile", self.authority.ca, *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        client.stdin.write(send)
        client.stdin.flush()
        time.sleep(wait)
        return client.communicate(timeout=30)[0].decode(errors="replace")

    def python(self, **settings):
        context = ssl.create_default_context(cafile=self.authority.ca)
        for name, value in settings.items():
            setattr(context, name, value)
        connection = socket.create_connection(("127.0.0.1", self.tls_port), 30)
        secure = context.wrap_socket(connection, server_hostname="localhost")
        self.addCleanup(secure.close)
        return secure

    def test_curl(self):
        curl = [tool("curl"), "--silent", "--show-error", "--noproxy", "*", "--max-time", "60",
                "--cacert", self.authority.ca]
        run = lambda *more: subprocess.run([*curl, *more], check=True, capture_output=True).stdout
        self.assertEqual(run(self.url + "/"), b"Hello, world")
        self.assertEqual(run("--tls-max", "1.2", self.url + "/"), b"Hello, world")
        self.assertEqual(run(f"https://127.0.0.1:{self.tls_port}/"), b"Hello, world")
        counts = run("--write-out", "%{num_connects}", "--output", "/dev/null", self.url + "/",
                     "--output", "/dev/null", self.url + "/")
        self.assertEqual(counts, b"10")
        large = self.large.read_bytes()
        self.assertEqual(run(self.url + "/static/large"), large)
        self.assertEqual(run("--limit-rate", "40M", self.url + "/static/large"), large)
        self.assertEqual(run("--range", "100-70000", self.url + "/static/large"), large[100:70001])
        self.assertIn(hashlib.sha256(large).hexdigest().encode(),
                      run("--data-binary", f"@{self.large}", self.url + "/upload"))
        self.stop(self.server)

    def test_node(self):
        done = subprocess.run([tool("node"), "-e", NODE, self.url], capture_output=True, text=True,
                              env={**os.environ, "NODE_EXTRA_CA_CERTS": str(self.authority.ca)},
                              timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.stop(self.server)

    def test_python(self):
        secure = self.python()
        self.assertEqual(secure.version(), "TLSv1.3")
        for _ in range(3):
            secure.sendall(get("/") + get("/"))
            self.assertEqual(read_response(secure)[2], b"Hello, world")
            self.assertEqual(read_response(secure)[2], b"Hello, world")
        secure.sendall(get("/", "Connection: close"))
        self.assertEqual(read_response(secure)[2], b"Hello, world")
        self.assertEqual(secure.recv(1), b"")  # an SSLEOFError without a close_notify
        old = self.python(maximum_version=ssl.TLSVersion.TLSv1_2)
        self.assertEqual(old.version(), "TLSv1.2")
        old.sendall(get("/"))
        self.assertEqual(read_response(old)[2], b"Hello, world")
        self.stop(self.server)  # the idle one is told
        self.assertEqual(old.recv(1), b"")

    def test_openssl(self):
        self.assertIn("Verify return code: 0 (ok)", self.openssl())
        self.assertIn("Hello, world", self.openssl(send=get("/")))
        self.assertIn("ALPN protocol: http/1.1", self.openssl("-alpn", "h2,http/1.1"))
        self.assertIn("No ALPN negotiated", self.openssl("-alpn", "h2"))
        self.assertNotIn("Compression: zlib", self.openssl("-tls1_2"))
        # "K" asks for new keys, "R" would begin a new handshake
        closed = self.openssl("-quiet", send=get("/", "Connection: close"))  # until the server ends
        self.assertIn("Hello, world", closed)
        self.assertNotIn("unexpected eof", closed)
        again = self.openssl(send=b"K\n" + get("/"), wait=0.5)
        self.assertIn("KEYUPDATE", again)
        refused = self.openssl("-tls1_2", send=b"R\n", wait=0.5)
        self.assertIn("RENEGOTIATING", refused)
        self.assertIn("no renegotiation", refused.lower())
        self.server.process.terminate()
        self.server.process.wait(30)

    def test_sessions_go_on(self):
        for version in ("-tls1_2", "-tls1_3"):
            kept = self.folder / f"session{version}"
            self.openssl(version, "-sess_out", kept)
            self.assertIn("Reused, TLS", self.openssl(version, "-sess_in", kept))
        self.stop(self.server)


if __name__ == "__main__":
    unittest.main()
