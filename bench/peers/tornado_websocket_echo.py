# SPDX-License-Identifier: Apache-2.0
"""Tornado's WebSocket echo, as a peer to compare with. usage: tornado_websocket_echo.py PORT"""
import sys

import tornado.ioloop
import tornado.web
import tornado.websocket


class EchoHandler(tornado.websocket.WebSocketHandler):
    def on_message(self, message):
        self.write_message(message, isinstance(message, bytes))


tornado.web.Application([("/", EchoHandler)]).listen(int(sys.argv[1]), "127.0.0.1")
tornado.ioloop.IOLoop.current().start()
