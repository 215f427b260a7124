#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The twin application in Tornado; twin.c is the same in gale. They show the same and log the
same: whatever else differs is a difference between the two libraries.

usage: twin.py [OPTION=VALUE...], with options of HTTPServer; prints its port, then access lines."""

import asyncio
import logging
import os
import resource
import sys

import pages
import safety
import words

from tornado.web import (Application, ErrorHandler, Finish, HTTPError, RedirectHandler,
                         RequestHandler, StaticFileHandler, stream_request_body)


class Handler(RequestHandler):
    def compute_etag(self):
        return None  # off in gale unless asked for


FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files")


class StaticUrl(Handler):
    def get(self, path):
        self.write(self.static_url(path, bool(self.get_argument("include_host", "")),
                                   include_version=not self.get_argument("no_version", "")))


class Hello(Handler):
    def get(self):
        self.write("Hello, world")

    def head(self):
        self.write("Hello, world")


class Echo(Handler):
    def post(self):
        self.set_header("Content-Type", "application/octet-stream")
        self.write(self.request.body)

    put = post


class Request(Handler):
    """What the request says of itself."""

    def get(self):
        request = self.request
        self.write("|".join([request.method, request.uri, request.path, request.query,
                             request.version, request.host, request.host_name, request.protocol,
                             request.remote_ip, request.full_url()]))

    post = get


class Argument(Handler):
    def get(self):
        self.write("[%s]" % self.get_argument("foo"))

    post = get


class Arguments(Handler):
    def get(self):
        for values in (self.get_arguments("foo"), self.get_query_arguments("foo"),
                       self.get_body_arguments("foo")):
            self.write("%d" % len(values))
            for value in values:
                self.write("[%s]" % value)

    post = get


class Form(Handler):
    """What the form in the body holds."""

    def post(self):
        for name in ("a", "b", "foo"):
            for value in self.request.body_arguments.get(name, []):
                self.write("[%s=" % name)
                self.write(value)
                self.write("]")
        for name in ("f", "g"):
            for file in self.request.files.get(name, []):
                self.write("<%s=%s %s " % (name, file.filename, file.content_type))
                self.write(file.body)
                self.write(">")
        self.write("%d %d" % (sum(map(len, self.request.body_arguments.values())),
                              sum(map(len, self.request.files.values()))))

    get = put = post


class Path(Handler):
    def get(self, *args):
        self.write("".join("[%s]" % ("NULL" if arg is None else arg) for arg in args))


class Named(Handler):
    def get(self, first, second):
        self.write("%s then %s" % (first, "NULL" if second is None else second))


class Status(Handler):
    def get(self):
        self.set_status(int(self.get_argument("code", "200")),
                        self.get_argument("reason", "") or None)
        body = self.get_argument("body", "")
        if body:
            self.write(body)

    head = post = get


class Error(Handler):
    def get(self):
        reason, message = self.get_argument("reason", ""), self.get_argument("message", "")
        self.write("thrown away")
        self.set_header("X-Lost", "yes")
        raise HTTPError(int(self.get_argument("code", "500")), message or None,
                        reason=reason or None)

    head = post = get


class Fail(Handler):
    def get(self):
        raise OSError(5, "Input/output error")


class Stop(Handler):
    def get(self):
        self.set_status(202)
        self.write("kept")
        raise Finish()


class SendError(Handler):
    def get(self):
        self.write("thrown away")
        self.send_error(503)


class OwnError(Handler):
    def get(self):
        raise HTTPError(410)

    def set_default_headers(self):
        self.set_header("X-Default", "yes")

    def write_error(self, status_code, **kwargs):
        self.write("own page %d" % status_code)


class Redirect(Handler):
    def get(self):
        status = self.get_argument("status", "")
        self.redirect(self.get_argument("to", "/a?b=c d"),
                      permanent=bool(self.get_argument("permanent", "")),
                      status=int(status) if status else None)

    post = get


class Headers(Handler):
    def get(self):
        self.set_header("x-first", "1")
        self.set_header("X-Second", "2")
        self.set_header("X-FIRST", "3")
        self.set_header("X-Gone", "4")
        self.clear_header("x-gone")
        self.clear_header("X-Never")
        self.add_header("X-Many", "a")
        self.add_header("x-many", "b")
        self.set_header("Content-Type", "text/plain")
        self.write("ok")


class SetHeader(Handler):
    def get(self):
        self.set_header("X-Foo", self.get_argument("value"))
        self.write("ok")


class Json(Handler):
    def get(self):
        self.write({"a": self.get_arguments("a"), "n": [1, -2, True, None], "o": {}})

    post = get


class Chunks(Handler):
    async def get(self):
        self.write("one")
        await self.flush()
        self.write("two")
        self.write("three")
        await self.flush()
        await self.flush()
        self.write("x" * 300)

    head = get


class EmptyFlush(Handler):
    async def get(self):
        await self.flush()
        self.write("ok")


class Length(Handler):
    def get(self):
        self.set_header("Content-Length", self.get_argument("length"))
        self.write("12345")

    head = get


class FlushThenFail(Handler):
    async def get(self):
        self.write("begun")
        await self.flush()
        raise HTTPError(404)


class Cookies(Handler):
    def get(self):
        for name in ("a", "b", "c"):
            self.write("[%s]" % self.get_cookie(name, "none"))


class Early(Handler):
    def prepare(self):
        self.set_status(401)
        self.write("early")
        self.finish()

    def get(self):
        self.write("never")

    post = get


class Sleep(Handler):
    async def get(self):
        await asyncio.sleep(0.01)
        self.write("slept")


class Silent(Handler):
    def get(self):
        pass


class Getter(Handler):
    def get(self):
        self.write("got")


class Sync(Handler):
    """Ends what the log says of one case."""

    def get(self):
        self.write("sync")


@stream_request_body
class Stream(Handler):
    def prepare(self):
        self.size = 0
        if self.get_query_argument("refuse", ""):
            raise HTTPError(401)

    def data_received(self, chunk):
        self.size += len(chunk)

    def post(self):
        self.write("%d bytes" % self.size)

    get = put = post


class Other(Handler):
    def get(self):
        self.write("of the other host")


class PrintAccess(logging.Handler):
    def emit(self, record):
        print(record.getMessage(), flush=True)


ROUTES = [
    ("/", Hello),
    ("/echo", Echo),
    ("/request", Request),
    ("/argument", Argument),
    ("/arguments", Arguments),
    ("/form", Form),
    ("/path/([^/]*)/(.*)", Path),
    ("/optional/(.+)?", Path),
    ("/named/(?P<first>[0-9]+)/(?P<second>x+)?", Named),
    ("/status", Status),
    ("/error", Error),
    ("/fail", Fail),
    ("/stop", Stop),
    ("/send_error", SendError),
    ("/own_error", OwnError),
    ("/redirect", Redirect),
    ("/headers", Headers),
    ("/set_header", SetHeader),
    ("/json", Json),
    ("/chunks", Chunks),
    ("/empty_flush", EmptyFlush),
    ("/length", Length),
    ("/flush_then_fail", FlushThenFail),
    ("/cookies", Cookies),
    ("/early", Early),
    ("/sleep", Sleep),
    ("/silent", Silent),
    ("/getter", Getter),
    ("/stream", Stream),
    ("/sync", Sync),
    ("/gone", ErrorHandler, {"status_code": 410}),
    ("/moved", RedirectHandler, {"url": "/a?b=c"}),
    ("/moved_for_now", RedirectHandler, {"url": "/{{a}}", "permanent": False}),
    ("/moved/(.*)/(.*)", RedirectHandler, {"url": "/{1}/{0}"}),
    ("/moved_name/(?P<name>.*)", RedirectHandler, {"url": "http://other.example/{name}#top"}),
    ("/a|/b", Getter),
    ("/escaped\\.html", Getter),
    ("/%C3%A9", Getter),
    ("/files/(.*)", StaticFileHandler, {"path": FILES, "default_filename": "index.html"}),
    ("/static_url/(.*)", StaticUrl),
    *safety.ROUTES,
    *pages.ROUTES,
    *words.ROUTES,
]


def option(text):
    name, _, value = text.partition("=")
    if name == "trusted_downstream":
        return name, value.split(",")
    return name, float(value) if "." in value else int(value)


async def main():
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))  # some input makes old versions loop for ever
    options = dict(map(option, sys.argv[1:]))
    settings = {name: options.pop(name) for name in safety.OPTIONS & set(options)}
    application = Application(ROUTES, static_path=FILES, **safety.SETTINGS, **pages.SETTINGS,
                              **settings)
    application.add_handlers("other\\.example", [("/", Other), ("/other", Other)])
    logging.getLogger("tornado.access").addHandler(PrintAccess())
    logging.getLogger("tornado.access").setLevel(logging.INFO)
    logging.getLogger("tornado.access").propagate = False
    server = application.listen(0, "127.0.0.1", **options)
    port = [one.getsockname()[1] for one in server._sockets.values()][0]
    print(port, flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
