#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The client's examples, and the client against Tornado's server."""

import asyncio
import gzip
import logging
import os
import socket
import subprocess
import sys
import tempfile

try:
    from tornado import httpserver, netutil, web
except ImportError:
    print("python3-tornado is not installed")
    sys.exit(77)

logging.getLogger("tornado.access").disabled = True
for variable in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
    os.environ.pop(variable, None)
EXAMPLES = os.path.join(os.environ["GALE_BUILD"], "examples")
PAGES = {
    "/": '<a href="a/">a</a> <a href="b?x=1&amp;y=2#there">b</a> <a href="mailto:me">me</a>',
    "/a/": '<a href="../">back</a> <a href="c">c</a> <a href="http://elsewhere.invalid/">no</a>',
    "/a/c": "the end",
    "/b?x=1&y=2": '<a href="/missing">missing</a> <a href="/moved">moved</a>',
}


class Page(web.RequestHandler):
    def get(self):
        if self.request.path == "/moved":
            self.redirect("/a/c")
        elif self.request.uri not in PAGES:
            raise web.HTTPError(404)
        else:
            self.write(PAGES[self.request.uri])


@web.stream_request_body
class Count(web.RequestHandler):
    def prepare(self):
        self.count = 0
        self.request.connection.set_max_body_size(1 << 30)

    def data_received(self, chunk):
        self.count += len(chunk)

    def put(self, _name):
        self.write(f"OK {self.count}")


class Form(web.RequestHandler):
    def post(self):
        self.write(",".join(f"{one.filename}:{len(one.body)}" for files in
                            self.request.files.values() for one in files))


class Zipped(web.RequestHandler):
    def get(self):
        self.set_header("Content-Encoding", "gzip")
        self.write(gzip.compress(b"x" * 100000))


async def run(program, *arguments):
    """Output and status of an example."""
    child = await asyncio.create_subprocess_exec(
        os.path.join(EXAMPLES, program), *arguments, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    output, _ = await asyncio.wait_for(child.communicate(), 30)
    return output.decode(), child.returncode


async def with_tornado(files):
    sockets = netutil.bind_sockets(0, "localhost")
    port = sockets[0].getsockname()[1]
    application = web.Application([("/post", Form), ("/zip", Zipped), (r"/put/(.*)", Count),
                                   (r"/(file-.*)", Count), (r".*", Page)])
    server = httpserver.HTTPServer(application)
    server.add_sockets(sockets)
    base = f"http://localhost:{port}/"

    output, status = await run("webspider", base)
    assert status == 0, output
    lines = set(output.splitlines())
    for page in ("", "a/", "a/c", "b?x=1&y=2", "moved"):
        assert f"fetched {base}{page}" in lines, (page, output)
    assert f"dead: {base}missing: HTTP 404: Not Found" in lines, output
    assert "elsewhere" not in output, output
    assert "fetched 5 URLs, 1 dead" in output, output

    output, status = await run("fetch", base, base + "zip", base + "moved")
    assert status == 0, output
    assert "100000 bytes in" in output, output
    assert f"200 OK  {base}a/c" in output, output

    names = [f"{os.path.basename(path)}:{os.path.getsize(path)}" for path in files]
    output, status = await run("file_uploader", f"--port={port}", *files)
    assert (output, status) == (",".join(names) + "\n", 0), output
    output, status = await run("file_uploader", f"--port={port}", "--put", *files)
    assert output == "".join(f"OK {os.path.getsize(path)}\n" for path in files), output
    server.stop()


async def with_ours(files):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    receiver = subprocess.Popen([os.path.join(EXAMPLES, "file_receiver"), f"--port={port}"],
                                stderr=subprocess.PIPE)
    try:
        for _ in range(200):
            output, status = await run("file_uploader", f"--port={port}", "--put", *files)
            if status == 0:
                break
            await asyncio.sleep(0.05)
        assert output == "".join(f"OK {os.path.getsize(path)}\n" for path in files), output
        output, status = await run("file_uploader", f"--port={port}", *files)
        assert (output, status) == ("OK\n", 0), output
    finally:
        receiver.terminate()
        _, log = receiver.communicate(timeout=20)
    for path in files:
        line = f"\"{os.path.basename(path)}\" \"application/octet-stream\" {os.path.getsize(path)} bytes"
        assert line in log.decode(), log
    assert receiver.returncode == 0, receiver.returncode


async def main():
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, size in (("file-small", 10), ("file-big", 3000000), ("file-empty", 0)):
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write(os.urandom(size))
            files.append(path)
        await with_tornado(files)
        await with_ours(files)
    print("ok")


asyncio.run(main())
