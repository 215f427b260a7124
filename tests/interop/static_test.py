#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The conformance program with --static, through Python's client: compression, change, what is no
file."""

import gzip
import http.client
import os
import pathlib
import socket
import stat
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.join(os.environ["GALE_BUILD"], "tests", "conformance")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start(folder):
    port = free_port()
    process = subprocess.Popen([PROGRAM, f"--port={port}", f"--static={folder}"],
                               stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process, port
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise SystemExit("the server does not listen")


def get(port, name, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", f"/static/{name}",
                       headers={key.replace("_", "-"): value for key, value in headers.items()})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def check(port, folder):
    text = "all work and no play\n" * 20000
    (folder / "text.txt").write_text(text)
    response, body = get(port, "text.txt", Accept_Encoding="gzip")
    assert response.getheader("Content-Encoding") == "gzip", response.headers
    assert gzip.decompress(body).decode() == text
    response, body = get(port, "text.txt")
    assert response.getheader("Content-Encoding") is None and body.decode() == text
    response, body = get(port, "text.txt", Accept_Encoding="gzip", Range="bytes=4-7")
    assert response.status == 206 and body == b"work", (response.status, body)

    for turn in range(50):
        (folder / "changing.txt").write_text(f"turn {turn:02}")
        response, body = get(port, "changing.txt")
        assert body == b"turn %02d" % turn, body
        again, _ = get(port, "changing.txt", If_None_Match=response.getheader("Etag"))
        assert again.status == 304, again.status

    os.mkfifo(folder / "fifo")
    began = time.monotonic()
    assert get(port, "fifo")[0].status == 403
    assert time.monotonic() - began < 5
    if os.geteuid() == 0:
        os.mknod(folder / "device", 0o644 | stat.S_IFCHR, os.makedev(1, 5))  # /dev/zero
        assert get(port, "device")[0].status == 403
    assert get(port, "")[0].status == 403
    assert get(port, "missing")[0].status == 404


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        process, port = start(folder)
        try:
            check(port, folder)
        finally:
            process.terminate()
            process.wait(20)
    return process.returncode


sys.exit(main())
