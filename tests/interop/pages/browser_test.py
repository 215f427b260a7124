#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The pages of the examples in Chromium: chats with two browsers that talk, a ticker, and events.

A page's steps are in NAME.js, which is run by Node with Playwright. With PICTURES=DIRECTORY
in the environment it takes screenshots."""

import os
import pathlib
import subprocess
import unittest

from servers import PATIENCE, Program, TestCase, free_port, tool

FOLDER = pathlib.Path(__file__).parent
SOURCE = pathlib.Path(os.environ["GALE_SOURCE"])
MODULES = SOURCE / "build/browser/node_modules"


class Pages(TestCase):
    def setUp(self):
        if not (MODULES / "playwright-core").is_dir():
            self.fail("playwright-core is not installed: run scripts/setup check")
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(SOURCE)  # where examples/ is

    def start_again(self):
        self.server = Program(*self.arguments, port=self.port)
        self.addCleanup(self.server.kill)
        self.server.wait_for_port()

    def visit(self, program, *options, log=()):
        """Runs the steps of the page; they may ask for the server to be stopped and started."""
        self.arguments, self.port = (program, *options), free_port()
        self.start_again()
        name = program.rpartition("/")[2]
        steps = subprocess.Popen([tool("node"), FOLDER / f"{name}.js", f"http://127.0.0.1:{self.port}"],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                 env={**os.environ, "NODE_PATH": str(MODULES),
                                      "CHROMIUM": tool("chromium")})
        self.addCleanup(steps.stdout.close)
        self.addCleanup(steps.stdin.close)
        self.addCleanup(steps.kill)
        for line in steps.stdout:
            if line.strip() in ("stop", "restart"):
                self.stop(self.server)
            if line.strip() == "kill":
                self.server.kill()
            if line.strip() in ("start", "restart"):
                self.start_again()
            steps.stdin.write("done\n")
            steps.stdin.flush()
        self.assertEqual(steps.wait(PATIENCE), 0, self.server.log())
        self.stop(self.server, log=log)

    def test_websocket_chat(self):
        self.visit("examples/websocket_chat")

    def test_chat(self):
        self.visit("examples/chat", "--debug=false")

    def test_ticker(self):
        self.visit("examples/ticker", "--interval=0.1")

    def test_events(self):
        self.visit("tests/conformance", log=[r"404 GET /favicon\.ico"])


if __name__ == "__main__":
    unittest.main()
