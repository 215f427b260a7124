#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The WebSocket client against servers that others use: Tornado, Python's websockets, the npm package
ws. They do the talking; the client sends back what it gets."""

import asyncio
import http
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE / "clients"), str(HERE / "hostile")]

import tornado.httpserver  # noqa: E402
import tornado.netutil  # noqa: E402
import tornado.web  # noqa: E402
import tornado.websocket  # noqa: E402
import websockets  # noqa: E402
from certificates import Authority  # noqa: E402
from servers import PATIENCE, tool  # noqa: E402
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory  # noqa: E402

ECHO = pathlib.Path(os.environ["GALE_BUILD"]) / "tests" / "websocket_client_echo"
NODE_PATH = "/usr/share/nodejs"
MESSAGES = ["", "a", "é" * 1000, "x" * 125, "x" * 126, "x" * 65536, "\0", "z" * 1000000, b"", b"\x00\xff",
            bytes(range(256)) * 1000]
PINGS = [b"", b"p", b"\xff" * 125]
SENT = 2 * len(MESSAGES) + 3  # with those in fragments


async def drive(peer):
    """Messages one by one, then all at once, pings, the end. `peer` is the server's side."""
    for message in MESSAGES:
        await peer.send(message)
        assert await peer.recv() == message
    for message in MESSAGES:
        await peer.send(message)
    for data in PINGS:
        await peer.ping(data)
    assert [await peer.recv() for _ in MESSAGES] == MESSAGES
    await peer.close(4000, "enough")


def line(compressed, messages=SENT):
    return {"messages": messages, "compressed": compressed, "code": 4000, "reason": "enough"}


class Loop:
    """An event loop in a thread; what goes wrong in it is kept."""

    def __init__(self):
        self.loop, self.faults = asyncio.new_event_loop(), []
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(PATIENCE)

    async def watch(self, coroutine):
        try:
            await asyncio.wait_for(coroutine, PATIENCE)
        except BaseException as fault:
            self.faults.append(repr(fault)[:300])
            raise

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


class Peer(tornado.websocket.WebSocketHandler):
    """Tornado's side of a connection."""

    def initialize(self, loop, compression=None):
        self.watcher, self.compression = loop, compression
        self.messages, self.pongs, self.gone = asyncio.Queue(), asyncio.Queue(), asyncio.Event()

    def get_compression_options(self):
        return self.compression

    def open(self):
        asyncio.ensure_future(self.watcher.watch(drive(self)))

    def on_message(self, message):
        self.messages.put_nowait(message)

    def on_pong(self, data):
        self.pongs.put_nowait(data)

    def on_close(self):
        self.gone.set()

    async def send(self, message):
        await self.write_message(message, isinstance(message, bytes))

    async def recv(self):
        return await self.messages.get()

    async def ping(self, data):
        super().ping(data)
        assert await self.pongs.get() == data

    async def close(self, code, reason):
        super().close(code, reason)
        await self.gone.wait()
        assert self.close_code == code


class PythonPeer:
    """The same of websockets."""

    def __init__(self, connection):
        self.connection, self.recv = connection, connection.recv

    async def send(self, message):
        await self.connection.send(message)

    async def ping(self, data):
        await (await self.connection.ping(data))

    async def close(self, code, reason):
        await self.connection.close(code, reason)
        assert self.connection.close_code == code

    async def drive(self):
        for pieces in (["one, ", "", "zwö, ", "trois"], [b"\0", b"\xff", b""], ["", ""]):
            await self.connection.send(pieces)
            assert await self.connection.recv() == type(pieces[0])().join(pieces)
        await drive(self)


class ServersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.authority = Authority(folder.name)
        cls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.context.load_cert_chain(cls.authority.issue("server", "DNS:localhost,IP:127.0.0.1"))

    def talk(self, url, *options):
        """What the client has to tell."""
        done = subprocess.run([ECHO, *options, url], capture_output=True, text=True, timeout=2 * PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def start_loop(self):
        loop = Loop()
        self.addCleanup(loop.stop)
        return loop

    def test_tornado(self):
        loop = self.start_loop()
        sockets = tornado.netutil.bind_sockets(0, "127.0.0.1"), tornado.netutil.bind_sockets(0, "127.0.0.1")

        async def listen():
            routes = [(path, Peer, {"loop": loop, "compression": compression})
                      for path, compression in (("/", None), ("/deflate", {}))]
            application = tornado.web.Application(routes, log_function=lambda handler: None)
            tornado.httpserver.HTTPServer(application).add_sockets(sockets[0])
            tornado.httpserver.HTTPServer(application, ssl_options=self.context).add_sockets(sockets[1])

        loop.run(listen())
        sent = SENT - 3
        base = f"ws://127.0.0.1:{sockets[0][0].getsockname()[1]}"
        tls = f"wss://localhost:{sockets[1][0].getsockname()[1]}"
        self.assertEqual(self.talk(base + "/"), line(False, sent))
        self.assertEqual(self.talk(base + "/deflate"), line(True, sent))
        self.assertEqual(self.talk(base + "/deflate", "--anew"), line(True, sent))
        self.assertEqual(self.talk(base + "/deflate", "--plain"), line(False, sent))
        self.assertEqual(self.talk(tls + "/deflate", f"--ca={self.authority.ca}"), line(True, sent))
        self.assertIn("404", self.talk(base + "/none")["error"])
        self.assertEqual(loop.faults, [])

    def test_websockets(self):
        loop = self.start_loop()

        async def serve(connection):
            await loop.watch(PythonPeer(connection).drive())

        def listen(extensions=None, **options):
            async def start():
                return await websockets.serve(serve, "127.0.0.1", 0, compression=None, max_size=None,
                                              extensions=extensions, **options)

            server = loop.run(start())
            return server.sockets[0].getsockname()[1]

        self.assertEqual(self.talk(f"ws://127.0.0.1:{listen()}/"), line(False))
        for options in ({}, {"server_no_context_takeover": True}, {"client_no_context_takeover": True},
                        {"server_max_window_bits": 9, "client_max_window_bits": 9},
                        {"server_no_context_takeover": True, "client_no_context_takeover": True,
                         "server_max_window_bits": 10, "client_max_window_bits": 11}):
            url = f"ws://127.0.0.1:{listen([ServerPerMessageDeflateFactory(**options)])}/"
            self.assertEqual(self.talk(url), line(True), options)
            self.assertEqual(self.talk(url, "--anew"), line(True), options)
        tls = listen([ServerPerMessageDeflateFactory()], ssl=self.context)
        self.assertEqual(self.talk(f"wss://localhost:{tls}/", f"--ca={self.authority.ca}"), line(True))
        self.assertIn("certificate", self.talk(f"wss://localhost:{tls}/")["error"])

        async def refuse(path, headers):
            return http.HTTPStatus.FORBIDDEN, [], b"no\n"

        refusing = listen(process_request=refuse)
        self.assertIn("403", self.talk(f"ws://127.0.0.1:{refusing}/")["error"])
        self.assertEqual(loop.faults, [])

    def test_ws(self):
        server = subprocess.Popen([tool("node"), HERE / "clients" / "ws_server.cjs"], stdout=subprocess.PIPE,
                                  text=True, env={**os.environ, "NODE_PATH": NODE_PATH})
        try:
            ports = json.loads(server.stdout.readline())
            for name, port in ports.items():
                for option in ([], ["--anew"], ["--plain"]):
                    compressed = name != "plain" and option != ["--plain"]
                    self.assertEqual(self.talk(f"ws://127.0.0.1:{port}/", *option), line(compressed),
                                     (name, option))
                    self.assertEqual(server.stdout.readline(), "done\n")
        finally:
            server.kill()
            server.wait()
            server.stdout.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
