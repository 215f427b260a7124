# SPDX-License-Identifier: Apache-2.0
"""Proxies that speak HTTP (CONNECT, and plain requests) and SOCKS 5, and note what they were asked."""

import base64
import socket
import struct
import threading

CREDENTIALS = base64.b64encode(b"user:secret").decode()


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def join(one, other):
    thread = threading.Thread(target=pump, args=(one, other), daemon=True)
    thread.start()
    pump(other, one)
    thread.join()


class Proxy:
    def __init__(self, serve):
        self.asked = []
        self.serve = serve
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.run, args=(connection,), daemon=True).start()

    def run(self, connection):
        try:
            with connection:
                self.serve(self, connection)
        except (OSError, ValueError):
            pass

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def http(proxy, connection):
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(65536)
    line, _, rest = head.decode("latin-1").partition("\r\n")
    method, target, _ = line.split(" ")
    proxy.asked.append(f"{method} {target}")
    if f"Proxy-Authorization: Basic {CREDENTIALS}" not in rest:
        connection.sendall(b"HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n")
        return
    if method == "CONNECT":
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port))) as server:
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            join(connection, server)
        return
    host, _, path = target.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    with socket.create_connection((name, int(port))) as server:
        server.sendall(f"{method} /{path} HTTP/1.1\r\nConnection: close\r\n{rest}".encode("latin-1"))
        pump(server, connection)


def exactly(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise OSError("closed")
        data += more
    return data


def socks(proxy, connection):
    methods = exactly(connection, exactly(connection, 2)[1])
    if 2 not in methods:
        connection.sendall(b"\5\xff")
        return
    connection.sendall(b"\5\2")
    user = exactly(connection, exactly(connection, 2)[1])
    password = exactly(connection, exactly(connection, 1)[0])
    good = (user, password) == (b"user", b"secret")
    connection.sendall(b"\1\0" if good else b"\1\1")
    kind = exactly(connection, 4)[3]
    if kind == 3:
        host = exactly(connection, exactly(connection, 1)[0]).decode()
    else:
        host = socket.inet_ntop(*((socket.AF_INET, exactly(connection, 4)) if kind == 1 else
                                  (socket.AF_INET6, exactly(connection, 16))))
    port = struct.unpack(">H", exactly(connection, 2))[0]
    proxy.asked.append(f"{host}:{port}")
    try:
        server = socket.create_connection((host, port))
    except OSError:
        connection.sendall(b"\5\5\0\1" + bytes(6))
        return
    with server:
        connection.sendall(b"\5\0\0\1" + bytes(6))
        join(connection, server)
