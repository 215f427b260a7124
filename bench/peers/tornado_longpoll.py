# SPDX-License-Identifier: Apache-2.0
"""Tornado: GET waits on a Condition until a POST notifies it. usage: tornado_longpoll.py PORT"""
import sys

import tornado.ioloop
import tornado.locks
import tornado.web

news = tornado.locks.Condition()
latest = b""


class MainHandler(tornado.web.RequestHandler):
    async def get(self):
        await news.wait()
        self.write(latest)

    def post(self):
        global latest
        latest = self.request.body
        news.notify_all()


tornado.web.Application([("/", MainHandler)]).listen(int(sys.argv[1]), "127.0.0.1")
tornado.ioloop.IOLoop.current().start()
