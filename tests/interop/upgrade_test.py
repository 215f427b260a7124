#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Upgrades under load: while clients send requests without a pause the program is replaced again
and again, and no request fails. For one process and for a supervisor with workers. Usage:
upgrade_test.py [--requests=N] [--upgrades=N] [--pause=SECONDS]; without arguments a short run
for make check, in which clients pause between requests and so leave others some of the CPU."""

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

BUILD = os.environ.get("GALE_BUILD", "build/release")
KEEP_ALIVE_CLIENTS, SHORT_CLIENTS, SLOW_CLIENTS = 5, 2, 2
SLOW_PAUSE = 0.25


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)


def listening_port(pid):
    """The port of an IPv4 socket on which the process listens, or 0."""
    folder = f"/proc/{pid}/fd"
    links = {os.readlink(os.path.join(folder, fd)) for fd in os.listdir(folder)}
    with open("/proc/net/tcp", encoding="ascii") as table:
        for row in map(str.split, table.readlines()[1:]):
            if row[3] == "0A" and f"socket:[{row[9]}]" in links:
                return int(row[1].split(":")[1], 16)
    return 0


class Client:
    """Sends requests and never repeats one."""

    def __init__(self, port, tls=False):
        self.address = ("127.0.0.1", port)
        self.connection = None
        self.context = ssl.create_default_context() if tls else None
        if tls:
            self.context.check_hostname = False
            self.context.verify_mode = ssl.CERT_NONE

    def request(self, method="GET", path="/", close=False):
        if not self.connection:
            self.connection = socket.create_connection(self.address, 20)
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context:
                self.connection = self.context.wrap_socket(self.connection)
        self.connection.sendall(b"%s %s HTTP/1.1\r\nHost: h\r\n%s\r\n" % (
            method.encode(), path.encode(), b"Connection: close\r\n" if close else b""))
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.receive()
        head, body = answer.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 200"), head
        size = int(re.search(rb"\r\nContent-Length: (\d+)", head).group(1))
        while len(body) < size:
            body += self.receive()
        if b"\r\nConnection: close" in head:
            self.close()
        return body.decode()

    def receive(self):
        data = self.connection.recv(65536)
        assert data, "the connection was closed instead of an answer"
        return data

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class Load:
    def __init__(self, server, pause):
        self.server = server
        self.done, self.failures, self.processes = 0, [], set()
        self.lock = threading.Lock()
        self.ended = False
        kinds = [(False, pause)] * KEEP_ALIVE_CLIENTS + [(True, pause)] * SHORT_CLIENTS
        kinds += [(False, SLOW_PAUSE)] * SLOW_CLIENTS
        self.threads = [threading.Thread(target=self.work, args=kind) for kind in kinds]
        for thread in self.threads:
            thread.start()

    def work(self, close, pause):
        client = self.server.client()
        while not self.ended:
            try:
                process = client.request(close=close).split(",")[0]
            except Exception as error:  # each counts
                self.failures.append(repr(error))
                client.close()
                continue
            with self.lock:
                self.done += 1
                self.processes.add(process)
            time.sleep(pause)
        client.close()

    def end(self):
        self.ended = True
        for thread in self.threads:
            thread.join()


class Server:
    """An example, in a folder where its file can be replaced."""

    def __init__(self, workers, name="upgrade", any_port=False):
        self.name = name
        self.folder = tempfile.TemporaryDirectory()
        self.program = os.path.join(self.folder.name, "server")
        self.port = 0 if any_port else free_port()
        self.log = open(os.path.join(self.folder.name, "log"), "w+b")
        self.replace_program()
        self.started = subprocess.Popen([self.program, f"--port={self.port}"] +
                                        ([f"--workers={workers}"] if workers else []),
                                        stderr=self.log)
        self.pid = self.started.pid
        if any_port:
            wait_until(lambda: listening_port(self.pid), "the server's socket")
            self.port = listening_port(self.pid)
        wait_until(self.serves, "the server's start")

    def replace_program(self, script=None):
        fresh = self.program + ".new"
        if script:
            with open(fresh, "w") as out:
                out.write("#!/bin/sh\n" + script + "\n")
            os.chmod(fresh, 0o755)
        else:
            shutil.copy(os.path.join(BUILD, "examples", self.name), fresh)
        os.rename(fresh, self.program)

    def client(self):
        return Client(self.port, tls=self.name == "https")

    def serves(self):
        try:
            self.client().request(close=True)
            return True
        except OSError:
            return False

    def lines(self, pattern):
        with open(self.log.name, encoding="utf-8") as log:
            return re.findall(pattern, log.read())

    def gone(self, pid):
        if pid == self.started.pid:
            return self.started.poll() is not None
        return not os.path.exists(f"/proc/{pid}")

    def upgrade(self):
        """Replaces the running process, and waits until the old one has ended."""
        before = len(self.lines(r"process (\d+) serves; this one ends"))
        old = self.pid
        self.replace_program()
        os.kill(old, signal.SIGUSR2)
        wait_until(lambda: len(self.lines(r"process (\d+) serves; this one ends")) > before,
                   "the new process", 60)
        self.pid = int(self.lines(r"process (\d+) serves; this one ends")[-1])
        assert self.pid != old
        wait_until(lambda: self.gone(old), "the end of the old process", 60)

    def fail_to_upgrade(self, script, expected):
        """A new program that is none leaves the old one where it is."""
        self.replace_program(script)
        os.kill(self.pid, signal.SIGUSR2)
        wait_until(lambda: self.lines(expected), expected)
        assert not self.gone(self.pid)
        assert self.serves()

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        wait_until(lambda: self.gone(self.pid), "the end")
        wait_until(lambda: not self.serves(), "the end of all its processes")
        self.log.close()
        self.folder.cleanup()


def run(name, workers, requests, upgrades, pause, program="upgrade"):
    server = Server(workers, program)
    began = time.monotonic()
    load = Load(server, pause)
    try:
        for i in range(upgrades):
            wait_until(lambda: load.done >= requests * (i + 1) // (upgrades + 1) or load.failures,
                       "the load", 600)
            if i == 1:
                server.fail_to_upgrade("exit 3", r"exited with status 3 before it served")
            server.upgrade()
        wait_until(lambda: load.done >= requests or load.failures, "the load", 600)
    finally:
        load.end()
    server.fail_to_upgrade("kill -9 $$", r"was killed by signal 9 before it served")
    os.unlink(server.program)
    answered = load.done
    os.kill(server.pid, signal.SIGUSR2)
    wait_until(lambda: server.lines(r"cannot be started: No such file"), "a missing program")
    assert server.serves()
    server.stop()
    assert not load.failures, (name, len(load.failures), load.failures[:5])
    assert answered >= requests
    if program == "upgrade":
        assert len(load.processes) >= (upgrades + 1) * max(workers, 1), load.processes
    print(f"{name}: {answered} requests over {upgrades} upgrades, none failed, "
          f"{time.monotonic() - began:.1f} s")


def run_by_call(workers):
    """POST /upgrade does what the signal does."""
    server = Server(workers)
    client = server.client()
    assert "starting" in client.request("POST", "/upgrade", close=True)
    wait_until(lambda: server.lines(r"process (\d+) serves; this one ends"), "the new process")
    old, server.pid = server.pid, int(server.lines(r"process (\d+) serves; this one ends")[-1])
    wait_until(lambda: server.gone(old), "the end of the old process", 60)
    assert server.serves()
    server.stop()


def run_on_any_port(workers):
    """The port that the system chose stays."""
    server = Server(workers, any_port=True)
    for _ in range(2):
        server.upgrade()
        assert server.serves() and listening_port(server.pid) == server.port
    server.stop()


def main():
    options = dict(argument[2:].split("=") for argument in sys.argv[1:])
    requests, upgrades = int(options.get("requests", 5000)), int(options.get("upgrades", 3))
    pause = float(options.get("pause", 0.002))
    run("one process", 0, requests, upgrades, pause)
    run("two workers", 2, requests, upgrades, pause)
    run("one process with TLS", 0, requests, upgrades, pause, "https")
    run_by_call(0)
    run_by_call(2)
    run_on_any_port(0)
    run_on_any_port(2)


if __name__ == "__main__":
    main()
