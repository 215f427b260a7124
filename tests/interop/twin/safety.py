# SPDX-License-Identifier: Apache-2.0
"""The twin's pages of cookies, users, tokens and ETags; safety.h is the same in gale."""

from tornado.web import HTTPError, RequestHandler, addslash, authenticated, removeslash

SETTINGS = {"cookie_secret": "It's a secret to everybody", "login_url": "/login"}
OPTIONS = {"xsrf_cookies", "xsrf_cookie_version"}


class Handler(RequestHandler):
    def compute_etag(self):
        return None


class SetCookie(Handler):
    def get(self):
        flags = {name: True for name in ("httponly", "secure") if self.get_argument(name, "")}
        if self.get_argument("samesite", ""):
            flags["samesite"] = self.get_argument("samesite")
        if int(self.get_argument("max_age", "0")):
            flags["max_age"] = int(self.get_argument("max_age"))
        self.set_cookie(self.get_argument("name", "a"), self.get_argument("value", ""),
                        domain=self.get_argument("domain", None),
                        expires=float(self.get_argument("expires", "0")) or None,
                        path=self.get_argument("path", "/"),
                        expires_days=float(self.get_argument("expires_days", "0")) or None, **flags)
        self.write("ok")

    head = get


class Several(Handler):
    async def get(self):
        how = self.get_argument("how", "")
        self.set_cookie("a", "1")
        self.set_cookie("b", "2")
        self.set_cookie("a", "3", domain="x")
        if how == "error":
            raise HTTPError(403)
        if how == "send_error":
            self.send_error(404)
            return
        if how == "redirect":
            self.redirect("/")
            return
        if how == "clear":
            self.clear()
        if how == "status":
            self.set_status(204)
            return
        self.write("one")
        if how == "flush":
            await self.flush()
        self.write("two")

    head = get


class ClearCookies(Handler):
    def get(self):
        self.set_cookie("a", "new")
        self.clear_cookie("one", path="/x", domain="d")
        self.clear_all_cookies()
        self.write("ok")


class Signed(Handler):
    def get(self):
        value = self.get_secure_cookie("key", max_age_days=100000,
                                       min_version=int(self.get_argument("min", "1")))
        version = None
        if self.get_cookie("key"):
            version = self.get_secure_cookie_key_version("key")
        self.write("%s %d" % (None if value is None else value.decode(),
                              -1 if version is None else version))


class SetSigned(Handler):
    def get(self):
        self.set_secure_cookie("key", self.get_argument("value", ""), httponly=True,
                               version=int(self.get_argument("version", "2")))


class Secret(Handler):
    def get_current_user(self):
        return self.get_argument("user", "")

    def get_login_url(self):
        return self.get_argument("login", "/login")

    @authenticated
    def get(self):
        self.write("secret of %s" % self.current_user)

    head = post = get


class AddSlash(Handler):
    @addslash
    def get(self):
        self.write("with")

    head = post = get


class RemoveSlash(Handler):
    @removeslash
    def get(self):
        self.write("without")

    head = post = get


class Token(Handler):
    def get_current_user(self):
        return self.get_argument("user", "")

    def get(self):
        self.write(self.xsrf_token)

    def post(self):
        self.write("posted")

    put = delete = patch = options = head = post


class TokenForm(Handler):
    def get(self):
        self.write(self.xsrf_form_html())


class Unchecked(Handler):
    def check_xsrf_cookie(self):
        pass

    def post(self):
        self.write("posted")


class EtagPage(RequestHandler):
    def get(self):
        self.set_status(int(self.get_argument("status", "200")))
        if self.get_argument("own", ""):
            self.set_header("Etag", self.get_argument("own"))
        self.set_header("Content-Language", "en")
        self.write(self.get_argument("body", "Hello, world"))

    head = post = get


class GivenEtag(EtagPage):
    def compute_etag(self):
        return self.get_argument("etag", "") or None


ROUTES = [
    ("/set_cookie", SetCookie),
    ("/several", Several),
    ("/clear_cookies", ClearCookies),
    ("/signed", Signed),
    ("/set_signed", SetSigned),
    ("/secret", Secret),
    ("/slash.*", AddSlash),
    ("/noslash.*", RemoveSlash),
    ("//evil.*", AddSlash),
    ("/token", Token),
    ("/token_form", TokenForm),
    ("/unchecked", Unchecked),
    ("/etag", EtagPage),
    ("/given_etag", GivenEtag),
]
