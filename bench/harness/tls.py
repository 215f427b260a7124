# SPDX-License-Identifier: Apache-2.0
"""Servers with TLS: gale, nginx and h2o, with one certificate that is made here."""
import json
import os
import shutil
import subprocess

from harness import tools
from harness.processes import Failed, Server, free_port, run

NAMES = ("gale", "nginx", "h2o")
IDLE_CONNECTIONS = 5_000

NGINX_SERVER = """
        listen 127.0.0.1:{port} ssl backlog=4096;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3;
        location = / {{ return 200 "Hello, world"; }}
"""

H2O_CONF = """num-threads: 1
max-connections: 65536
http1-request-timeout: 3600
{user}
listen:
  host: 127.0.0.1
  port: {port}
  ssl:
    certificate-file: {certificate}
    key-file: {key}
    minimum-version: TLSv1.2
hosts:
  default:
    paths:
      "/":
        file.dir: {files}
"""


def make_certificate(folder):
    """The paths of a certificate (P-256) and its key, or None without the openssl command."""
    openssl = shutil.which("openssl")
    certificate, key = (os.path.join(folder, name) for name in ("cert.pem", "key.pem"))
    if openssl is None:
        return None
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False)
    return (certificate, key) if done.returncode == 0 else None


def h2o_command(port, folder, certificate, key):
    h2o = shutil.which("h2o")
    if h2o is None:
        return None
    home = os.path.join(folder, f"h2o-{port}")
    os.makedirs(home)
    with open(os.path.join(home, "index.html"), "w") as file:
        file.write("Hello, world")
    conf = os.path.join(home, "h2o.conf")
    with open(conf, "w") as file:
        file.write(H2O_CONF.format(port=port, certificate=certificate, key=key, files=home,
                                   user="user: root" if os.geteuid() == 0 else ""))
    return [h2o, "-c", conf]


def command(name, bench, port, certificate, key):
    """The command of a server, or None when it is not there."""
    if name == "gale":
        path = bench.build.example("https")
        return [path, f"--port={port}", f"--certfile={certificate}", f"--keyfile={key}",
                "--logging=warning"] if os.access(path, os.X_OK) else None
    if name == "h2o":
        return h2o_command(port, bench.folder, certificate, key)
    block = NGINX_SERVER.format(port=port, certificate=certificate, key=key)
    return tools.nginx_command(port, bench.folder, bench.descriptors, server=block)


def server(name, bench, certificate, key):
    """A Server that is not yet started, or None."""
    port = free_port()
    found = command(name, bench, port, certificate, key)
    return Server(name, found, port, bench.server_core, bench.folder) if found else None


def load_tool(bench):
    found = bench.build.program("tls_load")
    if found is None:
        raise Failed("bench/tls_load is not built")
    return found


def idle(bench, started):
    """The growth of resident memory by each idle connection after one request."""
    found = json.loads(run([load_tool(bench), "-i", str(IDLE_CONNECTIONS), str(started.port),
                            *map(str, started.pids())], bench.load_core))
    return found["bytes_per_connection"]
