#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""WebSocket clients of Tornado and of Node against the conformance program."""

import asyncio
import subprocess
import unittest

from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from servers import PATIENCE, TestCase, tool

MESSAGES = ["", "a", "é" * 1000, "x" * 125, "x" * 126, "x" * 65535, "x" * 65536, "z" * 1000000,
            b"", b"\x00\xff", bytes(range(256)) * 1000]

NODE = """
const socket = new WebSocket(process.argv[1]);
const sent = ["a", "é".repeat(1000), "x".repeat(200000), new Uint8Array([0, 255, 1])];
let got = 0;
socket.binaryType = "arraybuffer";
socket.onopen = () => sent.forEach((message) => socket.send(message));
socket.onmessage = (event) => {
    const message = sent[got++];
    const same = typeof event.data === "string"
        ? event.data === message
        : Buffer.compare(Buffer.from(event.data), Buffer.from(message)) === 0;
    if (!same) process.exit(1);
    if (got === sent.length) socket.close(4000, "enough");
};
socket.onclose = (event) => console.log(got, event.code, event.wasClean, socket.extensions);
socket.onerror = (event) => console.log(event.message);
"""


async def echoes(url, compression):
    client = await websocket_connect(HTTPRequest(url), compression_options=compression)
    for message in MESSAGES * 2:
        await client.write_message(message, binary=isinstance(message, bytes))
    answers = [await client.read_message() for _ in MESSAGES * 2]
    client.close(4001, "enough")
    last = await client.read_message()
    return answers, last, client.close_code


class WebSocket(TestCase):
    def test_tornado(self):
        server = self.start("tests/conformance")
        for path in ("/ws", "/ws-deflate"):
            for compression in (None, {}):
                url = f"ws://127.0.0.1:{server.port}{path}"
                answers, last, code = asyncio.run(asyncio.wait_for(echoes(url, compression),
                                                                   PATIENCE))
                self.assertEqual(answers, MESSAGES * 2, path)
                self.assertEqual((last, code), (None, 4001))
        self.stop(server)

    def test_node(self):
        has_it = [tool("node"), "--experimental-websocket", "-e",
                  "process.exit(+!globalThis.WebSocket)"]
        if subprocess.run(has_it, capture_output=True).returncode != 0:
            self.skipTest("this Node has no WebSocket: it has to be 20.10 or later")
        server = self.start("tests/conformance")
        for path, extensions in (("/ws", ""), ("/ws-deflate", "permessage-deflate")):
            done = subprocess.run([tool("node"), "--experimental-websocket", "-e", NODE,
                                   f"ws://127.0.0.1:{server.port}{path}"],
                                  capture_output=True, text=True, timeout=PATIENCE)
            self.assertRegex(done.stdout, rf"^4 4000 true .*{extensions}", done.stderr)
        self.stop(server)

    def test_server_that_stops(self):
        server = self.start("tests/conformance")

        async def wait_for_the_end():
            client = await websocket_connect(f"ws://127.0.0.1:{server.port}/ws")
            server.process.terminate()
            return await client.read_message(), client.close_code, client.close_reason

        end = asyncio.run(asyncio.wait_for(wait_for_the_end(), PATIENCE))
        self.assertEqual(end, (None, 1001, "server shutdown"))
        self.ended(server)


if __name__ == "__main__":
    unittest.main()
