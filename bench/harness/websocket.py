# SPDX-License-Identifier: Apache-2.0
"""The servers of the groups `websocket` and `broadcast`: gale's echo, its rooms, and their peers."""
import glob
import json
import os
import shutil
import subprocess

from harness import tools
from harness.processes import Failed, Server, free_port, run

NAMES = ("gale", "uwebsockets", "tornado")
IDLE_CONNECTIONS = 19_000


def uwebsockets(build, what):
    """uWebSockets' echo or rooms, compiled; None without its sources.

    The variable UWEBSOCKETS names a folder with uWebSockets and uSockets in it, as they are cloned.
    """
    sources = os.environ.get("UWEBSOCKETS")
    if not sources:
        return None
    path = os.path.join(build.output, f"uwebsockets_{what}")
    sockets = os.path.join(sources, "uSockets", "src")
    folder = os.path.join(build.output, "usockets")
    os.makedirs(folder, exist_ok=True)
    files = [*glob.glob(os.path.join(sockets, "*.c")),
             os.path.join(sockets, "eventing", "epoll_kqueue.c")]
    options = ["-O3", "-flto", "-w", "-DLIBUS_NO_SSL", "-I" + sockets]
    commands = [[shutil.which("cc"), *options, "-c", *map(os.path.abspath, files)],
                [shutil.which("c++"), *options, "-std=c++20", "-DUWS_NO_ZLIB",
                 "-I" + os.path.join(sources, "uWebSockets", "src"), "-o", path,
                 os.path.join(tools.BENCH, "peers", f"uwebsockets_{what}.cpp"), "-Wl,--as-needed",
                 *[os.path.join(folder, os.path.basename(file)[:-2] + ".o") for file in files]]]
    for command in commands:
        if subprocess.run(command, cwd=folder, check=False).returncode != 0:
            raise Failed("uWebSockets does not compile")
    return path


def command(name, build, port, what):
    """How the server is started; a text says why it cannot be."""
    if name == "gale" and what == "rooms":
        return [build.example("rooms"), f"--port={port}", "--logging=warning", "--workers=1"]
    if name == "gale":
        return [build.example("websocket_echo"), f"--port={port}", "--logging=warning"]
    if name == "uwebsockets":
        path = uwebsockets(build, what)
        return [path, str(port)] if path else "UWEBSOCKETS names no folder with its sources"
    python = tools.python_with_tornado()
    peer = os.path.join(tools.BENCH, "peers", f"tornado_websocket_{what}.py")
    return [python, peer, str(port)] if python else "no python3 here can import tornado"


def server(name, bench, what="echo"):
    """A Server of echoes or rooms that is not yet started, or a text: why it cannot be."""
    port = free_port()
    found = command(name, bench.build, port, what)
    if isinstance(found, str):
        return found
    return Server(name, found, port, bench.server_core, bench.folder)


def idle(bench, started):
    """The growth of resident memory by each idle connection."""
    found = json.loads(run([bench.build.tool("idle_connections"), "-w", "-n", str(IDLE_CONNECTIONS),
                            str(started.port), *map(str, started.pids())], bench.load_core))
    return found["bytes_per_connection"]
