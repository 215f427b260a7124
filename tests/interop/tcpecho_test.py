#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tcpecho against Tornado: its client with our server, and our client with its server."""

import asyncio
import os
import random
import socket
import subprocess
import sys

try:
    from tornado.iostream import StreamClosedError
    from tornado.netutil import bind_sockets
    from tornado.tcpclient import TCPClient
    from tornado.tcpserver import TCPServer
except ImportError:
    print("python3-tornado is not installed")
    sys.exit(77)

EXAMPLES = os.path.join(os.environ["GALE_BUILD"], "examples")


class EchoServer(TCPServer):
    async def handle_stream(self, stream, address):
        try:
            while True:
                await stream.write(await stream.read_until(b"\n"))
        except StreamClosedError:
            pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def connect(port):
    for _ in range(200):
        try:
            return await TCPClient().connect("localhost", port)
        except (OSError, StreamClosedError):
            await asyncio.sleep(0.05)
    raise AssertionError("our server does not answer")


async def echo(port, seed):
    """Lines of many sizes, some of them written together, come back as they were."""
    rng = random.Random(seed)
    stream = await connect(port)
    for _ in range(50):
        lines = [rng.randbytes(rng.choice([0, 1, 10, 1000, 70000])).replace(b"\n", b"x") + b"\n"
                 for _ in range(rng.randint(1, 5))]
        written = stream.write(b"".join(lines))
        for line in lines:
            assert await stream.read_until(b"\n") == line
        await written
    big = rng.randbytes(1 << 20).replace(b"\n", b"x") + b"\n"
    written = stream.write(big)
    assert await stream.read_until(b"\n") == big
    await written
    stream.close()


async def their_client():
    port = free_port()
    server = subprocess.Popen([os.path.join(EXAMPLES, "tcpecho_server"), f"--port={port}"],
                              stderr=subprocess.DEVNULL)
    try:
        await asyncio.gather(*(echo(port, seed) for seed in range(5)))
    finally:
        server.terminate()
        status = server.wait(20)
    assert status == 0, status


async def their_server():
    sockets = bind_sockets(0, "localhost")
    server = EchoServer()
    server.add_sockets(sockets)
    port = sockets[0].getsockname()[1]
    words = ["hello", "two words", "", "x" * 100000, "grüße"]
    client = await asyncio.create_subprocess_exec(
        os.path.join(EXAMPLES, "tcpecho_client"), f"--port={port}", *words,
        stdout=subprocess.PIPE)
    answer, _ = await asyncio.wait_for(client.communicate(), 20)
    server.stop()
    assert client.returncode == 0, client.returncode
    assert answer.decode() == "".join(word + "\n" for word in words), answer[:200]


async def main():
    await asyncio.wait_for(their_client(), 60)
    await their_server()
    print("ok")


asyncio.run(main())
