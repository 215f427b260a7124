#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Our clients, gale's own and libcurl's, against nginx, h2o, Node and Tornado, and through proxies."""

import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE / "fetching"), str(HERE / "hostile")]

import proxies  # noqa: E402
from certificates import Authority  # noqa: E402
from servers import Server  # noqa: E402

FETCHING = pathlib.Path(os.environ["GALE_BUILD"]) / "tests" / "fetching"
FILES = {"small": b"hello", "empty": b"", "page.html": b"<p>hello</p>\n" * 5000,
         "large": random.Random(4).randbytes(3_000_000)}
NO_PROXIES = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}


def sha1(data):
    return hashlib.sha1(data).hexdigest()


class FetchingTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        authority = Authority(cls.folder)
        cls.ca = authority.ca
        cls.certificate = authority.issue("server", "DNS:localhost,IP:127.0.0.1")
        cls.files = cls.folder / "files"
        cls.files.mkdir()
        for name, data in FILES.items():
            (cls.files / name).write_bytes(data)

    def fetch(self, *arguments, **environment):
        done = subprocess.run([FETCHING, f"--ca={self.ca}", *arguments], capture_output=True,
                              timeout=60, env={**NO_PROXIES, **environment})
        if done.returncode == 77:
            self.skipTest("built without libcurl")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def start(self, name):
        server = Server(name, tempfile.mkdtemp(dir=self.folder), self.files, self.certificate)
        self.addCleanup(server.close)
        return server

    def check_files(self, base, *options):
        paths = ["small", "large", "page.html", "empty", "none", "moved", "small"]
        results = self.fetch(*options, *(f"{base}/{path}" for path in paths))
        statuses = [200, 200, 200, 200, 404, 200, 200]
        self.assertEqual([result.get("status", result) for result in results], statuses)
        for path, result in zip(paths, results):
            data = FILES.get("small" if path == "moved" else path)
            if data is not None:
                self.assertEqual((result["length"], result["sha1"]), (len(data), sha1(data)), path)
        self.assertIn(results[2]["coding"], ("gzip", "br"))
        self.assertEqual([result["reused"] for result in results], [False] + [True] * 6)

    def check(self, name, echo=None):
        server = self.start(name)
        plain, tls = f"http://127.0.0.1:{server.plain}", f"https://localhost:{server.tls}"
        for options in ([], ["--curl"]):
            for base in (plain, tls):
                with self.subTest(base=base, options=options):
                    self.check_files(base, *options)
                    if echo:
                        result, = self.fetch(*options, "--post=a=b&c", base + echo)
                        self.assertEqual(result["sha1"], sha1(b"a=b&c"), result)
        return server

    def test_nginx(self):
        server = self.check("nginx")
        for options in ([], ["--curl"]):
            base = f"http://127.0.0.1:{server.plain}"
            one, two = self.fetch(*options, "--jar", base + "/cookie", base + "/private")
            self.assertEqual((one["status"], two["status"]), (200, 200))
            self.assertEqual(self.fetch(*options, base + "/private")[0]["status"], 403)

    def test_h2o(self):
        self.check("h2o")

    def test_node(self):
        self.check("node", "/echo")

    def test_tornado(self):
        self.check("tornado", "/echo")

    def through(self, serve, scheme, server, *options):
        """What the proxy was asked for a plain and a TLS request."""
        proxy = proxies.Proxy(serve)
        self.addCleanup(proxy.close)
        url = f"{scheme}://user:secret@127.0.0.1:{proxy.port}"
        results = self.fetch(*options, f"http://localhost:{server.plain}/small",
                             f"https://localhost:{server.tls}/small", all_proxy=url)
        self.assertEqual([result.get("sha1", result) for result in results], [sha1(b"hello")] * 2)
        refused = self.fetch(*options, f"https://localhost:{server.tls}/small",
                             https_proxy=f"{scheme}://127.0.0.1:{proxy.port}")
        self.assertIn("error", refused[0])
        direct = self.fetch(*options, f"http://localhost:{server.plain}/small",
                            http_proxy="http://127.0.0.1:1", no_proxy="localhost")
        self.assertEqual(direct[0]["status"], 200)
        return proxy.asked

    def test_proxies(self):
        server = self.start("nginx")
        for options in ([], ["--curl"]):
            with self.subTest(options=options):
                asked = self.through(proxies.http, "http", server, *options)
                self.assertEqual(asked, [f"GET http://localhost:{server.plain}/small"] +
                                 [f"CONNECT localhost:{server.tls}"] * 2)
                asked = self.through(proxies.socks, "socks5h", server, *options)
                self.assertEqual(asked, [f"localhost:{server.plain}", f"localhost:{server.tls}"])
                asked = self.through(proxies.socks, "socks5", server, *options)
                for host, port in zip(asked, (server.plain, server.tls)):
                    self.assertIn(host, (f"127.0.0.1:{port}", f"::1:{port}"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
