# SPDX-License-Identifier: Apache-2.0
"""A large form to examples/upload: how long, how much CPU time, and how much memory at most."""
import os
import re
import shutil
import socket
import tempfile
import time

from harness.processes import TICKS, Failed, cpu_ticks

SIZE = 1 << 30
HEAD = (b'--1234\r\nContent-Disposition: form-data; name="file"; filename="large"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n")
END = b"\r\n--1234--\r\n"


def peak(pid):
    """The most resident memory that the process has had, in bytes."""
    with open(f"/proc/{pid}/status") as status:
        return 1024 * int(re.search(r"VmHWM:\s*(\d+)", status.read()).group(1))


def have_room():
    free = shutil.disk_usage(tempfile.gettempdir()).free
    return free > SIZE + (SIZE >> 2)


def send_form(port, size):
    """Sends a form with one file of that size; the whole answer."""
    block = os.urandom(1 << 20)
    with socket.create_connection(("127.0.0.1", port), 120) as connection:
        length = len(HEAD) + size + len(END)
        connection.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                           b"Content-Type: multipart/form-data; boundary=1234\r\n"
                           b"Content-Length: %d\r\n\r\n" % length + HEAD)
        for sent in range(0, size, len(block)):
            connection.sendall(block[:min(len(block), size - sent)])
        connection.sendall(END)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    if not answer.startswith(b"HTTP/1.1 200 ") or b"%d bytes" % size not in answer:
        raise Failed(f"the upload was answered with {answer[:200]!r}")


def measure(server):
    pid = server.process.pid
    send_form(server.port, 1 << 20)  # threads and pools are made
    before, cpu_before, began = peak(pid), sum(cpu_ticks(pid)), time.monotonic()
    send_form(server.port, SIZE)
    return {"seconds": time.monotonic() - began,
            "cpu_seconds": (sum(cpu_ticks(pid)) - cpu_before) / TICKS,
            "peak_growth_bytes": peak(pid) - before, "peak_bytes": peak(pid)}
