#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A program that starts itself again when its file, or one that it watches, has changed: under load
without a request that fails, and never from a file that is half there. Usage: autoreload_test.py
[--reloads=N] [--pause=SECONDS]."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from upgrade_test import BUILD, Client, Load, free_port, wait_until


class Repeating(Client):
    """Repeats a request whose connection was closed before a byte of an answer, as clients do: one
    that waits too long between two requests is closed. None may be refused, or answered in part."""

    answered = False

    def receive(self):
        data = super().receive()
        self.answered = True
        return data

    def request(self, *arguments, **named):
        for _ in range(2):
            self.answered = False
            try:
                return super().request(*arguments, **named)
            except (AssertionError, ConnectionResetError, BrokenPipeError):
                self.close()
                if self.answered:
                    raise
        return super().request(*arguments, **named)


class Server:
    """The example, in a folder where its file can be replaced. It has to live through everything
    under one process id."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.program = self.path("server")
        self.conf = self.path("hello.conf")
        self.port = free_port()
        self.write_conf("Hello")
        shutil.copy(os.path.join(BUILD, "examples", "autoreload"), self.program)
        self.log = open(self.path("log"), "w+b")
        self.process = subprocess.Popen(
            ["./server", f"--port={self.port}", "--conf=hello.conf", "--logging=info"],
            cwd=self.folder.name, stderr=self.log, env=dict(os.environ, MARKER="kept as it is"))
        wait_until(lambda: self.process.poll() is not None or self.serves(), "the server's start")
        assert self.process.poll() is None, self.lines("(?s).*")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write_conf(self, greeting):
        with open(self.path("conf.new"), "w") as out:
            out.write(f'greeting = "{greeting}"\n')
        os.rename(self.path("conf.new"), self.conf)

    def client(self):
        return Repeating(self.port)

    def page(self):
        return self.client().request(close=True).strip()

    def serves(self):
        try:
            return self.page()
        except OSError:
            return False

    def lines(self, pattern):
        with open(self.log.name, encoding="utf-8") as log:
            return re.findall(pattern, log.read())

    def start_of_it(self):
        return float(re.search(r"started ([\d.]+)", self.page()).group(1))

    def reloads_after(self, change, file=None):
        """Calls `change`, and waits for the new program."""
        started, lines = self.start_of_it(), len(self.lines("modified; restarting server"))
        change()
        wait_until(lambda: self.start_of_it() != started, "the restart", 20)
        assert self.lines(r"(\S+) modified; restarting server")[lines:] == [file or self.program]
        assert f"process {self.process.pid}," in self.page()

    def stays_after(self, change, seconds=0.5):
        started = self.start_of_it()
        change()
        time.sleep(seconds)
        assert self.start_of_it() == started

    def replace(self):
        shutil.copy2(self.program, self.path("fresh"))
        os.utime(self.path("fresh"))
        os.rename(self.path("fresh"), self.program)

    def write_in_pieces(self, still_there):
        """As a linker does that takes its time: a new file, of which a part is there, then all of
        it, at last executable."""
        with open(self.program, "rb") as program:
            data = program.read()
        os.unlink(self.program)
        middle = len(data) // 2

        def write(descriptor, part, mode):
            os.write(descriptor, part)
            os.fchmod(descriptor, mode)
            time.sleep(0.3)
            assert self.start_of_it() == still_there

        descriptor = os.open(self.program, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        write(descriptor, data[:middle], 0o755)  # open for writing
        os.close(descriptor)
        descriptor = os.open(self.program, os.O_WRONLY | os.O_APPEND)
        os.fchmod(descriptor, 0o755)
        os.close(descriptor)
        time.sleep(0.3)  # half, executable, and nobody writes
        assert self.start_of_it() == still_there
        descriptor = os.open(self.program, os.O_WRONLY | os.O_APPEND)
        write(descriptor, data[middle:], 0o644)  # whole, not executable
        os.fchmod(descriptor, 0o755)
        os.close(descriptor)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0
        self.log.close()
        self.folder.cleanup()


def under_load(reloads, pause):
    server = Server()
    load = Load(server, pause)
    try:
        for i in range(reloads):
            if i % 4 == 3:
                server.reloads_after(lambda: server.write_conf(f"Hello {i}"), server.conf)
                assert f"Hello {i}," in server.page()
            else:
                server.reloads_after(server.replace)
    finally:
        load.end()
    assert not load.failures, (len(load.failures), load.failures[:5])
    assert len(server.lines(r"goodbye after")) == reloads  # each ran its hook
    pid = server.process.pid
    with open(f"/proc/{pid}/cmdline", "rb") as arguments, \
            open(f"/proc/{pid}/environ", "rb") as environment:
        assert arguments.read().split(b"\0")[:-1] == [
            b"./server", b"--port=%d" % server.port, b"--conf=hello.conf", b"--logging=info"]
        variables = environment.read().split(b"\0")
    assert b"MARKER=kept as it is" in variables
    assert sum(b"GALE_RELOAD=" in variable for variable in variables) == 1
    assert os.readlink(f"/proc/{pid}/cwd") == server.folder.name
    listening = sum(os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:")
                    for fd in os.listdir(f"/proc/{pid}/fd"))
    assert listening <= 4, listening  # for both families, and no more after each
    server.stop()
    print(f"{load.done} requests over {reloads} restarts, none failed")


def files_that_are_not_whole():
    server = Server()
    server.reloads_after(lambda: server.write_in_pieces(server.start_of_it()))
    server.stays_after(lambda: os.chmod(server.program, 0o644))  # no change of its content
    os.chmod(server.program, 0o755)

    def garbage():
        os.rename(server.program, server.path("kept"))
        with open(server.program, "w") as out:
            out.write("no program\n")
        os.chmod(server.program, 0o755)

    server.stays_after(garbage)
    wait_until(lambda: server.lines(r"no restart while \S+/server is no program; the server goes"),
               "a line that tells why")
    os.unlink(server.program)
    server.stays_after(lambda: None)
    os.rename(server.path("kept"), server.program)
    server.stays_after(lambda: None)  # it is the one that runs
    server.stop()
    print("files that are not whole are left alone")


def watched_files():
    server = Server()
    server.reloads_after(lambda: os.utime(server.conf), server.conf)
    server.stays_after(lambda: os.unlink(server.conf), 0.8)
    server.reloads_after(lambda: server.write_conf("again"), server.conf)
    assert server.page().startswith("again,")
    server.stop()
    print("a watched file: touched, deleted, made again")


def ends_by(script, status, line):
    server = Server()
    os.unlink(server.program)
    with open(server.program, "w") as out:
        out.write(script)
    os.chmod(server.program, 0o755)
    assert server.process.wait(20) == status
    assert server.lines(line), line
    server.log.close()
    server.folder.cleanup()


def a_new_program_that_fails():
    """It has taken the old one's place: its end is the end, and is seen."""
    ends_by("#!/bin/sh\necho it is broken >&2\nexit 7\n", 7, "it is broken")
    ends_by("#!/no/such/interpreter\n", 1,
            "server cannot be executed: No such file or directory; the server ends")
    print("a failure is the process's")


