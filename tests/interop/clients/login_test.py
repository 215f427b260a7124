#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""login: its forms as a browser fills them in, and as another site would."""

import http.cookiejar
import re
import unittest
import urllib.error
import urllib.parse
import urllib.request

from servers import TestCase


class Login(TestCase):
    def setUp(self):
        self.server = self.start("examples/login")
        self.cookies = http.cookiejar.CookieJar()
        self.browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, target):
        with self.browser.open(self.server.url + target) as answer:
            return answer.url, answer.read().decode()

    def post(self, target, **fields):
        body = urllib.parse.urlencode(fields).encode()
        with self.browser.open(self.server.url + target, body) as answer:
            return answer.url, answer.read().decode()

    def token(self, page):
        return re.search('name="_xsrf" value="([^"]*)"', page).group(1)

    def path(self, url):
        return url.split("/", 3)[3]

    def test_logs_in_and_out(self):
        url, page = self.get("/")
        self.assertEqual(self.path(url), "login?next=%2F")
        url, page = self.post("/" + self.path(url), name="<Bob>", _xsrf=self.token(page))
        self.assertEqual(self.path(url), "")
        self.assertIn("Hello, &lt;Bob&gt;.", page)
        url, page = self.post("/logout", _xsrf=self.token(page))
        self.assertEqual(self.path(url), "login")
        self.assertNotIn("user", [cookie.name for cookie in self.cookies])
        self.stop(self.server)

    def test_leads_to_no_other_site(self):
        for target in ("//evil.example/", "/\\evil.example", "http://evil.example/", "/\t/evil.example"):
            _, page = self.get("/login")
            url, _ = self.post("/login?" + urllib.parse.urlencode({"next": target}), name="a",
                               _xsrf=self.token(page))
            self.assertEqual(self.path(url), "", target)
        self.stop(self.server)

    def test_refuses_what_it_has_not_made(self):
        _, page = self.get("/login")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.post("/login", name="a")
        self.assertEqual(refused.exception.code, 403)
        refused.exception.close()
        self.post("/login", name="a", _xsrf=self.token(page))
        for cookie in self.cookies:
            if cookie.name == "user":
                cookie.value = cookie.value[:-2] + 'x"'
        url, _ = self.get("/")
        self.assertIn("login", url)
        self.stop(self.server, [r"\w+:\d+\] 403 POST /login .*argument missing from POST",
                                r"\w+:\d+\] 403 POST /login"])


if __name__ == "__main__":
    unittest.main()
