# SPDX-License-Identifier: Apache-2.0
"""The group `million`: WebSockets of examples/rooms, in steps, and a message to all of them."""
import json
import math
import subprocess

from harness.processes import Failed, Server, end_session, free_port

CONNECTIONS = 1_000_000
SPARE = 1_500  # descriptors of a worker that the kernel may give more connections than others


def processes(descriptors):
    """How many workers, and as many clients, the limit of descriptors asks for."""
    return max(math.ceil(CONNECTIONS / (min(descriptors, 200_000) - SPARE)), 2)


def server(bench, workers):
    port = free_port()
    command = [bench.build.example("rooms"), f"--port={port}", f"--workers={workers}",
               "--logging=warning"]
    return Server("gale", command, port, None, bench.folder, patience=60)


def steps(bench, started, clients):
    """Each step's figures, as they come; a dictionary with "stopped" says why there is none."""
    tool = bench.build.program("million")
    if tool is None:
        raise Failed("bench/million is not built")
    command = [tool, "-n", str(CONNECTIONS), "-P", str(clients), str(started.port),
               *map(str, started.pids())]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               start_new_session=True)
    try:
        for line in process.stdout:
            yield json.loads(line)
        words = process.stderr.read().strip().splitlines()
        if process.wait() != 0:
            yield {"stopped": words[-1] if words else f"exit status {process.returncode}"}
    finally:
        if process.poll() is None:
            end_session(process)