def signals_while_restarting():
    """Who stops the server while it waits for a request in flight gets his way."""
    server = Server()
    with socket.create_connection(("127.0.0.1", server.port)) as unfinished:
        unfinished.sendall(b"GET / HTTP/1.1\r\nHost:")
        time.sleep(0.1)
        server.replace()
        wait_until(lambda: server.lines("modified; restarting server"), "the restart")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
    assert not server.lines("goodbye after")
    server.log.close()
    server.folder.cleanup()
    print("a stop is a stop")


def run_waiting(folder, arguments, change):
    """Runs the program that waits at its end, has it started again, and returns what it printed."""
    program, result = os.path.join(folder, "waiting"), os.path.join(folder, "result")
    shutil.copy(os.path.join(BUILD, "tests", "waiting"), program)
    with open(result, "w") as out:
        out.write("1")
    process = subprocess.Popen([program, result] + arguments, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    change(program, result)
    output = process.communicate(timeout=20)[0]
    assert process.returncode == 0, process.returncode
    return line, output


def succeed(_, result):
    with open(result, "w") as out:
        out.write("0")


def build_anew(program, _):
    with open(program + ".new", "w") as out:
        out.write('#!/bin/sh\necho "anew $@"\n')
    os.chmod(program + ".new", 0o755)
    os.rename(program + ".new", program)


def waiting_programs():
    """A program that does its work, waits, and is run again; until it has succeeded."""
    with tempfile.TemporaryDirectory() as folder:
        line, output = run_waiting(folder, ["arg1", "--arg2", "-m", "arg 3"], succeed)
        assert line == "Starting arg1|--arg2|-m|arg 3|\n", line
        assert output == line, output
        line, output = run_waiting(folder, ["-x"], build_anew)
        assert line == "Starting -x|\n", line
        assert output == f"anew {folder}/result -x\n", output
    print("programs that wait at their end")


def main():
    options = dict(argument[2:].split("=") for argument in sys.argv[1:])
    under_load(int(options.get("reloads", 20)), float(options.get("pause", 0.005)))
    files_that_are_not_whole()
    watched_files()
    a_new_program_that_fails()
    signals_while_restarting()
    waiting_programs()


if __name__ == "__main__":
    main()
