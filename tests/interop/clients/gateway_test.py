#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""examples/gateway in front of a program in Python: what is handed on, both ways."""

import http.server
import threading
import unittest

from servers import TestCase, get, read_response


class Backend(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked."""
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        told = (f"{self.command} {self.path} {self.headers['Host']} {self.headers['X-Real-Ip']} "
                f"{self.headers['Cookie']} ").encode() + body
        self.send_response(302 if self.path == "/redirect" else 200)
        self.send_header("Content-Type", "text/x-told")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(told)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = answer

    def log_message(self, *arguments):
        pass


class Gateway(TestCase):
    def setUp(self):
        self.backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
        self.backend.daemon_threads = True
        threading.Thread(target=self.backend.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{self.backend.server_address[1]}"
        self.server = self.start("examples/gateway", f"--backend={url}")

    def tearDown(self):
        self.backend.shutdown()
        self.backend.server_close()
        super().tearDown()

    def ask(self, request):
        client = self.connect(self.server)
        client.sendall(request)
        return read_response(client)

    def test_hands_on_what_has_not_moved(self):
        self.assertEqual(self.ask(get("/moved"))[2], b"Hello from gale")
        status, headers, body = self.ask(b"GET /a%20b?c=d HTTP/1.1\r\nHost: site.example\r\n"
                                         b"Cookie: x=y\r\nX-Real-Ip: 6.6.6.6\r\n\r\n")
        self.assertEqual((status, body), (200, b"GET /a%20b?c=d site.example 127.0.0.1 x=y "))
        self.assertEqual(headers["content-type"], "text/x-told")
        body = self.ask(b"POST /form HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na=b")[2]
        self.assertEqual(body, b"POST /form h 127.0.0.1 None a=b")
        status, headers, _ = self.ask(get("/redirect"))
        self.assertEqual((status, headers["location"]), (302, "/elsewhere"))
        self.stop(self.server)

    def test_tells_that_the_other_program_is_not_there(self):
        self.backend.shutdown()
        self.backend.server_close()
        self.assertEqual(self.ask(get("/a"))[0], 502)
        self.stop(self.server, [r"\] 502 GET /a \(127.0.0.1\): ", r"\] 502 GET /a "])


if __name__ == "__main__":
    unittest.main()
