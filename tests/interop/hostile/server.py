# SPDX-License-Identifier: Apache-2.0
"""The hostile server: one connection a thread, one answer a connection."""

import multiprocessing
import socket
import ssl
import threading

from answers import ANSWERS


class Server:
    """Listens on a port of its own at 127.0.0.1 until it is closed. It is a process of its own: what
    a client is found to have used at most includes what its parent held when it was started."""

    def __init__(self, serve):
        self.serve = serve
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self.socket.getsockname()[1]
        self.process = multiprocessing.get_context("fork").Process(target=self.accept, daemon=True)
        self.process.start()

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            connection.settimeout(20)
            threading.Thread(target=self.run, args=(connection,), daemon=True).start()

    def run(self, connection):
        try:
            with connection:
                self.serve(connection)
        except (OSError, ValueError):
            pass  # the client has left

    def close(self):
        self.process.kill()
        self.process.join()
        self.socket.close()


def read_path(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        data = connection.recv(10000)
        if not data:
            raise OSError("the client has left")
        head += data
    return head.split(b" ")[1].split(b"?")[0].decode()


def serve_plain(connection):
    path = read_path(connection)
    if path in ANSWERS:
        ANSWERS[path][0](connection)
    else:
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


def serve_tls(certificate, **options):
    """The same behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    for name, value in options.items():
        setattr(context, name, value)

    def serve(connection):
        with context.wrap_socket(connection, server_side=True) as secured:
            serve_plain(secured)
    return serve


def serve_bytes(*pieces):
    """Says the same to everyone, whatever they say."""
    def serve(connection):
        connection.recv(10000)
        for piece in pieces:
            connection.sendall(piece)
    return serve


def serve_silence(connection):
    while connection.recv(10000):
        pass


def serve_truncated(certificate):
    """TLS that ends without a close_notify, amid a body of known or of unknown length."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(connection):
        secured = context.wrap_socket(connection, server_side=True)
        path = read_path(secured)
        length = "Content-Length: 5\r\n" if path == "/complete" else ""
        secured.sendall(f"HTTP/1.1 200 OK\r\n{length}\r\nhello".encode())
        socket.socket(fileno=secured.detach()).close()
    return serve
