#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Our client against nginx, h2o, Node and Tornado, with and without TLS. A server that is not
installed is left out."""

import hashlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time

BUILD = os.environ["GALE_BUILD"]
PAGES = {"small.txt": b"hello", "empty.txt": b"", "big.bin": random.Random(1).randbytes(3000000),
         "text.html": b"<p>the same again and again</p>\n" * 5000}

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 64; }}
http {{
    access_log off; gzip on; gzip_types text/html;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        listen 127.0.0.1:{port}; listen 127.0.0.1:{tls} ssl;
        ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
        root {folder}/pages;
        location /moved {{ return 302 /small.txt; }}
    }}
}}
"""
H2O = """
listen: {{ host: 127.0.0.1, port: {port} }}
listen: {{ host: 127.0.0.1, port: {tls}, ssl: {{ certificate-file: {folder}/cert.pem, key-file: {folder}/key.pem, ocsp-update-interval: 0 }} }}
hosts:
  default:
    paths:
      /: {{ file.dir: {folder}/pages }}
      /moved: {{ redirect: {{ url: /small.txt, status: 302 }} }}
compress: [ gzip, br ]
error-log: /dev/null
num-threads: 1
{user}
"""
NODE = """
const fs = require('fs'), zlib = require('zlib');
const answer = (request, response) => {{
    if (request.url.startsWith('/moved'))
        return response.writeHead(302, {{ Location: '/small.txt' }}).end('see there');
    fs.readFile('{folder}/pages' + request.url, (error, data) => {{
        if (error) return response.writeHead(404).end();
        if (!request.url.endsWith('html')) return response.end(data);
        response.writeHead(200, {{ 'Content-Encoding': 'br' }});
        zlib.brotliCompress(data, (_, coded) => response.end(coded));
    }});
}};
require('http').createServer(answer).listen({port}, '127.0.0.1');
require('https').createServer({{ key: fs.readFileSync('{folder}/key.pem'),
    cert: fs.readFileSync('{folder}/cert.pem') }}, answer).listen({tls}, '127.0.0.1');
"""
TORNADO = """
import ssl
from tornado import httpserver, ioloop, web
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain('{folder}/cert.pem', '{folder}/key.pem')
application = web.Application([('/moved', web.RedirectHandler, dict(url='/small.txt', permanent=False)),
    ('/(.*)', web.StaticFileHandler, dict(path='{folder}/pages'))], compress_response=True)
httpserver.HTTPServer(application).listen({port}, '127.0.0.1')
httpserver.HTTPServer(application, ssl_options=context).listen({tls}, '127.0.0.1')
ioloop.IOLoop.current().start()
"""
SERVERS = {"nginx": (NGINX, ["/usr/sbin/nginx", "-c"]), "h2o": (H2O, ["/usr/bin/h2o", "-c"]),
           "node": (NODE, ["/usr/bin/node"]), "tornado": (TORNADO, ["/usr/bin/python3"])}


def prepare(folder):
    os.mkdir(f"{folder}/pages")
    for name, content in PAGES.items():
        with open(f"{folder}/pages/{name}", "wb") as file:
            file.write(content)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
                   check=True, stderr=subprocess.DEVNULL)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(name, folder):
    """A running server and its two ports."""
    text, command = SERVERS[name]
    port, tls = free_port(), free_port()
    user = "user: root" if os.geteuid() == 0 else ""
    path = f"{folder}/{name}.conf"
    with open(path, "w") as file:
        file.write(text.format(folder=folder, port=port, tls=tls, user=user))
    server = subprocess.Popen([*command, path], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    for one in (port, tls):
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", one)) == 0:
                    break
            time.sleep(0.02)
    return server, port, tls


def fetch(url, folder):
    environment = {**os.environ, "EVIL_CA": f"{folder}/cert.pem"}
    done = subprocess.run([f"{BUILD}/tests/fetch_one", url], env=environment, timeout=20,
                          stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def check(name, base, folder):
    for page, content in PAGES.items():
        answer = fetch(f"{base}/{page}", folder)
        wanted = {"status": 200, "length": len(content), "sha1": hashlib.sha1(content).hexdigest()}
        assert answer == wanted, (name, page, answer)
    answer = fetch(f"{base}/moved", folder)
    assert answer["length"] == 5, (name, answer)
    assert fetch(f"{base}/missing", folder)["status"] == 404, name


def check_reuse(base):
    """Several pages over one connection."""
    urls = [f"{base}/{page}" for page in PAGES] * 3
    done = subprocess.run([f"{BUILD}/examples/fetch", *urls], timeout=20, stdout=subprocess.PIPE)
    assert done.returncode == 0
    for content in PAGES.values():
        assert done.stdout.decode().count(f"\n{len(content)} bytes in ") >= 3, done.stdout


def main():
    found = [name for name, (_, command) in SERVERS.items() if os.path.exists(command[0])]
    if not found or not shutil.which("openssl"):
        print("no server is installed, or no openssl")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        prepare(folder)
        for name in found:
            server, port, tls = start(name, folder)
            try:
                check(name, f"http://localhost:{port}", folder)
                check(name, f"https://localhost:{tls}", folder)
                check_reuse(f"http://localhost:{port}")
            finally:
                server.terminate()
                server.wait(20)
            print(f"{name}: ok")


main()
