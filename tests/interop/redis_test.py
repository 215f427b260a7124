#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Topics across machines (examples/rooms with --redis): two supervisors with their workers, which
know nothing of each other but the Redis that they share."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(__file__))
from topics_test import Publisher, Server, check_talk, free_port, wait_until


class Redis:
    def __init__(self):
        self.port = free_port()
        self.folder = tempfile.TemporaryDirectory()
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--dir", self.folder.name], stdout=subprocess.DEVNULL)
        wait_until(lambda: self.ask("PING") == "PONG", "Redis")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ask(self, *words):
        return subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True,
                              text=True).stdout.strip()

    def subscribers(self, room):
        return int(self.ask("PUBSUB", "NUMSUB", f"gale:room/{room}").split()[1])

    def wait_for_subscribers(self, room):
        """Until all workers that have members in the room are there; there are two at least."""
        count, since = 0, time.monotonic()
        while count < 2 or time.monotonic() - since < 0.3:
            if self.subscribers(room) != count:
                count, since = self.subscribers(room), time.monotonic()
            time.sleep(0.02)


def hear_once(members, text):
    assert [member.hear() for member in members] == [text] * len(members)
    assert all(member.has_nothing(0.01) for member in members)


def test_two_machines(redis, servers):
    members = [one for server in servers for one in server.everywhere("a", 2)]
    redis.wait_for_subscribers("a")
    check_talk(members, 20)
    Publisher(servers[0].port).post("a", b"posted")
    hear_once(members, "posted")
    redis.ask("PUBLISH", "gale:room/a", "said by others")
    hear_once(members, "said by others")
    for member in members:
        member.close()
    wait_until(lambda: redis.subscribers("a") == 0, "the end of all subscriptions")


def hear_loss(member):
    while member.hear() != "(something was lost)":
        continue


def test_redis_is_killed(redis, servers):
    members = [one for server in servers for one in server.everywhere("b", 2)]
    redis.wait_for_subscribers("b")
    redis.kill()
    here, there = members[:len(members) // 2], members[len(members) // 2:]
    check_talk(here, 3) # within a machine nothing has changed
    time.sleep(0.3)
    redis.start()
    for member in members:
        hear_loss(member)
    redis.wait_for_subscribers("b")
    for member in there: # what waited for Redis
        while not member.has_nothing(0.01):
            member.hear()
    check_talk(members, 5)
    for server in servers:
        assert "connection lost" in server.log_text()
        assert "topics: messages from elsewhere were lost" in server.log_text()


def main():
    if not shutil.which("redis-server") or not shutil.which("redis-cli"):
        return 77
    redis = Redis()
    servers = [Server(f"--redis=redis://127.0.0.1:{redis.port}") for _ in range(2)]
    try:
        for test in (test_two_machines, test_redis_is_killed):
            test(redis, servers)
            print("ok", test.__name__)
        for server in servers:
            server.stop()
    except BaseException:
        for server in servers:
            print(server.log_text()[-3000:])
            server.supervisor.kill()
        raise
    finally:
        redis.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
