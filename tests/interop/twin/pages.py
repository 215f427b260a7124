# SPDX-License-Identifier: Apache-2.0
"""The twin's templates, in Tornado; pages.h is the same in gale. Both render the folder pages/."""

import os

from tornado.web import RequestHandler, UIModule, url

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pages")
ENTRIES = [{"title": "<One> & \"two\"", "html": "<b>bold</b>", "price": 1.5},
           {"title": "Zwölf", "html": "", "price": 12}]


class Handler(RequestHandler):
    def compute_etag(self):
        return None


class Page(Handler):
    """/page/NAME?count=N"""

    def get(self, name):
        self.render(name, entries=ENTRIES[:int(self.get_argument("count", "2"))])


class Piece(Handler):
    def get(self, name):
        self.write(b"[" + self.render_string(name, n=3) + b"]")


class Entry(UIModule):
    def render(self, title):
        return "<div>" + title + "</div>"

    def embedded_javascript(self):
        return "entry()"

    def javascript_files(self):
        return ["/entry.js", "http://other.example/e.js?a=1&b=2", "/entry.js"]

    def embedded_css(self):
        return ".entry { margin: 1em }"

    def css_files(self):
        return "/a.css"

    def html_head(self):
        return "<meta name='entry'>"

    def html_body(self):
        return "<!-- entry -->"


def shout(handler, text):
    return text.upper() + "! <" + handler.request.path + ">"


SETTINGS = {"template_path": FOLDER, "ui_modules": {"Entry": Entry}, "ui_methods": {"shout": shout}}
ROUTES = [("/page/(.*)", Page), ("/piece/(.*)", Piece),
          url("/reversed/(.*)/(.*)", Piece, name="reversed")]
