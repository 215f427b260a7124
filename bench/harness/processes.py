# SPDX-License-Identifier: Apache-2.0
"""Servers and load programs: started on a core of their own, measured, and stopped by their pid."""
import os
import resource
import signal
import socket
import subprocess
import sys
import time

TICKS = os.sysconf("SC_CLK_TCK")
# Below the ephemeral range, and all of four digits: every request has the same length.
PORTS = range(9600, 9800)


class Failed(Exception):
    """A figure could not be taken; the text says why."""


class Refused(Failed):
    """A server ended with status 2: it does not know an option that it was given."""


def end_on_signals():
    """Ctrl-C and the like end the program by an exception, once, so that all it started ends."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(number, _):
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)

    for number in signals:
        signal.signal(number, end)


def cores():
    """The core for servers and the core for load."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise Failed("two cores are needed: one for the server, one for the load")
    return allowed[0], allowed[-1]


def raise_descriptor_limit():
    """Lifts the soft limit, which all that is started inherits; returns the hard limit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def free_port():
    """A port that nothing listens on; each call gives another."""
    for port in free_port.candidates:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Failed(f"no free port from {PORTS.start} to {PORTS.stop - 1}")


free_port.candidates = iter(PORTS)


def family(pid):
    """The process and its living descendants."""
    pids = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as children:
                for child in children.read().split():
                    pids += family(int(child))
    except OSError:
        pass
    return pids


def cpu_ticks(pid):
    """User and system ticks of a process, its descendants, and those that have ended."""
    user = system = 0
    for member in family(pid):
        try:
            with open(f"/proc/{member}/stat") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            continue
        user += int(fields[11]) + int(fields[13])
        system += int(fields[12]) + int(fields[14])
    return user, system


def core_ticks(core):
    """All ticks of a core since boot, and those that it was busy."""
    with open("/proc/stat") as stat:
        for line in stat:
            if line.startswith(f"cpu{core} "):
                ticks = [int(field) for field in line.split()[1:9]]
                return sum(ticks), sum(ticks) - ticks[3] - ticks[4]
    raise Failed(f"/proc/stat does not know core {core}")


def pin(core):
    """Keeps the calling process on a core; None: on any."""
    if core is not None:
        os.sched_setaffinity(0, {core})


def run(command, core, timeout=600):
    """Runs a load program to its end on a core; its standard output. Ends it on an exception."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               start_new_session=True,
                               preexec_fn=lambda: pin(core))
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Failed(f"{os.path.basename(command[0])}: not done after {timeout} s") from None
    finally:
        if process.poll() is None:
            end_session(process)
    if process.returncode != 0:
        reason = err.strip().splitlines()[-1:] or [f"exit status {process.returncode}"]
        raise Failed(f"{os.path.basename(command[0])}: {reason[0]}")
    return out


def end_session(process):
    """Kills what a process of ours has started, all of which is in its own session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


class Server:
    """A server on 127.0.0.1:port, pinned to a core (None: to none), from start() to stop()."""

    def __init__(self, name, command, port, core, log_folder, patience=10):
        self.name = name
        self.command = command
        self.port = port
        self.core = core
        self.log = os.path.join(log_folder, f"{name}-{port}.log")
        self.patience = patience
        self.process = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
                preexec_fn=lambda: pin(self.core))
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                kind = Refused if self.process.returncode == 2 else Failed
                raise kind(f"{self.name} ended at once: {self.last_words()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Failed(f"{self.name} does not listen after {self.patience} s: {self.last_words()}")

    def last_words(self):
        with open(self.log, errors="replace") as log:
            lines = log.read().strip().splitlines()
        return lines[-1] if lines else f"exit status {self.process.returncode}"

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def pids(self):
        return family(self.process.pid)

    def stop(self, patience=5):
        """SIGTERM, and after some seconds SIGKILL to all that this server started."""
        if self.process is None:
            return
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                pass
        end_session(self.process)
