#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A service manager of our own: it opens the socket, starts the example `upgrade` with it, and
listens to what it is told: that the service is ready, lives, has another main process, stops."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from upgrade_test import BUILD, Client, free_port, wait_until  # noqa: E402

WATCHDOG = 0.2


class Manager:
    def __init__(self, arguments, activated):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "notify")
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(path)
        self.notify.setblocking(False)
        self.told = []
        self.log = open(os.path.join(self.folder.name, "log"), "w+b")
        listening = socket.socket(socket.AF_INET6)
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.bind(("::", 0))
        listening.listen(64)
        self.port = listening.getsockname()[1] if activated else free_port()
        program = os.path.join(BUILD, "examples", "upgrade")
        script = f'exec "{program}" --port={self.port} {arguments} 3<&{listening.fileno()}'
        environment = dict(os.environ, NOTIFY_SOCKET=path, WATCHDOG_USEC=str(int(WATCHDOG * 1e6)))
        if activated:
            script = "export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=http; " + script
        self.process = subprocess.Popen(["sh", "-c", script], env=environment, stderr=self.log,
                                        pass_fds=[listening.fileno()])
        listening.close()

    def hear(self):
        try:
            while True:
                self.told.append(self.notify.recv(4096).decode())
        except BlockingIOError:
            return self.told

    def wait_for(self, text, count=1):
        wait_until(lambda: self.hear().count(text) >= count, f"{text} in {self.told}")

    def main_pid(self):
        return [int(text[8:]) for text in self.hear() if text.startswith("MAINPID=")][-1]


def run(arguments, activated):
    manager = Manager(arguments, activated)
    manager.wait_for("READY=1")
    client = Client(manager.port)
    assert client.request(close=True).startswith("process ")
    manager.wait_for("WATCHDOG=1", 3)
    assert not any(text.startswith(("MAINPID", "STOPPING")) for text in manager.told)
    os.kill(manager.process.pid, signal.SIGUSR2)
    manager.wait_for("READY=1", 2)
    wait_until(lambda: any(text.startswith("MAINPID=") for text in manager.hear()), "MAINPID")
    wait_until(lambda: manager.hear() and manager.process.poll() is not None, "the old one's end")
    assert manager.process.returncode == 0
    assert "STOPPING=1" not in manager.told, "the service goes on"
    assert client.request(close=True).startswith("process ")
    manager.told.clear()
    time.sleep(WATCHDOG)
    pid = int(re.search(r"upgrade: process (\d+) serves", open(manager.log.name).read()).group(1))
    os.kill(pid, signal.SIGTERM)
    manager.wait_for("STOPPING=1")
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "the end")


def main():
    for arguments in "", "--workers=2":
        run(arguments, activated=False)
    run("", activated=True)


if __name__ == "__main__":
    main()
