# SPDX-License-Identifier: Apache-2.0
"""Tornado's twin of examples/form.c, as a peer to compare with. usage: tornado_form.py PORT"""
import sys

import tornado.ioloop
import tornado.web


class FormHandler(tornado.web.RequestHandler):
    def post(self):
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        self.write("%s comes with %s\n" % (self.get_body_argument("name"),
                                           self.get_body_argument("guests", "1")))


tornado.web.Application([("/", FormHandler)]).listen(int(sys.argv[1]), "127.0.0.1")
tornado.ioloop.IOLoop.current().start()
