#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The WebSocket client, frame by frame, against a server that does what it must not: the cases of the
server's suite with the roles changed, and answers to handshakes."""

import base64
import os
import pathlib
import re
import socket
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE / "websocket"))

import client_cases  # noqa: E402
import closing_cases  # noqa: E402
import deflate_cases  # noqa: E402
import framing_cases  # noqa: E402
import text_cases  # noqa: E402
from cases import cases_of  # noqa: E402
from frames import BINARY, CLOSE, TEXT, Server, inflater, parse_parameters, role  # noqa: E402

ECHO = pathlib.Path(os.environ["GALE_BUILD"]) / "tests" / "websocket_client_echo"
ONLY_OF_CLIENTS = {framing_cases.unmasked, framing_cases.masks, deflate_cases.combinations,
                   deflate_cases.spellings, deflate_cases.declined, deflate_cases.bombs,
                   deflate_cases.sizes}


def groups_of(module):
    return [group for group in module.GROUPS if group not in ONLY_OF_CLIENTS]


with role("server"):
    FRAMES = {"framing": cases_of(client_cases.masked, *groups_of(framing_cases)),
              "closing": cases_of(*groups_of(closing_cases)), "text": cases_of(*groups_of(text_cases)),
              "deflate": cases_of(*groups_of(deflate_cases))}
ANSWERS = cases_of(*client_cases.GROUPS)


def play_case(case, server, drip):
    """The server's side. What is wrong with what the client says, or None."""
    server.answer({"Sec-WebSocket-Extensions": case.offers} if case.offers else None)
    if case.offers:
        server.inflate = inflater("client", parse_parameters(case.offers))
    pieces = [case.sent[i:i + 1] for i in range(len(case.sent))] if drip else [case.sent]
    frames = []
    try:
        for piece in pieces:
            server.send(piece)
    except OSError:
        pass  # it has closed, as it may have to
    try:
        while (one := server.frame()) is not None:
            frames.append(one)
            if one.opcode == CLOSE:
                end(server)
    except OSError as error:
        return f"{error} after {frames}"[:300]
    return case.difference(frames)


def end(server):
    try:
        server.socket.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the client has left


def expected_line(case):
    messages = sum(one.opcode in (TEXT, BINARY) for one in case.expected)
    if case.fails:
        return rf'\{{"messages":{messages},"error":".+"\}}'
    code = int.from_bytes(case.expected[-1].payload, "big") or 1005
    return rf'\{{"messages":{messages},"compressed":(true|false),"code":{code},"reason":"[^"]*"\}}'


class ClientProtocolTest(unittest.TestCase):
    def converse(self, plays, *options):
        """For each play, called with the server's side of a connection of its own: the line that the
        client prints, and what the play returns."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.settimeout(30)
            url = f"ws://127.0.0.1:{listening.getsockname()[1]}/{{}}"
            client = subprocess.Popen([ECHO, f"--cases={len(plays)}", *options, url],
                                      stdout=subprocess.PIPE, text=True)
            try:
                for play in plays:
                    with listening.accept()[0] as connection:
                        server = Server(connection)
                        server.read_request()
                        result = play(server)
                        end(server)
                        while server.fill():
                            pass
                    yield client.stdout.readline().rstrip("\n"), result
                self.assertEqual(client.wait(10), 0)
            finally:
                client.kill()
                client.wait()
                client.stdout.close()

    def check(self, cases, plays, lines, *options):
        faults = []
        for case, line, (got, fault) in zip(cases, lines, self.converse(plays, *options)):
            if fault or not re.fullmatch(line, got):
                faults.append(f"{case.title}\n   {fault or ''}\n   {got}, not {line}")
        if faults:
            self.fail(f"{len(faults)} cases\n" + "\n".join(faults))

    def check_frames(self, cases, drip):
        def play(case):
            return lambda server: play_case(case, server, drip)

        self.check(cases, [play(case) for case in cases], [expected_line(case) for case in cases])

    def check_answers(self, plain):
        cases = [case for case in ANSWERS if case.plain == plain]
        self.check(cases, [case.play for case in cases], [case.line for case in cases],
                   *(["--plain"] if plain else []))

    def test_answers(self):
        self.check_answers(False)

    def test_answers_to_no_offer(self):
        self.check_answers(True)

    def requests(self, *options):
        def play(server):
            server.answer(behind=client_cases.HELLO)
            return server.request

        return [request for _, request in self.converse([play] * 3, *options)]

    def test_requests(self):
        """RFC 6455 §4.1: what a handshake has, and only that; a new key each time."""
        requests = self.requests()
        for request in requests:
            self.assertEqual(len(base64.b64decode(request["sec-websocket-key"], validate=True)), 16)
            self.assertEqual(request["upgrade"], "websocket")
            self.assertEqual(request["connection"], "Upgrade")
            self.assertEqual(request["sec-websocket-version"], "13")
            self.assertRegex(request["host"], r"127\.0\.0\.1:\d+")
            self.assertEqual(request["sec-websocket-extensions"],
                             "permessage-deflate; client_max_window_bits")
            self.assertLessEqual(set(request), {
                "host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version",
                "sec-websocket-extensions", "user-agent", "accept-encoding"})
        self.assertEqual(len({request["sec-websocket-key"] for request in requests}), 3)
        for request in self.requests("--plain"):
            self.assertNotIn("sec-websocket-extensions", request)


def add_tests(name, cases):
    drips = [case for case in cases if len(case.sent) <= 150]
    setattr(ClientProtocolTest, f"test_{name}_in_one_piece",
            lambda self: self.check_frames(cases, False))
    setattr(ClientProtocolTest, f"test_{name}_byte_by_byte",
            lambda self: self.check_frames(drips, True))


for group, group_cases in FRAMES.items():
    add_tests(group, group_cases)

if __name__ == "__main__":
    print(f"{sum(map(len, [*FRAMES.values(), ANSWERS]))} cases")
    unittest.main(verbosity=2)
