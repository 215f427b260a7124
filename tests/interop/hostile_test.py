#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Our client against a hostile server: a clear error each time, in time, in bounded memory."""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).with_name("hostile")))

from answers import ANSWERS  # noqa: E402
from certificates import Authority  # noqa: E402
from server import (Server, serve_bytes, serve_plain, serve_silence, serve_tls,  # noqa: E402
                    serve_truncated)

BUILD = pathlib.Path(os.environ["GALE_BUILD"])
FETCH_ONE = BUILD / "tests" / "fetch_one"
SANITIZED = bool(re.search(r"^GALE_SANITIZE:\w+=\w", (BUILD / "CMakeCache.txt").read_text(), re.M))
MOST_SECONDS = 12 if SANITIZED else 5  # of the 3 that it gives itself; others use the machine, too
MOST_KIB = 64 * 1024
FORM = re.compile(r'\{"(status":\d+,"length":\d+,"sha1":"[0-9a-f]{40}"|error":"[^"]+")\}\n')


def fetch(url, ca=None):
    """What it printed, as (status, length) or an error; and what is wrong with how it ended."""
    environment = {**os.environ, **({"EVIL_CA": str(ca)} if ca else {})}
    begun = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([FETCH_ONE, url], stdout=output, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        seconds = time.monotonic() - begun
        output.seek(0)
        line = output.read().decode()
    if status != 0 or not FORM.fullmatch(line):
        return None, f"status {status}, printed {line!r}"
    if seconds > MOST_SECONDS:
        return None, f"took {seconds:.1f} seconds"
    if usage.ru_maxrss > MOST_KIB and not SANITIZED:
        return None, f"took {usage.ru_maxrss} KiB"
    result = json.loads(line)
    return result.get("error") or (result["status"], result["length"]), None


def fault(url, expected, ca=None):
    """What is wrong with the answer, or None."""
    result, problem = fetch(url, ca)
    if problem:
        return f"{url[:200]}: {problem}"
    if isinstance(expected, tuple) or isinstance(result, tuple):
        fine = result == expected
    else:
        fine = re.search(expected, result)
    return None if fine else f"{url[:200]}: {result}, expected {expected}"


class HostileTest(unittest.TestCase):
    def check(self, cases):
        """Each case is what `fault` takes. They mostly wait: many at a time."""
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            faults = list(filter(None, pool.map(lambda case: fault(*case), cases)))
        if faults:
            self.fail("\n" + "\n".join(faults))

    def serve(self, serve):
        server = Server(serve)
        self.addCleanup(server.close)
        return server.port

    def test_plain(self):
        port = self.serve(serve_plain)
        self.check([(f"http://127.0.0.1:{port}{path}", expected)
                    for path, (_, expected) in ANSWERS.items()])

    def test_urls(self):
        port = self.serve(serve_plain)
        urls = ["", "x", "http://", "http:///ok", "//127.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd",
                f"http://127.0.0.1:{port}/ok\r\nX: y", f"http://127.0.0.1:{port}/o k",
                "http://127.0.0.1:0/", "http://127.0.0.1:65536/", "http://127.0.0.1:-1/",
                "http://127.0.0.1:99999999999999999999/", "http://[::1", "http://[::g]/",
                "http://127.0.0.1:1/", "http://no-such-name.invalid/", "http://" + "x" * 100000 + "/",
                "http://" + "x." * 1000 + "/", "http://\xff\xfe/", "http://%00/", "http://a%zz/",
                "http+unix://%2Fno%2Fsuch%2Fsocket/", "http+unix:///x"]
        self.check([(url, ".") for url in urls])
        self.check([(f"http://user:password@127.0.0.1:{port}/ok", (200, 5)),
                    (f"HTTP://LOCALHOST:{port}/ok#fragment", (200, 5))])

    def test_names_that_are_not_answered(self):
        silent = self.serve(serve_silence)
        self.check([(f"http://127.0.0.1:{silent}/", "timed out"),
                    (f"https://127.0.0.1:{silent}/", "timed out")])


class HostileTLSTest(HostileTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.authority = Authority(cls.folder.name)
        cls.good = cls.authority.issue("good", "DNS:localhost,IP:127.0.0.1")

    test_plain = test_urls = test_names_that_are_not_answered = None

    def test_certificates(self):
        authority = self.authority
        here = "DNS:localhost,IP:127.0.0.1"
        bad = {
            "expired": authority.issue("expired", here, end="20210101000000Z"),
            "not_yet": authority.issue("not_yet", here, start="20900101000000Z"),
            "elsewhere": authority.issue("elsewhere", "DNS:example.org"),
            "wildcard": authority.issue("wildcard", "DNS:*"),
            "self_signed": authority.self_signed("self_signed", here),
        }
        good = self.serve(serve_tls(self.good))
        cases = [(f"https://localhost:{good}/ok", (200, 5), authority.ca),
                 (f"https://127.0.0.1:{good}/ok", (200, 5), authority.ca),
                 (f"https://localhost:{good}/most", (200, 8 << 20), authority.ca),
                 (f"https://localhost:{good}/gzip-bomb", "limit", authority.ca),
                 (f"https://localhost:{good}/short-body", "closed", authority.ca),
                 (f"https://localhost:{good}/ok", "certificate"),
                 (f"https://localhost:{good}/ok", ".", "/no/such/file")]
        cases += [(f"https://localhost:{self.serve(serve_tls(file))}/ok", "certificate", authority.ca)
                  for file in bad.values()]
        self.check(cases)

    def test_what_is_no_tls(self):
        ca = self.authority.ca
        plain = self.serve(serve_plain)
        alert = bytes.fromhex("15030300020228")
        endless = bytes.fromhex("1603034000") + bytes(0x4000)
        ports = [plain, self.serve(serve_bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
                 self.serve(serve_bytes(bytes(range(256)) * 100)), self.serve(serve_bytes(alert)),
                 self.serve(serve_bytes(bytes.fromhex("1603030005"))),
                 self.serve(serve_bytes(*[endless] * 100)), self.serve(serve_bytes())]
        self.check([(f"https://localhost:{port}/ok", ".", ca) for port in ports])
        tls = self.serve(serve_tls(self.good))
        self.check([(f"http://localhost:{tls}/ok", ".")])

    def test_ends_without_a_close_notify(self):
        port = self.serve(serve_truncated(self.good))
        self.check([(f"https://localhost:{port}/complete", (200, 5), self.authority.ca),
                    (f"https://localhost:{port}/until-close", ".", self.authority.ca)])


if __name__ == "__main__":
    unittest.main(verbosity=2)
