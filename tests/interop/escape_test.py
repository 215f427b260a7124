#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Escaping and links, gale's against Tornado's, over a corpus and over texts made of its parts."""

import html
import itertools
import json
import os
import random
import subprocess
import sys

try:
    from tornado import escape
except ImportError:
    print("python3-tornado is not installed")
    sys.exit(77)

# Tornado 6.2 has older ones of these two; 6.5 uses Python's.
escape.xhtml_escape = html.escape
escape.xhtml_unescape = html.unescape


def extra_params(href):
    return ' class="internal" ' if "example" in href else 'rel="nofollow"'


LINK_OPTIONS = [
    {}, {"shorten": True}, {"require_protocol": True}, {"extra_params": ' rel="nofollow" '},
    {"callback": True}, {"permitted_protocols": ["ftp", "http"]}, {"permitted_protocols": []},
    {"shorten": True, "callback": True}, {"shorten": True, "extra_params": "a=b"},
]

TEXTS = [
    "", "hello", "hello http://world.com/!", "hello http://world.com/with?param=true&stuff=yes",
    "http://url.com/w(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "http://url.com/withmany.......................",
    "http://url.com/withmany((((((((((((((((((((((((((((((((((a)", "http:///", "http://", "http:/", "http:x",
    "http:////x", "http://///", "some unicode \u2713 http://\u2713.ws/\u2713 \u201chttp://a.b\u201d",
    "http://foo.com/blah_blah", "http://foo.com/blah_blah/", "(Something like http://foo.com/blah_blah)",
    "http://foo.com/blah_blah_(wikipedia)", "http://foo.com/blah_(blah)_(wikipedia)_blah",
    "http://foo.com/blah_blah.", "http://foo.com/blah_blah/.", "<http://foo.com/blah_blah>",
    "<http://foo.com/blah_blah/>", "http://foo.com/blah_blah,", "http://www.example.com/wpstyle/?p=364.",
    "rdar://1234", "rdar:/1234", "http://userid:password@example.com:8080", "http://userid@example.com",
    "message://%3c330e7f8409726r6a4ba78dkf1fd71420c1bf6ff@mail.gmail.com%3e",
    "http://\u27a1.ws/\u4a39", "<tag>http://example.com</tag>", "Just a www.example.com link.",
    "www.external-link.com and www.internal-link.com/blogs extra", "http://ww.external-link.com!",
    "http://foo.com/more_(than)_one_(parens)", "http://foo.com/blah_(wikipedia)#cite-1", "www.a", "xwww.a.b",
    "-www.a.b a-www.a.b -http://x a--b://c www.www.a www.(a)b www.((a) www.&www.a WWW.a.b Http://x HTTP://x",
    "http://foo.com/(something)?after=parens", "file://x/y javascript://alert(1) mailto:x@y ftp://a/b",
    "http://reallylong.com/verylongpath/andsoon?and=more&than=one&parameter=here#fragment",
    "http://example.com/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/b",
    "www.averyveryveryverylonghostnamewithoutanypathatall.example.com?q=1&amp;b=%22",
    "www.averyveryveryver/&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&b", "http://x/'quoted' \"http://x/y\" 'www.a.b'",
    "http://a.b/c&amp;d http://a.b/c&lt;d http://a.b/\"x\"y", "\u770bhttp://x.y \xe9www.a.b \xb2://x \u0301www.a.b",
    "a\u00a0http://x.y\u3000z\u2028http://z\x1cwww.q.r\x85s", "http://[::1]:80/ http://a/b*c_d~e-", "a_b-c+d://x",
    "\x00http://a/\x01b\n\nhttp://c\td\r\n", "\U0001d518\U0001d52b http://\U0001d518/\U0001d52b()", "www..", "www.,",
    "&lt;&gt;&amp;&quot;&#39;&#x27;&copy;&copy&notit;&not;&NotEqualTilde;&CounterClockwiseContourIntegral;",
    "&;&&amp&#;&#x;&#65&#x41&#x41;&#0;&#128;&#x9f;&#x81;&#xd800;&#x110000;&#99999999999;&#13;&#1;&#11;&#xfffe;&#x1ffff;",
    "&#\u0661;&ampx&ltimes;&lti;&frac34x&GT&gtx&Aacute&aacut&abcdefghijklmnopqrstuvwxyzabcdefghijk;&NewLine;&Tab;",
    "%zz%4%e9%C3%a9+%2B%00%f0%9f%98%80%f0%9f%98%ed%a0%80%c0%80%e2%82", "a  b\t\n c ", "\u3000x\x01\x02y\u00a0\x85",
]
PARTS = ["http://", "https:/", "www.", "a", "b.c", "/", "(", ")", "&", "\"", "<", ">", "'", " ", ".", ",", "-", "_",
         "\u00e9", "\u2713", "\u00a0", "?", "#", ":", ";", "=", "%20", "+", "!", "amp;", "&amp;", "&lt", "&#65;", "\\",
         "thisismuchlongerthanthat", "%C3", "%a9", "%", "@", "\u4e2d", "://", "\u201c", "\u0301", "ftp", "\n", "\t"]


def calls():
    generator = random.Random(6)
    made = ["".join(generator.choice(PARTS) for _ in range(generator.randrange(2, 24)))
            for _ in range(4000)]
    made += ["http://" + "".join(generator.choice(PARTS) for _ in range(generator.randrange(4, 40)))
             for _ in range(1000)]
    made += [f"&{name}{end}" for name in html.entities.html5 for end in ("", ";", "x")]
    made += [f"&#{number};&#x{number:x}" for number in itertools.chain(range(300), range(0xfdc0, 0xfe00))]
    for number, text in enumerate(TEXTS + made):
        text = text.replace("\0", "")
        for name in ("xhtml_escape", "xhtml_unescape", "squeeze"):
            yield [name, text]
        for name in ("url_escape", "url_unescape"):
            yield [name, text, True]
            yield [name, text, False]
        for options in LINK_OPTIONS if number < len(TEXTS) else [LINK_OPTIONS[number % 9]]:
            yield ["linkify", text, options]


def tornados(name, text, *arguments):
    if name == "linkify":
        options = dict(arguments[0])
        if options.pop("callback", False):
            options["extra_params"] = extra_params
        return escape.linkify(text, **options)
    return getattr(escape, name)(text, **({"plus": arguments[0]} if arguments else {}))


def main():
    asked = list(calls())
    program = os.path.join(os.environ["GALE_BUILD"], "tests/functions")
    lines = "".join(json.dumps(call) + "\n" for call in asked)
    result = subprocess.run([program], input=lines, stdout=subprocess.PIPE, text=True, check=True)
    answers = result.stdout.split("\n")[:-1]
    assert len(answers) == len(asked), (len(answers), len(asked))
    wrong = 0
    for call, answer in zip(asked, answers):
        expected = tornados(*call)
        if json.loads(answer) != expected:
            wrong += 1
            if wrong <= 10:
                print(f"{call!r}:\n    Tornado {expected!r}\n    gale    {json.loads(answer)!r}")
    print(f"{len(asked)} calls, {wrong} different")
    return 1 if wrong else 0


sys.exit(main())
