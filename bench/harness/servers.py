# SPDX-License-Identifier: Apache-2.0
"""The servers that are compared: the floor, gale, and the peers found on this machine."""
import os
import shutil

from harness import tools
from harness.processes import Server, free_port

NAMES = ("floor", "gale", "nginx", "node", "tornado")


class Missing(Exception):
    """A server that cannot be compared here; the text says why."""


class Bench:
    """What every group needs: the build, the cores, a temporary folder, the descriptor limit."""

    def __init__(self, build, cores, folder, descriptors):
        self.build = build
        self.server_core, self.load_core = cores
        self.folder = folder
        self.descriptors = descriptors

    def server(self, name, what="hello", workers=1):
        """A Server, not yet started. what: "hello", "longpoll", "form", "upload" or "files", those
        of our folder."""
        port = free_port()
        command = getattr(self, f"_{name}")(what, port, workers)
        return Server(name, command, port, self.server_core, self.folder)

    def _floor(self, what, port, workers):
        if what != "hello" or workers > 1:
            raise Missing("the floor answers at once, from one process")
        return [self.build.tool("floor_epoll"), str(port)]

    def _gale(self, what, port, workers):
        path = self.build.example("workers" if workers > 1 else what)
        if not os.access(path, os.X_OK):
            raise Missing(f"{os.path.relpath(path, tools.ROOT)} is not built")
        command = [path, f"--port={port}", "--logging=warning"]  # no access log
        if what == "files":
            return command + [self.folder]
        return command + [f"--workers={workers}"] if workers > 1 else command

    def _nginx(self, what, port, workers):
        if what not in ("hello", "files"):
            raise Missing("nginx runs no handlers")
        command = tools.nginx_command(port, self.folder, self.descriptors, workers,
                                      files=self.folder)
        if command is None:
            raise Missing("nginx is not installed")
        return command

    def _node(self, what, port, workers):
        node = shutil.which("node")
        if node is None:
            raise Missing("node is not installed")
        if workers > 1:
            raise Missing("measured in one process only")
        return [node, os.path.join(tools.BENCH, "peers", f"node_{what}.js"), str(port)]

    def _tornado(self, what, port, workers):
        python = tools.python_with_tornado()
        if python is None:
            raise Missing("no python3 here can import tornado")
        if workers > 1:
            raise Missing("measured in one process only")
        return [python, os.path.join(tools.BENCH, "peers", f"tornado_{what}.py"), str(port)]
