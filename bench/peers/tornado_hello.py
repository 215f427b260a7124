# SPDX-License-Identifier: Apache-2.0
"""Tornado's hello, as a peer to compare with. usage: tornado_hello.py PORT"""
import sys

import tornado.ioloop
import tornado.web


class MainHandler(tornado.web.RequestHandler):
    def get(self):
        self.write("Hello, world")


tornado.web.Application([("/", MainHandler)]).listen(int(sys.argv[1]), "127.0.0.1")
tornado.ioloop.IOLoop.current().start()
