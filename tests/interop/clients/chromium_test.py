#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A browser shows hello: headless Chromium, which is kept from anything but this machine."""

import socket
import subprocess
import tempfile
import unittest

from servers import TestCase, tool

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
    def test_hello(self):
        server = self.start("examples/hello", port=port_8888())
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            shown = subprocess.run([tool("chromium"), *OPTIONS, f"--user-data-dir={profile}",
                                    "--dump-dom", f"http://localhost:{server.port}/"],
                                   capture_output=True, text=True, timeout=120)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertRegex(shown.stdout, r"<body>Hello, world</body>", shown.stderr)
        self.stop(server, log=self.favicon(server))

    def favicon(self, server):
        """The one page more that a browser may ask for."""
        return [r"404 GET /favicon\.ico"] if "favicon" in server.log() else []


if __name__ == "__main__":
    unittest.main()
