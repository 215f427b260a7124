#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The WebSocket server, frame by frame: a case for each rule of RFC 6455 and RFC 7692, each sent in
one piece right behind the handshake, and byte by byte."""

import pathlib
import sys
import threading
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE / "websocket"), str(HERE / "clients")]

import closing_cases  # noqa: E402
import deflate_cases  # noqa: E402
import framing_cases  # noqa: E402
import handshake_cases  # noqa: E402
import text_cases  # noqa: E402
from cases import cases_of  # noqa: E402
from frames import Client, Text, parse_parameters, request, text  # noqa: E402
from servers import Program  # noqa: E402

CASES = {module.__name__.removesuffix("_cases"): cases_of(*module.GROUPS)
         for module in (handshake_cases, framing_cases, closing_cases, text_cases, deflate_cases)}


class Conversation:
    """A case with a connection of its own."""

    def __init__(self, case, port):
        self.case = case
        self.peer = Client(port)

    def handshake(self):
        offers = self.case.offers
        return request(self.case.path, {"Sec-WebSocket-Extensions": offers} if offers else None)

    def fault(self):
        """Reads to the end. What is wrong with it, or None."""
        case = self.case
        try:
            headers = self.peer.upgraded()
            agreed = parse_parameters(headers.get("sec-websocket-extensions"))
            if case.agreed is not None and agreed != (None if case.agreed is False else case.agreed):
                return f"agreed on {agreed}"
            frames = self.peer.frames()
        except Exception as error:  # whatever was wrong with what came
            return repr(error)[:300]
        return case.difference(frames)


class Greeting(Conversation):
    """A handshake with a connection of its own."""

    def handshake(self):
        return b""

    def fault(self):
        case = self.case
        try:
            status, headers = self.peer.read_response()
            if status == 200 and case.status == 101:  # of the request before it
                self.peer.take(int(headers["content-length"]))
                status, headers = self.peer.read_response()
            wrong = {name: headers.get(name) for name, value in case.headers.items()
                     if headers.get(name) != value}
            if status != case.status or wrong:
                return f"{status} {wrong}"
            if status == 101:
                while self.peer.fill():
                    pass
                return None if self.peer.buffer == case.behind else repr(self.peer.buffer)
        except Exception as error:
            return repr(error)[:300]
        return None


class ProtocolTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Program("tests/conformance")
        cls.addClassCleanup(cls.server.kill)
        cls.server.wait_for_port()

    def check(self, faults):
        faults = [f"{case.title}\n   {fault}" for case, fault in faults if fault]
        if faults:
            self.fail(f"{len(faults)} cases\n" + "\n".join(faults))

    def in_one_piece(self, case):
        conversation = new_conversation(case, self.server.port)
        with conversation.peer as peer:
            data = conversation.handshake() + case.sent
            sender = threading.Thread(target=quietly(peer.send), args=(data,)) \
                if len(data) > 60000 else None
            if sender:
                sender.start()
            else:
                peer.send(data)
            fault = conversation.fault()
        if sender:
            sender.join()
        return fault

    def test_body_that_is_waited_for(self):
        """RFC 9110 §10.1.1: it is asked for before the connection changes."""
        with Client(self.server.port) as peer:
            peer.send(request("/ws", {"Content-Length": "5", "Expect": "100-continue"}))
            self.assertEqual(peer.read_response(), (100, {}))
            peer.send(b"hello" + text("Hello"))
            self.assertEqual(peer.upgraded()["upgrade"], "websocket")
            self.assertEqual(peer.frame(), Text("Hello"))

    def byte_by_byte(self, cases):
        """All cases at once, so that the server has time to take each byte by itself."""
        for begin in range(0, len(cases), 200):
            conversations = [new_conversation(case, self.server.port) for case in cases[begin:begin + 200]]
            sent = [one.handshake() + one.case.sent for one in conversations]
            for at in range(max(map(len, sent))):
                for one, data in zip(conversations, sent):
                    if at < len(data):
                        quietly(one.peer.send)(data[at:at + 1])
            for one in conversations:
                with one.peer:
                    yield one.case, one.fault()


def new_conversation(case, port):
    handshake = isinstance(case, handshake_cases.Handshake)
    return (Greeting if handshake else Conversation)(case, port)


def quietly(function):
    def call(*arguments):
        try:
            function(*arguments)
        except OSError:
            pass  # the server has closed, as it may have to
    return call


def add_tests(name, cases):
    drips = [case for case in cases if getattr(case, "drip", len(case.sent) < 2000)]
    setattr(ProtocolTest, f"test_{name}_in_one_piece",
            lambda self: self.check([(case, self.in_one_piece(case)) for case in cases]))
    setattr(ProtocolTest, f"test_{name}_byte_by_byte",
            lambda self: self.check(list(self.byte_by_byte(drips))))


for group, group_cases in CASES.items():
    add_tests(group, group_cases)

if __name__ == "__main__":
    print(f"{sum(map(len, CASES.values()))} cases")
    unittest.main(verbosity=2)
