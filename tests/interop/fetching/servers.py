# SPDX-License-Identifier: Apache-2.0
"""Real servers over one folder of files, each on ports of its own: "plain" and "tls"."""

import pathlib
import shutil
import socket
import subprocess
import sys
import time

NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off; default_type application/octet-stream; types {{ text/html html; }}
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    gzip on; gzip_min_length 1; gzip_http_version 1.0; root {files};
    server {{
        listen 127.0.0.1:{plain}; listen 127.0.0.1:{tls} ssl http2;
        ssl_certificate {certificate}; ssl_certificate_key {certificate};
        location = /moved {{ return 302 /small; }}
        location = /cookie {{ add_header Set-Cookie "a=1"; return 302 /private; }}
        location = /private {{ if ($http_cookie != "a=1") {{ return 403; }} return 200 "hello"; }}
    }}
}}
"""

H2O = """
user: root
num-threads: 1
compress: ON
error-log: {folder}/h2o-error.log
pid-file: {folder}/h2o.pid
listen: {{host: 127.0.0.1, port: {plain}}}
listen: {{host: 127.0.0.1, port: {tls}, ssl: {{certificate-file: {certificate}, key-file: {certificate}}}}}
file.mime.addtypes: {{text/html: .html}}
hosts:
  default:
    paths:
      /moved: {{redirect: {{status: 302, internal: NO, url: /small}}}}
      /: {{file.dir: {files}}}
"""

NODE = """
const fs = require('fs'), http = require('http'), https = require('https'), zlib = require('zlib');
const [files, plain, tls, certificate] = process.argv.slice(2);
function serve(request, response) {
  const name = files + request.url;
  if (request.url === '/moved') { response.writeHead(302, {Location: '/small'}); response.end(); }
  else if (request.method === 'POST') request.pipe(response);
  else if (!fs.existsSync(name)) { response.writeHead(404); response.end('none'); }
  else if (request.url.endsWith('.html')) {
    response.setHeader('Content-Encoding', 'br');
    fs.createReadStream(name).pipe(zlib.createBrotliCompress()).pipe(response);
  } else fs.createReadStream(name).pipe(response);
}
http.createServer(serve).listen(plain, '127.0.0.1');
const pem = fs.readFileSync(certificate);
https.createServer({cert: pem, key: pem}, serve).listen(tls, '127.0.0.1');
"""

TORNADO = """
import ssl, sys
from tornado import httpserver, ioloop, web
files, plain, tls, certificate = sys.argv[1:]
class Moved(web.RequestHandler):
    def get(self):
        self.redirect('/small')
class Echo(web.RequestHandler):
    def post(self):
        self.write(self.request.body)
app = web.Application([('/moved', Moved), ('/echo', Echo),
                       ('/(.*)', web.StaticFileHandler, {'path': files})], compress_response=True)
app.listen(int(plain), '127.0.0.1')
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate)
httpserver.HTTPServer(app, ssl_options=context).listen(int(tls), '127.0.0.1')
ioloop.IOLoop.current().start()
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, name, folder, files, certificate):
        self.name = name
        self.plain, self.tls = free_port(), free_port()
        folder = pathlib.Path(folder) / name
        folder.mkdir()
        values = {"folder": folder, "files": files, "certificate": certificate,
                  "plain": self.plain, "tls": self.tls}
        command = getattr(self, name)(folder, values)
        self.process = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, cwd=folder)
        self.wait()

    def nginx(self, folder, values):
        (folder / "nginx.conf").write_text(NGINX.format(**values))
        return [tool("nginx"), "-p", folder, "-e", folder / "error.log", "-c",
                folder / "nginx.conf"]

    def h2o(self, folder, values):
        (folder / "h2o.conf").write_text(H2O.format(**values))
        return [tool("h2o"), "-c", folder / "h2o.conf"]

    def node(self, folder, values):
        (folder / "server.js").write_text(NODE)
        return [tool("node"), folder / "server.js", *self.arguments(values)]

    def tornado(self, folder, values):
        (folder / "server.py").write_text(TORNADO)
        return [sys.executable, folder / "server.py", *self.arguments(values)]

    @staticmethod
    def arguments(values):
        return [values["files"], values["plain"], values["tls"], values["certificate"]]

    def wait(self):
        for port in (self.plain, self.tls):
            for _ in range(1000):
                assert self.process.poll() is None, f"{self.name} has ended"
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.02)
            else:
                raise AssertionError(f"{self.name} does not listen")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def tool(name):
    path = shutil.which(name)
    if path is None:
        raise AssertionError(f"{name} is not installed: run scripts/setup check")
    return path
