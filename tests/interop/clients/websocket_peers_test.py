#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""WebSocket clients that others use: Chromium, the npm package ws, Python's websockets."""

import asyncio
import http.server
import json
import os
import pathlib
import queue
import ssl
import subprocess
import tempfile
import threading
import unittest

from servers import PATIENCE, TestCase, free_port, tool

import chromium_test

HERE = pathlib.Path(__file__).parent
NODE_PATH = "/usr/share/nodejs"  # where Debian has the packages of npm, also for another Node


def has(present, package):
    """It is an error when it is missing, as with `tool`."""
    if not present:
        raise AssertionError(f"{package} is not installed: run scripts/setup check")


class Collector(http.server.BaseHTTPRequestHandler):
    """Gets what a page has to tell."""

    def do_POST(self):
        told = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        self.server.told.put(told)

    def log_message(self, *_):
        pass


class Chromium(TestCase):
    def results(self, base, *options):
        """What websocket_page.html has seen."""
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector, \
                tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            collector.told = queue.Queue()
            threading.Thread(target=collector.serve_forever).start()
            url = f"{base}/static/websocket_page.html?{collector.server_port}"
            browser = subprocess.Popen([tool("chromium"), *chromium_test.OPTIONS, *options,
                                        "--remote-debugging-port=0", f"--user-data-dir={profile}", url],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                return json.loads(collector.told.get(timeout=2 * PATIENCE))
            except queue.Empty:
                self.fail("the page has not come to its end")
            finally:
                browser.terminate()
                browser.wait()
                collector.shutdown()

    def check(self, results):
        plain, deflated, none = results
        one = {"got": 11, "code": 4000, "clean": True, "protocol": ""}
        self.assertEqual(plain, {"path": "/ws", "extensions": "", **one})
        self.assertEqual(deflated, {"path": "/ws-deflate", "extensions": "permessage-deflate", **one})
        self.assertEqual((none["got"], none["code"], none["clean"]), (0, 1006, False))

    def test_page(self):
        plain, tls = free_port(), free_port()
        server = self.start("tests/conformance", f"--static={HERE}", f"--tls-port={tls}", port=plain)
        self.check(self.results(f"http://localhost:{plain}"))
        self.check(self.results(f"https://localhost:{tls}", "--ignore-certificate-errors",
                                "--allow-running-insecure-content"))
        self.stop(server, [r"404 GET /none", *(["favicon"] if "favicon" in server.log() else [])])


class Ws(TestCase):
    def test_ws(self):
        has(pathlib.Path(NODE_PATH, "ws").is_dir(), "node-ws")
        server = self.start("tests/conformance")
        base = f"ws://127.0.0.1:{server.port}"
        done = subprocess.run([tool("node"), HERE / "ws_client.cjs", f"{base}/ws", f"{base}/ws-deflate"],
                              capture_output=True, text=True, timeout=4 * PATIENCE,
                              env={**os.environ, "NODE_PATH": NODE_PATH})
        self.assertEqual((done.returncode, done.stdout), (0, "done\n"), done.stderr)
        self.stop(server, [r"403 GET /ws", r"404 GET /none", r"426 GET /ws"])


MESSAGES = ["", "a", "é" * 1000, "x" * 125, "x" * 126, "x" * 65536, "\0", "z" * 1000000, b"", b"\x00\xff",
            bytes(range(256)) * 1000]


async def talk(client):
    """Messages one by one, then all at once, fragments, pings, the end."""
    for message in MESSAGES:
        await client.send(message)
        assert await client.recv() == message
    await asyncio.gather(*(client.send(message) for message in MESSAGES))
    assert [await client.recv() for _ in MESSAGES] == MESSAGES
    for pieces in (["one, ", "", "zwö, ", "trois"], [b"\0", b"\xff", b""], ["", ""]):
        await client.send(pieces)
        assert await client.recv() == type(pieces[0])().join(pieces)
    for data in (b"", b"p", b"\xff" * 125):
        await (await client.ping(data))
    await client.pong(b"that nobody asked for")
    await client.close(4000, "enough")
    assert (client.close_code, client.close_reason) == (4000, "")


class Websockets(TestCase):
    def setUp(self):
        try:
            import websockets
        except ImportError:
            websockets = None
        has(websockets, "python3-websockets")
        from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
        self.websockets, self.factory = websockets, ClientPerMessageDeflateFactory

    async def converse(self, url, extensions=None, **options):
        async with self.websockets.connect(url, max_size=None, extensions=extensions, **options) as client:
            self.assertEqual(bool(client.extensions), bool(extensions) and url.endswith("deflate"))
            await asyncio.wait_for(talk(client), PATIENCE)

    async def refused(self, url):
        with self.assertRaises(self.websockets.InvalidStatusCode) as refusal:
            await self.websockets.connect(url, origin="http://example.org")
        self.assertEqual(refusal.exception.status_code, 403)

    def test_websockets(self):
        server = self.start("tests/conformance")
        base = f"ws://127.0.0.1:{server.port}"
        for path in ("/ws", "/ws-deflate"):
            asyncio.run(self.converse(base + path, compression=None))
            asyncio.run(self.converse(base + path, [self.factory()]))
        for options in ({"server_no_context_takeover": True}, {"client_no_context_takeover": True},
                        {"server_max_window_bits": 9, "client_max_window_bits": 9},
                        {"server_max_window_bits": 12, "client_max_window_bits": True},
                        {"server_no_context_takeover": True, "client_no_context_takeover": True,
                         "server_max_window_bits": 10, "client_max_window_bits": 11}):
            asyncio.run(self.converse(f"{base}/ws-deflate", [self.factory(**options)]))
        asyncio.run(self.refused(f"{base}/ws"))
        self.stop(server, [r"403 GET /ws"])

    def test_tls(self):
        port = free_port()
        server = self.start("tests/conformance", f"--tls-port={port}")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        for extensions in (None, [self.factory()]):
            asyncio.run(self.converse(f"wss://127.0.0.1:{port}/ws-deflate", extensions,
                                      compression=None, ssl=context))
        self.stop(server)


if __name__ == "__main__":
    unittest.main()
