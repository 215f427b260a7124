# SPDX-License-Identifier: Apache-2.0
"""Where things are: the tree, the build, the programs of bench/ and the servers compared."""
import os
import shutil
import subprocess
import sys

from harness.processes import Failed

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(BENCH)


class Build:
    """A build folder: release/ is CMake's, bench/ is where results go."""

    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.output = os.path.join(self.folder, "bench")
        os.makedirs(self.output, exist_ok=True)

    def example(self, name):
        return os.path.join(self.folder, "release", "examples", name)

    def program(self, name):
        """A program of bench/ that needs gale; None when it is not built."""
        path = os.path.join(self.folder, "release", "bench", name)
        return path if os.access(path, os.X_OK) else None

    def tool(self, name):
        """A program of bench/ that stands alone: from the release build, or compiled here."""
        path = self.program(name)
        if path:
            return path
        path = os.path.join(self.output, name)
        source = os.path.join(BENCH, name + ".c")
        compiler = os.environ.get("CC", "cc")
        command = [compiler, "-O2", "-std=c11", "-D_GNU_SOURCE", "-o", path, source]
        if subprocess.run(command, check=False).returncode != 0:
            raise Failed(f"{name}.c does not compile")
        return path


def compiled(build, source, *libraries):
    """A peer in C; None when it cannot be built here."""
    path = os.path.join(build.output, os.path.splitext(os.path.basename(source))[0])
    command = [os.environ.get("CC", "cc"), "-O2", "-std=c11", "-D_GNU_SOURCE", "-o", path, source,
               *libraries]
    done = subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
    return path if done.returncode == 0 else None


def python_with_tornado():
    """A Python that can import Tornado, or None."""
    candidates = [sys.executable, "/usr/bin/python3", shutil.which("python3")]
    for python in filter(None, dict.fromkeys(candidates)):
        check = subprocess.run([python, "-c", "import tornado"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, check=False)
        if check.returncode == 0:
            return python
    return None


NGINX_CONF = """daemon off;
{master}
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
worker_processes {workers};
worker_rlimit_nofile {descriptors};
events {{ worker_connections 65536; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type text/plain;
    server {{
{server}    }}
}}
"""


NGINX_SERVER = """        listen 127.0.0.1:{port} backlog=4096{reuseport};
        location = / {{ return 200 "Hello, world"; }}
        location /files/ {{ root {files}; sendfile on; }}
"""


def nginx_command(port, folder, descriptors, workers=1, master=True, files="/nonexistent",
                  server=None):
    """Writes a configuration into the folder; the command that runs it in the foreground.

    server: the lines of its server block, when it is not the usual one.
    Its table of connections is larger than the limit of descriptors, since nginx closes idle ones
    when less than a sixteenth of the table is free.
    """
    nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if nginx is None:
        return None
    home = os.path.join(folder, f"nginx-{port}")
    os.makedirs(home)
    conf = os.path.join(home, "nginx.conf")
    if server is None:
        server = NGINX_SERVER.format(port=port, files=files,
                                     reuseport=" reuseport" if workers > 1 else "")
    with open(conf, "w") as file:
        file.write(NGINX_CONF.format(
            folder=home, workers=workers, descriptors=descriptors, server=server,
            user="user root;" if os.geteuid() == 0 else "",
            master="" if master else "master_process off;"))
    return [nginx, "-c", conf, "-p", home, "-e", os.path.join(home, "error.log")]
