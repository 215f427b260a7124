# SPDX-License-Identifier: Apache-2.0
"""Starts the built programs, each on a free port of its own, and sees that they end well."""

import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

BUILD = pathlib.Path(os.environ["GALE_BUILD"])
PATIENCE = 30  # seconds, for what should take far less; sanitizers and busy machines are slow


def tool(name):
    """The path of a program that scripts/setup installs; it is an error when it is missing."""
    path = shutil.which(name)
    if path is None:
        raise AssertionError(f"{name} is not installed: run scripts/setup check")
    return path


def wait_until(condition, what):
    """The first true value that `condition` returns."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"{what}: not within {PATIENCE} seconds")


def free_port():
    """A port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def listening_port(pid):
    """The TCP port that a process listens on, or None."""
    sockets = set()
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            sockets.update(re.findall(r"socket:\[(\d+)\]", os.readlink(entry)))
        except OSError:
            pass
    for line in pathlib.Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        cells = line.split()
        if cells[3] == "0A" and cells[9] in sockets:
            return int(cells[1].rpartition(":")[2], 16)
    return None


def has_loop(pid):
    """Whether a process runs its loop: from then on it takes SIGTERM for a graceful stop."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it has just ended
        return False
    caught = int(re.search(r"^SigCgt:\s*(\w+)$", status, re.M).group(1), 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def children(pid):
    text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(one) for one in text.split()]


class Program:
    """A running program of the build, as "examples/hello"."""

    def __init__(self, name, *options, port=0, descriptors=None):
        self.name = name
        self.stderr = tempfile.TemporaryFile()

        def limit():
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        if name.startswith("examples/"):
            options = ("--logging=warning", *options)
        self.process = subprocess.Popen([BUILD / name, f"--port={port}", *options],
                                        stdout=self.stderr, stderr=self.stderr, preexec_fn=limit,
                                        start_new_session=True)
        self.port = None

    def wait_for_port(self):
        """Until it listens and takes SIGTERM, as the supervisor of workers does once it has any."""
        pid = self.process.pid

        def look():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended: {self.process.returncode}\n{self.log()}")
            return listening_port(pid) if has_loop(pid) or children(pid) else None

        self.port = wait_until(look, f"{self.name} listens")
        return self

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def log(self):
        """What it has written so far."""
        self.stderr.seek(0)
        return self.stderr.read().decode(errors="replace")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def kill(self):
        """Ends it, if it still runs, with its workers."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.stderr.close()


class TestCase(unittest.TestCase):
    """A test that starts programs: each must end with 0 on SIGTERM, and log what is expected."""

    def launch(self, name, *options, **how):
        """A program that need not come to listen."""
        program = Program(name, *options, **how)
        self.addCleanup(program.kill)
        return program

    def start(self, name, *options, **how):
        """A program that listens."""
        return self.launch(name, *options, **how).wait_for_port()

    def stop(self, program, log=(), status=0):
        """Ends it; each line of its log must match one of the patterns, and each must be matched."""
        if program.process.poll() is None:
            program.process.send_signal(signal.SIGTERM)
        self.ended(program, log, status)

    def ended(self, program, log=(), status=0):
        """The same when it ends by itself."""
        try:
            found = program.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.fail(f"{program.name} does not end\n{program.log()}")
        text = program.log()
        self.assertEqual(found, status, text)
        for line in text.splitlines():
            self.assertTrue(any(re.search(pattern, line) for pattern in log), text)
        for pattern in log:
            self.assertRegex(text, pattern)

    def connect(self, program, timeout=PATIENCE):
        connection = socket.create_connection(("127.0.0.1", program.port), timeout)
        self.addCleanup(connection.close)
        return connection


def receive(connection, size):
    """Exactly `size` bytes."""
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise AssertionError(f"closed after {data!r}")
        data += piece
    return data


def read_response(connection):
    """The next response of a connection, framed by its Content-Length: status, headers, body."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += receive(connection, 1)
    status_line, *lines = head.decode().rstrip().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return int(status_line.split()[1]), headers, receive(connection, int(headers["content-length"]))


def get(target, *lines):
    """The bytes of a GET request."""
    return "\r\n".join([f"GET {target} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()
