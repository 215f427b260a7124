#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""gale against a real Tornado: the same raw requests to twin applications, answers and access
lines compared byte for byte, but for dates, versions and times."""

import os
import pathlib
import re
import socket
import subprocess
import sys
import time

try:
    import tornado  # noqa: F401
except ImportError:
    print("python3-tornado is not installed")
    sys.exit(77)

sys.dont_write_bytecode = True
FOLDER = pathlib.Path(__file__).with_name("twin")
sys.path.insert(0, str(FOLDER))

import cases  # noqa: E402

PATIENCE = 20
SYNC = b"GET /sync HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
SYNC_LINE = "200 GET /sync (127.0.0.1) "


class Twin:
    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.port = int(self.process.stdout.readline())

    def send(self, pieces):
        """Sends the pieces and returns all that comes until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as connection:
            answer = b""
            try:
                for number, piece in enumerate(pieces):
                    if number:
                        time.sleep(0.05)
                    connection.sendall(piece)
                while data := connection.recv(65536):
                    answer += data
            except ConnectionError:
                answer += b"<reset>"
            except TimeoutError:
                answer += b"<hangs>"
        return answer

    def access_lines(self):
        """What the access log said since the last call."""
        self.send([SYNC])
        lines = []
        while not (line := self.process.stdout.readline()).startswith(SYNC_LINE):
            if not line:
                raise AssertionError("the server has ended")
            lines.append(re.sub(r" [0-9.]+ms$", " *ms", line.rstrip("\n")))
        return lines

    def ask(self, case):
        answer = self.send(case.pieces)
        answer = re.sub(rb"(?m)^Server: .*\r$", b"Server: *\r", answer)
        answer = re.sub(rb"(?m)^Date: .* GMT\r$", b"Date: *\r", answer)
        for pattern, replacement in cases.CHANGING:
            answer = re.sub(pattern, replacement, answer)
        return answer, self.access_lines()

    def end(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.process.stdout.close()


def show(answer):
    text, lines = answer
    shown = text if len(text) < 1500 else text[:1500] + b"..."
    return "".join(f"    {line!r}\n" for line in shown.splitlines(keepends=True)) \
        + "".join(f"    log: {line}\n" for line in lines)


def compare(case, gale, tornado_answer):
    """What is wrong with the pair of answers, or None."""
    same = gale == tornado_answer
    if case.reason is None:
        return None if same else "the answers differ"
    if case.reason not in cases.REASONS:
        return f"there is no reason {case.reason}"
    if same:
        return f"the answers no longer differ ({case.reason})"
    if not gale[0].startswith(case.start):
        return f"gale's answer does not begin with {case.start!r} ({case.reason})"
    return None


def run(options, group):
    twins = [Twin(os.path.join(os.environ["GALE_BUILD"], "tests", "twin"), *options),
             Twin(sys.executable, str(FOLDER / "twin.py"), *options)]
    failures = 0
    try:
        for case in group:
            answers = [twin.ask(case) for twin in twins]
            wrong = compare(case, *answers)
            if wrong:
                failures += 1
                print(f"{case.name}: {wrong}\n  gale:\n{show(answers[0])}"
                      f"  Tornado:\n{show(answers[1])}")
    finally:
        for twin in twins:
            twin.end()
    return failures


def main():
    wanted = sys.argv[1:]
    total = failures = 0
    used = set()
    for options, group in cases.GROUPS:
        group = [case for case in group if not wanted or any(w in case.name for w in wanted)]
        used.update(case.reason for case in group)
        total += len(group)
        failures += run(options, group) if group else 0
    unused = set(cases.REASONS) - used
    if unused and not wanted:
        failures += 1
        print(f"reasons without a case: {', '.join(sorted(unused))}")
    print(f"{total} requests, {failures} failures")
    return failures > 0


sys.exit(main())
