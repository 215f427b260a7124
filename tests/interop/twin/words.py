# SPDX-License-Identifier: Apache-2.0
"""Part of twin.py: locales, escaping, links. words.h is the same in C."""

import datetime
import pathlib

from tornado import escape, locale
from tornado.web import RequestHandler

locale.load_translations(str(pathlib.Path(__file__).with_name("locale")))


class Handler(RequestHandler):
    def compute_etag(self):
        return None


class Locale(Handler):
    def get_user_locale(self):
        code = self.get_argument("user", "")
        return locale.Locale.get(code) if code in locale.get_supported_locales() else None

    def get(self):
        count = self.get_argument("count", "1")
        things = self.locale.translate("%(count)s thing", "%(count)s things", int(count))
        day = self.locale.format_day(datetime.datetime(2013, 4, 28, 18, 35))
        self.write("|".join([self.locale.code, self.locale.name, self.locale.translate("hello"),
                             things % {"count": count}, day, self.locale.friendly_number(1234567)]))


class Linkify(Handler):
    def get(self):
        self.write(escape.linkify(self.get_argument("text", ""), bool(self.get_argument("shorten", "")),
                                  self.get_argument("extra", "")))


class Escape(Handler):
    def get(self):
        text = self.get_argument("text", "")
        self.write("|".join([escape.xhtml_escape(text), escape.url_escape(text),
                             escape.url_escape(text, plus=False), escape.squeeze(text)]))


ROUTES = [
    ("/locale", Locale),
    ("/linkify", Linkify),
    ("/escape", Escape),
]
