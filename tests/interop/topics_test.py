#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Topics across worker processes (examples/rooms): order, a worker that is killed, one that does not
read, an upgrade."""

import collections
import os
import pathlib
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("GALE_BUILD", "build/release")
WORKERS = 4
HANDSHAKE = ("GET /room/{} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.01)


class Member:
    """A WebSocket in a room."""

    def __init__(self, port, room):
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(HANDSHAKE.format(room).encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 101"), head
        self.closed = None

    def fill(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise EOFError
        self.buffer += data

    def say(self, text):
        data = text.encode()
        assert len(data) < 126
        self.socket.sendall(bytes([0x81, 0x80 | len(data), 0, 0, 0, 0]) + data)

    def hear(self):
        """The next message; None when the server has closed."""
        while True:
            frame = self.take()
            if frame:
                opcode, data = frame
                if opcode == 8:
                    self.closed = struct.unpack(">H", data[:2])[0] if data else 1005
                    return None
                return data.decode()
            try:
                self.fill()
            except (EOFError, ConnectionError):
                return None

    def take(self):
        if len(self.buffer) < 2:
            return None
        size, at = self.buffer[1], 2
        for mark, form, width in ((126, ">H", 2), (127, ">Q", 8)):
            if size == mark:
                if len(self.buffer) < 2 + width:
                    return None
                size, at = struct.unpack_from(form, self.buffer, 2)[0], 2 + width
                break
        if len(self.buffer) < at + size:
            return None
        opcode, data = self.buffer[0] & 15, self.buffer[at:at + size]
        self.buffer = self.buffer[at + size:]
        return opcode, data

    def has_nothing(self, seconds=0.2):
        return not self.buffer and not select.select([self.socket], [], [], seconds)[0]

    def close(self):
        self.socket.close()


class Publisher:
    """Posts to rooms, always at the same worker: one that answers."""

    def __init__(self, port):
        self.socket = None
        while not self.socket:
            one = socket.create_connection(("127.0.0.1", port), 0.3)
            try:
                self.socket = one
                self.post("nobody", b"")
            except TimeoutError:
                one.close()
                self.socket = None
        self.socket.settimeout(20)

    def post(self, room, body):
        self.socket.sendall(b"POST /room/%s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n"
                            % (room.encode(), len(body)) + body)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200"), answer


class Server:
    def __init__(self, *options):
        self.port = free_port()
        self.log = tempfile.TemporaryFile("w+b")
        self.supervisor = subprocess.Popen(
            [f"{BUILD}/examples/rooms", f"--port={self.port}", f"--workers={WORKERS}",
             *options],
            stderr=self.log)
        wait_until(self.is_there, "the server")

    def is_there(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return len(self.workers()) == WORKERS
        except OSError:
            return False

    def workers(self, pid=None):
        pid = pid or self.supervisor.pid
        return [int(word) for word in
                pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def log_text(self):
        self.log.seek(0)
        return self.log.read().decode()

    def everywhere(self, room, per_worker=3):
        """So many members that there are some at each worker."""
        return [Member(self.port, room) for _ in range(WORKERS * per_worker)]

    def stop(self):
        self.supervisor.send_signal(signal.SIGTERM)
        assert self.supervisor.wait(30) == 0, self.log_text()


def check_talk(members, count):
    """Everyone says something `count` times; all others hear it, in order."""
    for i in range(count):
        for number, member in enumerate(members):
            member.say(f"{number}:{i}")
    for number, member in enumerate(members):
        heard = collections.defaultdict(list)
        for _ in range(count * (len(members) - 1)):
            who, what = map(int, member.hear().split(":"))
            heard[who].append(what)
        assert len(heard) == len(members) - 1 and number not in heard
        assert all(said == list(range(count)) for said in heard.values()), heard


def test_all_members_hear_all_in_order(server):
    members = server.everywhere("a")
    outside = Member(server.port, "b")
    check_talk(members, 40)
    big = b"b" * 300000
    Publisher(server.port).post("a", big)
    assert all(member.hear() == big.decode() for member in members)
    assert outside.has_nothing()
    for member in members + [outside]:
        member.close()


def test_a_worker_is_killed(server):
    members = server.everywhere("killed", 6)
    victim = server.workers()[1]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in server.workers() and len(server.workers()) == WORKERS,
               "a new worker")
    time.sleep(0.1)
    left = [member for member in members if member.has_nothing(0.02)]
    assert 0 < len(left) < len(members), f"{len(left)} of {len(members)}"
    check_talk(left, 5)
    check_talk(left + server.everywhere("killed", 6)[:12], 5)
    assert "killed by signal 9" in server.log_text()
    assert "lost" not in server.log_text()


def test_what_is_lost_is_told(server):
    """A worker that does not read for a while: its members are told that they have missed something,
    and then hear again; the others hear everything."""
    members = server.everywhere("slow", 4)
    sleeper = server.workers()[2]
    os.kill(sleeper, signal.SIGSTOP)
    publisher = Publisher(server.port)
    publisher.post("slow", b"0")
    time.sleep(0.3)
    awake = [one for one in members if not one.has_nothing(0.01)]
    asleep = [one for one in members if one not in awake]
    assert awake and asleep
    chunk, count = b"c" * 200000, 60  # more than may wait
    for i in range(1, count):
        publisher.post("slow", b"%d " % i + chunk)
        for one in awake:
            while (heard := one.hear()) == "0":
                continue
            assert heard.startswith(f"{i} ")
    os.kill(sleeper, signal.SIGCONT)
    time.sleep(0.3)
    publisher.post("slow", b"end")
    for one in asleep:
        heard = []
        while not heard or heard[-1] != "end":
            heard.append(one.hear())
        assert "(something was lost)" in heard, [text[:20] for text in heard]
        numbers = [int(text.split()[0]) for text in heard if text[0].isdigit()]
        assert numbers == list(range(len(numbers))) and len(numbers) < count
    assert all(one.hear() == "end" for one in awake)
    wait_until(lambda: "messages from elsewhere were lost" in server.log_text(), "the log line")


def test_an_upgrade(server):
    before = server.everywhere("upgraded")
    old = server.supervisor
    old.send_signal(signal.SIGUSR2)
    for member in before:
        assert member.hear() is None and member.closed == 1001
        member.close()
    after = server.everywhere("upgraded")
    check_talk(after, 5)
    successor = [line for line in server.log_text().splitlines() if "upgrade: process" in line][0]
    pid = int(successor.split("process ")[1].split()[0])
    assert old.wait(30) == 0
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not pathlib.Path(f"/proc/{pid}/exe").exists(), "the end of the successor")


def main():
    server = Server()
    try:
        for test in (test_all_members_hear_all_in_order, test_a_worker_is_killed,
                     test_what_is_lost_is_told, test_an_upgrade):
            test(server)
            print("ok", test.__name__)
    except BaseException:
        print(server.log_text()[-3000:])
        server.supervisor.kill()
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
