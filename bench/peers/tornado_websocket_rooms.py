# SPDX-License-Identifier: Apache-2.0
"""A room of Tornado: what one says, the others hear. usage: tornado_websocket_rooms.py PORT"""
import sys

import tornado.ioloop
import tornado.web
import tornado.websocket

members = set()


class RoomHandler(tornado.websocket.WebSocketHandler):
    def open(self):
        members.add(self)

    def on_close(self):
        members.discard(self)

    def on_message(self, message):
        for member in members:
            if member is not self:
                member.write_message(message, isinstance(message, bytes))


tornado.web.Application([("/room/all", RoomHandler)]).listen(int(sys.argv[1]), "127.0.0.1")
tornado.ioloop.IOLoop.current().start()
