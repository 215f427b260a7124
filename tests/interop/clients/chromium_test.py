#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A browser shows hello, also over TLS: headless Chromium, which is kept from anything but this machine."""

import socket
import subprocess
import tempfile
import unittest

from servers import TestCase, free_port, tool

OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
           "--disable-background-networking", "--disable-component-update", "--disable-sync",
           "--disable-extensions", "--no-first-run", "--no-proxy-server",
           "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"]


def port_8888():
    """Where a newcomer looks; but another program may have it."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("", 8888))
        except OSError:
            return 0
    return 8888


class Chromium(TestCase):
    def assert_hello(self, url, *options):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            shown = subprocess.run([tool("chromium"), *OPTIONS, *options,
                                    f"--user-data-dir={profile}", "--dump-dom", url],
                                   capture_output=True, text=True, timeout=120)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertRegex(shown.stdout, r"<body>Hello, world</body>", shown.stderr)

    def test_hello(self):
        server = self.start("examples/hello", port=port_8888())
        self.assert_hello(f"http://localhost:{server.port}/")
        self.stop(server, log=self.favicon(server))

    def test_hello_over_tls(self):
        port = free_port()
        server = self.start("tests/conformance", f"--tls-port={port}")
        self.assert_hello(f"https://localhost:{port}/", "--ignore-certificate-errors")
        self.stop(server, log=self.favicon(server))

    def favicon(self, server):
        """The one page more that a browser may ask for."""
        return [r"404 GET /favicon\.ico"] if "favicon" in server.log() else []


if __name__ == "__main__":
    unittest.main()
