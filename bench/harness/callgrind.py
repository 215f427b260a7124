# SPDX-License-Identifier: Apache-2.0
"""User-space instructions per request, counted by callgrind: the one figure that does not jitter."""
import re
import shutil

from harness.processes import Failed, Server, free_port, run

FEW, MANY = 10_000, 20_000
DEPTHS = {"alone": 1, "pipelined": 16}


def require_valgrind():
    if shutil.which("valgrind") is None:
        raise Failed("valgrind is not installed: instructions cannot be counted "
                     "(scripts/setup bench installs it)")


def instructions(make_command, requests, depth, http_load, cores, folder):
    """All instructions of a server from its start over so many requests to its end."""
    port = free_port()
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
               *make_command(port)]
    with Server("callgrind", command, port, cores[0], folder, patience=60) as server:
        run([http_load, "-c", "1", "-p", str(depth), "-n", str(requests), str(port)], cores[1])
        server.stop(patience=30)
        with open(server.log, errors="replace") as log:
            collected = re.findall(r"^==\d+== Collected : (\d+)", log.read(), re.MULTILINE)
        if len(collected) != 1:
            raise Failed(f"callgrind gave no count: {server.last_words()}")
        return int(collected[0])


def per_request(make_command, http_load, cores, folder):
    """{"alone": …, "pipelined": …}: one connection, one request or sixteen outstanding."""
    figures = {}
    for name, depth in DEPTHS.items():
        counts = [instructions(make_command, n, depth, http_load, cores, folder)
                  for n in (FEW, MANY)]
        figures[name] = round((counts[1] - counts[0]) / (MANY - FEW), 1)
    return figures
