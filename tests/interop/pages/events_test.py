#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The ticker's events for clients without an EventSource, directly and behind nginx and h2o."""

import http.client
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import unittest

from servers import PATIENCE, TestCase, free_port, tool, wait_until

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off; gzip on; gzip_min_length 1; proxy_temp_path {folder};
    client_body_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
    scgi_temp_path {folder};
    server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{behind}; }} }}
}}
"""
H2O = """
user: root
num-threads: 1
error-log: {folder}/error.log
listen: {{host: 127.0.0.1, port: {port}}}
compress: ON
hosts:
  default:
    paths:
      /: {{proxy.reverse.url: "http://127.0.0.1:{behind}/"}}
"""
NODE = """
(async () => {
    const response = await fetch(process.argv[1], { headers: { "Last-Event-ID": "2" } });
    let text = "";
    for await (const piece of response.body) {
        text += Buffer.from(piece).toString();
        if (text.includes("id: 6")) break;
    }
    console.log(response.headers.get("content-type"), text.match(/id: .*/g).join());
    process.exit(0);
})();
"""


class Listener:
    """A client that reads events as they come."""

    def __init__(self, port, last=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        headers = {"Accept-Encoding": "gzip", **({"Last-Event-ID": str(last)} if last else {})}
        self.connection.request("GET", "/ticks", headers=headers)
        self.response = self.connection.getresponse()

    def event(self):
        """The next event's fields; None at the end."""
        fields = {}
        for line in iter(self.response.readline, b"\n"):
            if not line:
                return None
            name, _, value = line.decode().rstrip("\n").partition(": ")
            fields[name] = value
        return fields if "data" in fields else self.event()

    def close(self):
        self.response.close()
        self.connection.close()


class Events(TestCase):
    def setUp(self):
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(os.environ["GALE_SOURCE"])

    def ticker(self, *options):
        return self.start("examples/ticker", *options)

    def listen(self, port, last=None):
        listener = Listener(port, last)
        self.addCleanup(listener.close)
        return listener

    def assert_timely(self, port):
        """Each event comes by itself, not when a buffer is full."""
        listener = self.listen(port)
        self.assertEqual(listener.response.status, 200)
        self.assertEqual(listener.response.headers["Content-Type"], "text/event-stream")
        self.assertIsNone(listener.response.headers["Content-Encoding"])
        first = listener.event()
        times = []
        for number in range(int(first["id"]) + 1, int(first["id"]) + 6):
            event = listener.event()
            times.append(time.monotonic())
            self.assertEqual((event["event"], event["id"]), ("tick", str(number)))
        self.assertGreater(times[-1] - times[0], 0.5, "they came together")
        listener.close()

    def test_who_comes_back_misses_nothing(self):
        server = self.ticker("--interval=0.05")
        listener = self.listen(server.port)
        self.assertEqual(listener.response.headers["Cache-Control"], "no-store")
        ids = [int(listener.event()["id"]) for _ in range(5)]
        listener.close()
        time.sleep(0.3)
        again = self.listen(server.port, last=ids[-1])
        ids += [int(again.event()["id"]) for _ in range(10)]
        again.close()
        self.assertEqual(ids, list(range(ids[0], ids[0] + 15)))
        self.stop(server)

    def test_node(self):
        server = self.ticker("--interval=0.05")
        listener = self.listen(server.port)
        self.assertEqual([listener.event()["id"] for _ in range(2)], ["1", "2"])
        done = subprocess.run([tool("node"), "-e", NODE, f"{server.url}/ticks"],
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertRegex(done.stdout, r"^text/event-stream id: 3,id: 4,id: 5,id: 6", done.stderr)
        self.stop(server)

    def test_curl(self):
        server = self.ticker("--interval=0.05")
        for version in ("--http1.0", "--http1.1"):
            done = subprocess.run([tool("curl"), "-sSN", version, "--max-time", "1", "--compressed",
                                   f"{server.url}/ticks"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 28, done.stderr)  # it is curl who has had enough
            self.assertRegex(done.stdout, r"^retry: 1000\n\nid: \d+\nevent: tick\ndata: \{")
            self.assertGreater(done.stdout.count("\n\n"), 5)
        self.stop(server)

    def test_server_that_stops(self):
        server = self.ticker("--interval=0.1", "--logging=info")
        listeners = [self.listen(server.port) for _ in range(20)]
        for listener in listeners:
            self.assertIsNotNone(listener.event())
        began = time.monotonic()
        server.process.terminate()
        for listener in listeners:
            while listener.event():
                pass
            listener.close()
        self.ended(server, [r"200 GET /ticks \(127\.0\.0\.1\) \d+\.\d\dms$"])
        self.assertLess(time.monotonic() - began, 3)
        self.assertEqual(len(re.findall(r"200 GET /ticks", server.log())), 20)

    def test_clients_that_leave(self):
        server = self.ticker("--interval=0.05")
        before = server.descriptors()
        for _ in range(3):
            listeners = [self.listen(server.port) for _ in range(20)]
            for listener in listeners:
                self.assertIsNotNone(listener.event())
            for listener in listeners:
                listener.close()
            wait_until(lambda: server.descriptors() == before, "their connections are closed")
        self.stop(server)

    def behind(self, program, configuration, *arguments):
        server, port = self.ticker("--interval=0.2"), free_port()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        file = pathlib.Path(folder.name, "conf")
        file.write_text(configuration.format(folder=folder.name, port=port, behind=server.port))
        proxy = subprocess.Popen([tool(program), *arguments, "-c", file], cwd=folder.name,
                                 stderr=subprocess.DEVNULL)
        self.addCleanup(proxy.wait)
        self.addCleanup(proxy.terminate)

        def answers():
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                return False
            return True

        wait_until(answers, f"{program} listens")
        self.assert_timely(port)
        self.stop(server)

    def test_behind_nginx(self):
        self.behind("nginx", NGINX, "-e", "/dev/null")

    def test_behind_h2o(self):
        self.behind("h2o", H2O)


if __name__ == "__main__":
    unittest.main()
