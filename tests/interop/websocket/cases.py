# SPDX-License-Identifier: Apache-2.0
"""A case of the protocol suite: what is sent after the handshake, and exactly what comes back."""

import dataclasses

from frames import CLOSE, Close, close

WS, DEFLATE = "/ws", "/ws-deflate"


@dataclasses.dataclass
class Case:
    section: str  # as "6455 §5.4"
    name: str
    sent: bytes
    expected: list  # frames; after a close frame, the server ends the connection
    path: str = WS
    offers: str = None  # Sec-WebSocket-Extensions
    agreed: dict = None  # the parameters that are to be answered, where that is asked for
    drip: bool = None  # also byte by byte; None: when it is short
    fails: bool = False  # what was sent breaks the protocol

    def __post_init__(self):
        if self.drip is None:
            self.drip = len(self.sent) <= 1500
        if not self.expected or self.expected[-1].opcode != CLOSE:
            # It is still open. No test waits for what is not to come: the peer closes.
            self.sent += close(1000)
            self.expected = [*self.expected, Close(1000)]

    @property
    def title(self):
        return f"RFC {self.section}: {self.name}"

    def difference(self, frames):
        """Between what came and what is expected, or None. The reason of a close may be any."""
        got = [one._replace(payload=one.payload[:2]) if one.opcode == CLOSE else one for one in frames]
        return None if got == self.expected else f"{short(frames)}\n   not {short(self.expected)}"


def short(frames):
    return [(one.opcode, len(one.payload), one.payload[:60]) for one in frames]


def refused(section, name, sent, code=1002, before=(), **how):
    """One that is failed with the code; what is sent behind is not looked at any more."""
    return Case(section, name, sent, [*before, Close(code)], fails=True, **how)


def cases_of(*groups):
    """Those that the functions yield, each with a title of its own."""
    cases = [case for group in groups for case in group()]
    titles = [case.title for case in cases]
    assert len(set(titles)) == len(titles), [title for title in titles if titles.count(title) > 1]
    return cases
