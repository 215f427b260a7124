#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""fetch of Node: fetch.mjs holds the tests."""

import pathlib
import subprocess
import time
import unittest

from servers import TestCase, tool


class Node(TestCase):
    def test_fetch(self):
        hello = self.start("examples/hello")
        conformance = self.start("tests/conformance")
        sleep = self.start("examples/sleep")
        done = subprocess.run([tool("node"), pathlib.Path(__file__).with_name("fetch.mjs"),
                               hello.url, conformance.url, sleep.url],
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.stop(hello)
        self.stop(conformance, [r"404 GET /none", r"405 PATCH /echo"])
        began = time.monotonic()
        self.stop(sleep)
        self.assertLess(time.monotonic() - began, 8, "the handler was not cancelled")


if __name__ == "__main__":
    unittest.main()
