# SPDX-License-Identifier: Apache-2.0
"""The requests that both twins get, and where their answers are meant to differ.

A case is a name, the bytes to send (or a list of pieces, sent with a pause between), and, when the
answers differ on purpose, the reason (a key of REASONS) and how gale's answer begins."""

import gzip

END = b"Host: h\r\nConnection: close\r\n\r\n"

# Tornado in these is the one that Debian has, 6.2. What later ones do otherwise is said.
REASONS = {
    "page": "a refusal has headers and a short page, not a bare status line",
    "status": "a refusal has the status that RFC 9110 has for it, instead of 400 or a silent close",
    "strict": "what RFC 9110 and 9112 forbid is refused (as Tornado 6.5 does, most of it)",
    "coding": "Transfer-Encoding is chunked and nothing else, and not for HTTP/1.0",
    "lenient": "chunk extensions, trailers, empty lines in front are legal: RFC 9112 §2.2, §7.1",
    "allow": "405 says Allow, as RFC 9110 §15.5.6 demands",
    "whole path": "a pattern matches the whole path, also one with alternatives at its top",
    "target": "a target in absolute form is for its path: RFC 9112 §3.2.2",
    "closed": "behind a request that closes the connection nothing is served: RFC 9112 §9.6",
    "version": "HTTP/1.2 is treated as HTTP/1.1: RFC 9110 §2.5",
    "empty Host": "an empty Host is a host (in Tornado 6.5, too)",
    "bytes": "targets and header text are bytes, not Latin-1",
    "tab": "a TAB is allowed in a header value (in Tornado 6.5, too)",
    "continue": "\"100 Continue\" is spelled so, and is sent only when a body is to come",
    "expectation": "expectations have no case, and others are refused with 417: RFC 9110 §10.1.1",
    "list": "Connection is a list of options: RFC 9110 §7.6.1",
    "length": "a broken Content-Length of the handler is a logged 500, or a cut",
    "cut": "an error after a flush cuts the response, so that it does not look whole",
    "NUL": "text with a NUL in it is refused: in C it would be cut short",
    "code": "a status outside 100 to 999 is an error",
    "announced": "HTTP/1.0 is told Keep-Alive only when the connection is kept",
    "repeated": "RedirectHandler hands arguments on in their order",
    "first boundary": "a form begins with its boundary (Tornado takes a part without one)",
    "last boundary": "a form ends at its first last boundary, what follows is ignored",
    "line": "a boundary is one at the beginning of a line: RFC 2046 §5.1.1",
    "parts": "parts and their headers are limited (in Tornado 6.5, too)",
    "quotes": "quotes are taken off a parameter once",
    "type": "types and the names of their parameters have no case: RFC 9110 §8.3.1",
    "charset": "file names are UTF-8, US-ASCII or ISO-8859-1",
    "attributes": "what could split Set-Cookie is refused in attributes, too (in Tornado 6.5, too)",
    "tampered": "a signed value whose time is no number is refused, and not an error",
    "elsewhere": "addslash does not redirect to a path that browsers take for a host",
    "spaces": "a language may be followed by a space: RFC 9110 §5.6.6",
    "several ranges": "several ranges are sent as multipart/byteranges",
    "If-Range": "If-Range is looked at: RFC 9110 §13.1.5",
    "If-Match": "If-Match and If-Unmodified-Since are looked at: RFC 9110 §13.1.1",
    "number": "numbers of a range are digits",
    "link": "symbolic links do not lead out of the directory",
    "gzip": "all of a gzip body is inflated, and what is malformed or too large is refused",
}


def get(target, *headers, method="GET", version="HTTP/1.1"):
    """A request without a body, after which the server closes."""
    lines = [f"{method} ".encode() + target.encode() + f" {version}".encode(), *headers]
    return b"\r\n".join(lines) + b"\r\n" + END


def post(target, body=b"", *headers, method="POST", length=None):
    size = f"Content-Length: {len(body) if length is None else length}".encode()
    return get(target, *headers, size, method=method) + body


def form(target, body):
    return post(target, body, b"Content-Type: application/x-www-form-urlencoded")


def chunked(target, body, *headers):
    return get(target, b"Transfer-Encoding: chunked", *headers, method="POST") + body


def raw(text):
    return text.replace("\n", "\r\n").encode("latin-1")


class Case:
    """`start` is how gale's answer begins."""

    def __init__(self, name, pieces, reason=None, start=b""):
        self.name = name
        self.pieces = pieces if isinstance(pieces, list) else [pieces]
        self.reason = reason
        self.start = start


def differ(reason, start, *made):
    """These cases, as ones whose answers differ."""
    for case in made:
        case.reason, case.start = reason, start
    return list(made)


OK = b"HTTP/1.1 200 OK\r\n"
BAD = b"HTTP/1.1 400 Bad Request\r\nServer: *\r\n"


def gets(prefix, *targets):
    return [Case(f"{prefix} {target}", get(target)) for target in targets]


PAGES = [
    Case("hello", get("/")),
    Case("hello, HEAD", get("/", method="HEAD")),
    Case("hello, HTTP/1.0", b"GET / HTTP/1.0\r\n\r\n"),
    Case("hello, HTTP/1.0 with Host", b"GET / HTTP/1.0\r\nHost: x\r\n\r\n"),
    Case("echo", post("/echo", b"some data")),
    Case("echo of nothing", post("/echo")),
    Case("echo, PUT", post("/echo", b"\0\xff\r\n", method="PUT")),
    Case("echo of 100 kB", post("/echo", b"x" * 100000)),
    Case("echo in chunks", chunked("/echo", b"4\r\nfoo=\r\n3\r\nbar\r\n0\r\n\r\n")),
    Case("echo in pieces", [post("/echo", b"", length=6), b"abc", b"def"]),
    Case("request of itself", get("/request?a=b&c", b"X-Scheme: https")),
    Case("request of itself, double slash", get("//request")),
    Case("request of itself, HTTP/1.0", b"GET /request HTTP/1.0\r\n\r\n"),
    Case("request of itself, port", b"GET /request HTTP/1.1\r\nHost: A.b:80\r\n"
                                    b"Connection: close\r\n\r\n"),
    *differ("empty Host", OK,
            Case("request of itself, empty host", b"GET /request HTTP/1.0\r\nHost:\r\n\r\n")),
    *gets("statuses", "/status", "/status?code=201", "/status?code=204", "/status?code=304",
          "/status?code=299", "/status?code=404", "/status?code=500&body=x",
          "/status?code=200&reason=Foo+Bar", "/status?code=418", "/status?code=413"),
    Case("status 204, HEAD", get("/status?code=204", method="HEAD")),
    Case("status of HEAD", get("/status?body=12345", method="HEAD")),
    *gets("body with a status that has none", "/status?code=204&body=x",
          "/status?code=304&body=x"),
    *gets("errors", "/error", "/error?code=404", "/error?code=403&message=told",
          "/error?code=400&reason=a+%26+b", "/error?code=682&reason=Foo", "/error?code=599",
          "/fail", "/stop", "/send_error", "/own_error", "/error?code=404&message=100%25"),
    Case("error of HEAD", get("/error?code=404", method="HEAD")),
    *gets("redirects", "/redirect", "/redirect?permanent=1", "/redirect?status=307",
          "/redirect?to=http://other.example/%C3%A9", "/redirect?status=200",
          "/redirect?to=a%0D%0Ab", "/redirect?to="),
    Case("redirect of POST", post("/redirect", b"")),
    *gets("ready errors and redirects", "/gone", "/gone?a=b", "/moved", "/moved?x=1&y=%20",
          "/moved?", "/moved?empty=", "/moved_for_now", "/moved_for_now?a", "/moved/a/b",
          "/moved/%2Fa/b%20c?d=e", "/moved/a/b/c", "/moved//", "/moved_name/a%26b",
          "/moved_name/?q=%C3%A9", "/moved_name/%C3%A9"),
    *differ("repeated", b"HTTP/1.1 301 ", *gets("ready redirect", "/moved?x=1&y=2&x=3")),
    Case("ready error of POST", post("/gone", b"x")),
    Case("ready error of HEAD", get("/gone", method="HEAD")),
    *differ("allow", b"HTTP/1.1 405 Method Not Allowed\r\n",
            Case("ready redirect of HEAD", get("/moved", method="HEAD")),
            Case("ready redirect of POST", post("/moved", b"x"))),
    *gets("headers", "/headers", "/set_header?value=x", "/set_header?value=a%0Ab",
          "/set_header?value="),
    *differ("tab", OK, *gets("headers", "/set_header?value=a%09b")),
    *differ("bytes", OK, *gets("headers", "/set_header?value=%C3%A9")),
    *gets("json", "/json", "/json?a=1&a=2", "/json?a=%3C%2Fscript%3E",
          "/json?a=%C3%A9%F0%9F%98%80%22%5C%09%7F%E2%80%A8/"),
    Case("json of a form", form("/json", b"a=1&a=2")),
    Case("chunks", get("/chunks")),
    Case("chunks, HEAD", get("/chunks", method="HEAD")),
    Case("chunks, HTTP/1.0", b"GET /chunks HTTP/1.0\r\n\r\n"),
    Case("empty flush", get("/empty_flush")),
    Case("a length that is kept", get("/length?length=5")),
    Case("a length of HEAD", get("/length?length=40", method="HEAD")),
    Case("prepare that finishes", get("/early")),
    Case("prepare that finishes, POST", post("/early", b"some data")),
    Case("handler that waits", get("/sleep")),
    Case("handler that writes nothing", get("/silent")),
    Case("streamed body", post("/stream", b"x" * 1000)),
    Case("streamed body in chunks", chunked("/stream", b"4\r\nfoo=\r\n3\r\nbar\r\n0\r\n\r\n")),
    Case("streamed body in pieces", [post("/stream", b"", length=6), b"abc", b"def"]),
    Case("streamed body of GET", get("/stream")),
]

METHODS = [
    Case("GET for /getter", get("/getter")),
    *[Case(f"{method} for /nowhere", get("/nowhere", method=method))
      for method in ("HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS")],
    *differ("allow", b"HTTP/1.1 405 Method Not Allowed\r\n",
            *[Case(f"{method} for {target}", get(target, method=method))
              for target in ("/", "/getter")
              for method in ("POST", "DELETE", "PATCH", "PUT", "OPTIONS", "BREW", "get", "TRACE")],
            Case("BREW for /nowhere", get("/nowhere", method="BREW")),
            Case("BREW, with a prepare that answers", get("/early", method="BREW")),
            Case("HEAD for /getter", get("/getter", method="HEAD"))),
]

ARGUMENTS = [
    *gets("argument", "/argument?foo=bar", "/argument?foo=", "/argument?foo", "/argument",
          "/argument?Foo=a", "/argument?foo=a&foo=b", "/argument?foo=%C3%A9",
          "/argument?foo=1+%2B+1", "/argument?foo=%", "/argument?foo=%4", "/argument?foo=%zz",
          "/argument?foo=a=b", "/argument?foo=a;foo=b", "/argument?foo=a&&foo=b&",
          "/argument?%66oo=a", "/argument?foo=a?b", "/argument?foo=%01a%1F", "/argument?foo=a%00b",
          "/argument?foo=a%09%0A%0B%0C%0Db", "/argument?foo=%20a%20", "/argument?foo=+",
          "/argument?foo=%C2%A0a%E3%80%80", "/argument?foo=%C2%85a%E2%80%A8",
          "/argument?foo=%E2%80%8Ba", "/argument?foo=%EF%BB%BFa", "/argument?foo=a%7Fb",
          "/argument?foo=%FF", "/argument?foo=%C3", "/argument?foo=%C0%80",
          "/argument?foo=%ED%A0%80", "/argument?foo=%1C%1D%1E%1Fa", "/argument?foo=a%E1%9A%80",
          "/argument?foo=%E1%A0%8Ea", "/argument?", "/argument?&", "/argument?=a&foo=b",
          "/argument?foo=a#b", "/argument?foo=" + "x" * 3000),
    *differ("bytes", OK, Case("argument in raw UTF-8",
                              "GET /argument?foo=é HTTP/1.1\r\n".encode() + END)),
    *gets("arguments", "/arguments", "/arguments?foo=a&x=y&foo=+b+", "/arguments?foo=%01"),
    Case("arguments of query and form", form("/arguments?foo=bar", b"foo=hello&foo=world")),
    Case("argument of both", form("/argument?foo=bar", b"foo=hello")),
    Case("argument of a form only", form("/argument", b"foo=%C3%A9+%26+%2B")),
    Case("argument of a bad form", form("/argument", b"foo=%FF")),
    Case("argument of an empty form", form("/argument?foo=a", b"")),
    Case("argument of a form with charset",
         post("/argument", b"foo=a",
              b"Content-Type: application/x-www-form-urlencoded; charset=x")),
    Case("argument of another type", post("/argument", b"foo=a", b"Content-Type: text/plain")),
    Case("argument of no type", post("/argument", b"foo=a")),
    Case("argument of a form in chunks",
         chunked("/argument", b"4\r\nfoo=\r\n3\r\nbar\r\n0\r\n\r\n",
                 b"Content-Type: application/x-www-form-urlencoded")),
    Case("argument of a form in gzip",
         post("/argument", gzip.compress(b"foo=bar"), b"Content-Encoding: gzip",
              b"Content-Type: application/x-www-form-urlencoded")),
    *[Case(f"cookies {value}", get("/cookies", b"Cookie: " + value)) for value in (
        b"a=1; b=two", b"a=1; a=2", b"a=1;b=2;c=3", b"nonsense; a=1", b"a = 1 ; b=", b"=x; a=1",
        b'a="x y"; b="\\073\\"\\\\"; c="\\400"', b'a="x;y"', b"a=b=c", b";;; ; a=1", b"A=1",
        b'a="x')],
    *differ("bytes", OK, Case("cookie in Latin-1", get("/cookies", b"Cookie: a=\xe9"))),
    Case("no cookies", get("/cookies")),
    Case("two Cookie headers", get("/cookies", b"Cookie: a=1", b"Cookie: b=2")),
]

D = b"Content-Disposition: form-data; "
LAST = b"--1234--\r\n"


def part(parameters, content, *headers):
    return b"\r\n".join([b"--1234", D + parameters, *headers, b"", content, b""])


def multipart(*pieces, target="/form", content_type=b"multipart/form-data; boundary=1234",
              method="POST"):
    return post(target, b"".join(pieces), b"Content-Type: " + content_type, method=method)


def in_chunks(body, size):
    return b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + size]), body[i:i + size])
                    for i in range(0, len(body), size)) + b"0\r\n\r\n"


def filenames(*texts):
    return [Case(f"{text!r} of a form", multipart(part(b"name=f; " + text, b"x"), LAST))
            for text in texts]


FORMS = [
    Case("form", multipart(part(b'name="a"', b"1"), part(b"name=b", b" 2 "),
                           part(b'name="f"; filename="x.txt"', b"one\r\ntwo\r\n",
                                b"Content-Type: text/plain; charset=x"), LAST)),
    Case("form, PUT", multipart(part(b"name=a", b"1"), LAST, method="PUT")),
    Case("form of GET", multipart(part(b"name=a", b"1"), LAST, method="GET")),
    Case("form without an end of line", multipart(part(b"name=a", b"1"), b"--1234--")),
    Case("form with an epilogue", multipart(part(b"name=a", b"1"), LAST, b"epilogue\r\n--1234\r\n")),
    Case("form of nothing", multipart(LAST)),
    Case("form with several of a name",
         multipart(part(b"name=a", b"1"), part(b"name=f; filename=x", b"X"), part(b"name=a", b"2"),
                   part(b"name=f; filename=y", b"Y"), part(b"name=g; filename=z", b""), LAST)),
    Case("form of bytes", multipart(part(b"name=a", b"\0\xff\xfe"), part(b"name=f; filename=x",
                                                                          bytes(range(256))), LAST)),
    Case("form with an empty argument", multipart(part(b"name=a", b""), LAST)),
    Case("form with a file without a name", multipart(part(b'name=f; filename=""', b"x"), LAST)),
    Case("form of 99 parts", multipart(part(b"name=a", b"x") * 99, LAST)),
    Case("form with a large file", multipart(part(b"name=f; filename=x", b"x\r\n" * 100000), LAST)),
    Case("form with a part without content",
         multipart(b"--1234\r\n" + D + b"name=a\r\n\r\n", part(b"name=b", b"1"), LAST)),
    Case("form in chunks",
         chunked("/form", in_chunks(part(b"name=a", b"1") + part(b"name=f; filename=x", b"2\r\n")
                                    + LAST, 7),
                 b"Content-Type: multipart/form-data; boundary=1234")),
    Case("form in pieces", [multipart(part(b"name=a", b"1"), LAST)[:-20],
                            multipart(part(b"name=a", b"1"), LAST)[-20:]]),
    Case("form with lines that end with LF",
         multipart(b"--1234\r\n" + D + b"name=f;filename=x\nX: y\nContent-Type: a/b\r\n\r\nx\r\n",
                   LAST)),
    Case("form with a folded header",
         multipart(b"--1234\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\nx\r\n", LAST)),
    Case("form with headers in another case",
         multipart(b"--1234\r\ncontent-disposition: form-data; NAME=f; FileName=x\r\n"
                   b"CONTENT-TYPE: a/b\r\n\r\nx\r\n", LAST)),
    Case("form with a transfer encoding",
         multipart(part(b"name=f; filename=x", b"eA==", b"Content-Transfer-Encoding: base64"),
                   LAST)),
    Case("argument of a multipart form", multipart(part(b"name=foo", b"\xc3\xa9 "), LAST,
                                                   target="/argument")),
    Case("argument of a multipart form that is no UTF-8",
         multipart(part(b"name=foo", b"\xff"), LAST, target="/argument")),
    Case("arguments of query and multipart form",
         multipart(part(b"name=foo", b"2"), part(b"name=foo", b"3"), LAST,
                   target="/arguments?foo=1")),
    *filenames(b'filename="a;b.txt"', b'filename="a\\"b.txt"', b'filename="a\\";b.txt"',
               b'filename="a;\\"b.txt"', b'filename="a\\\\b.txt"', b'filename="C:\\dir\\b.txt"',
               b'filename="a b.txt"', b'filename="a\tb.txt"', b"filename=a b", b"filename=x;y=z",
               b"filename=x; filename=y", b"filename = x ", b'filename="x', b"filename",
               b"filename=", b"filename*=UTF-8''%C3%A1b.txt", b"filename*=utf-8'en'%e2%82%ac",
               b"filename=x; filename*=UTF-8''y", b"filename*=UTF-8''y; filename=x",
               b"filename*=iso-8859-1''%E1", b"filename*0=a; filename*1=b.txt",
               b"filename*1=b.txt; filename*0=a", b"filename*0*=UTF-8''%C3; filename*1*=%A1",
               b"filename*0*=UTF-8''a; filename*1=%41", b"filename*=us-ascii''a%E1",
               b"filename*=UTF-8''%E1", b"filename*=x", b"filename*=a%20b",
               "filename=\"测试.txt\"".encode(), b'filename="%22.txt"', b'x="' + b";" * 500 + b'"'),
    *differ("quotes", OK, *filenames(b'filename="\\"x\\""')),
    *[Case(f"type {value!r} of a form", multipart(part(b"name=a", b"1"), LAST, content_type=value))
      for value in (b'multipart/form-data; boundary="1234"', b"multipart/form-data;boundary=1234",
                    b"multipart/form-data; x=y ; boundary=1234 ; z",
                    b"multipart/form-data; boundary=1234; boundary=5",
                    b"multipart/form-data; boundary=; boundary=1234", b"multipart/form-data",
                    b"multipart/form-data; boundary=",
                    b"multipart/form-data; boundary =1234", b"multipart/form-data; boundary=12345",
                    b"multipart/mixed; boundary=1234",
                    b"text/plain; boundary=1234", b'multipart/form-data; boundary=""')],
    *differ("type", OK,
            *[Case(f"type {value!r} of a form",
                   multipart(part(b"name=a", b"1"), LAST, content_type=value))
              for value in (b"multipart/form-data; Boundary=1234",
                            b"Multipart/Form-Data; boundary=1234")]),
    Case("form with dashes for a boundary",
         multipart(b"-----\r\n" + D + b"name=a\r\n\r\n----x\r\n-------",
                   content_type=b"multipart/form-data; boundary=---")),
    Case("form with what looks like boundaries",
         multipart(part(b"name=a", b"\r\n--123\r\n--12345\r\n--1234 \r\n--1234\n\r\n-1234\r"), LAST)),
    *[Case(f"malformed form {body!r}", multipart(body)) for body in (
        b"", b"--1234", b"--1234\r\n", b"x", part(b"name=a", b"1"), part(b"name=a", b"1") + b"--1234",
        b"preamble\r\n" + part(b"name=a", b"1") + LAST, b"\r\n" + part(b"name=a", b"1") + LAST,
        b"--1234\r\n\r\nx\r\n" + LAST, b"--1234\r\nX: y\r\n\r\nx\r\n" + LAST,
        b"--1234\r\n" + LAST, b"--1234\r\n" + D + b"name=a\r\n" + LAST,
        b"--1234\r\nContent-Disposition: invalid; name=a\r\n\r\nx\r\n" + LAST,
        b"--1234\r\nContent-Disposition: FORM-DATA; name=a\r\n\r\nx\r\n" + LAST,
        part(b"filename=x", b"1") + LAST, part(b'name=""', b"1") + LAST,
        part(b"name=a", b"1")[:-2] + LAST, b"--1234\r\nfoo\r\n\r\nx\r\n" + LAST,
        part(b"name=\xff", b"1") + LAST)],
    *[Case(f"malformed form at {target}", multipart(b"x", target=target))
      for target in ("/", "/early", "/error", "/nowhere", "/stream")],
    *differ("first boundary", BAD,
            Case("form that begins with a header", multipart(part(b"name=a", b"1")[8:], LAST))),
    *differ("last boundary", OK,
            Case("form that ends twice",
                 multipart(part(b"name=a", b"1"), LAST, part(b"name=b", b"2"), LAST))),
    *differ("line", OK,
            Case("boundaries in the middle of lines",
                 multipart(part(b"name=a", b"x--1234\r\ny--1234--z"), LAST))),
    *differ("parts", BAD, Case("form of 100 parts", multipart(part(b"name=a", b"x") * 100, LAST)),
            Case("form with a large header",
                 multipart(part(b"name=a", b"x", b"X: " + b"x" * 11000), LAST))),
    *differ("strict", BAD,
            *[Case(f"byte {byte!r} in a header of a form",
                   multipart(part(b'name="a' + byte + b'b"', b"x"), LAST))
              for byte in (b"\r", b"\0", b"\x08", b"\x7f")],
            Case("type that goes on", multipart(part(b"name=a", b"1"), LAST,
                                                content_type=b"multipart/form-datax; "
                                                             b"boundary=1234")),
            Case("encoded NUL in a file name",
                 multipart(part(b"name=f; filename*=UTF-8''x%00y", b"1"), LAST))),
    *differ("charset", OK, *filenames(b"filename*=koi8-r''%C1")),
    Case("form in gzip",
         post("/form", gzip.compress(part(b"name=a", b"1") + LAST), b"Content-Encoding: gzip",
              b"Content-Type: multipart/form-data; boundary=1234")),
]

ROUTES = [
    *gets("path", "/path/a/b", "/path//", "/path/a/b/c", "/path/a%2Fb/c%2Fd", "/path/%C3%A9/x",
          "/path/1%20+%201/x", "/path/%/%zz", "/path/%FF/x", "/path/a", "/path/a/b?c=d",
          "/optional/", "/optional/a", "/optional", "/named/1/", "/named/12/xx", "/named/1/y",
          "/named/x/", "/a", "/b", "/x/a", "/escaped.html", "/escapedxhtml", "/%C3%A9",
          "/%c3%a9", "/nowhere", "/nowhere?x=y", "/Getter", "/getter/", "//getter", "/getter?",
          "/./getter", "/x/../getter", "/getter;x", "/get%74er", "/getter#x"),
    *differ("whole path", b"HTTP/1.1 404 ", *gets("path", "/ab")),
    *differ("bytes", OK, Case("path in raw UTF-8",
                              "GET /path/é/x HTTP/1.1\r\n".encode() + END)),
    *[Case(f"host {host} {target}",
           f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
      for host in ("other.example", "OTHER.example", "other.example:8080", "another.example",
                   "other.example.org", "otherxexample")
      for target in ("/", "/other", "/getter")],
]

KEEP_ALIVE = [
    Case("two requests", raw("GET /getter HTTP/1.1\nHost: h\n\n") + get("/")),
    Case("an empty line between", raw("GET /getter HTTP/1.1\nHost: h\n\n\n") + get("/")),
    Case("an empty line in front", b"\r\n" + get("/")),
    Case("HEAD, then GET", raw("HEAD / HTTP/1.1\nHost: h\n\n") + get("/")),
    Case("error, then GET", raw("GET /nowhere HTTP/1.1\nHost: h\n\n") + get("/")),
    Case("chunks, then GET", raw("GET /chunks HTTP/1.1\nHost: h\n\n") + get("/")),
    Case("204, then GET", raw("GET /status?code=204 HTTP/1.1\nHost: h\n\n") + get("/")),
    Case("304, then GET", raw("GET /status?code=304 HTTP/1.1\nHost: h\n\n") + get("/")),
    Case("POST, then GET",
         raw("POST /echo HTTP/1.1\nHost: h\nContent-Length: 3\n\nabc") + get("/")),
    Case("POST in chunks, then GET",
         raw("POST /echo HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\n")
         + get("/")),
    Case("waiting, then GET", raw("GET /sleep HTTP/1.1\nHost: h\n\n") + get("/")),
    *differ("closed", OK, Case("nothing behind close", get("/getter") + get("/")),
            Case("HTTP/1.0 is closed", b"GET / HTTP/1.0\r\n\r\n" + get("/"))),
    Case("Connection: Close", raw("GET / HTTP/1.1\nHost: h\nConnection: Close\n\n")),
    Case("Connection: keep-alive in 1.1",
         raw("GET / HTTP/1.1\nHost: h\nConnection: keep-alive\n\n") + get("/")),
    Case("HTTP/1.0 with keep-alive", raw("GET / HTTP/1.0\nConnection: keep-alive\n\n") + get("/")),
    Case("HTTP/1.0 with Keep-Alive", raw("GET / HTTP/1.0\nConnection: Keep-Alive\n\n") + get("/")),
    Case("HTTP/1.0 with keep-alive, HEAD",
         raw("HEAD / HTTP/1.0\nConnection: keep-alive\n\n") + get("/")),
    Case("HTTP/1.0 with keep-alive, POST",
         raw("POST /echo HTTP/1.0\nConnection: keep-alive\nContent-Length: 1\n\na") + get("/")),
]

MALFORMED = [
    *differ(
        "page", BAD,
        Case("no request line", raw("asdf\n\n")),
        Case("no version", raw("GET /\n\n")),
        Case("two spaces", raw("GET  / HTTP/1.1\nHost: h\n\n")),
        Case("space in the target", raw("GET /a b HTTP/1.1\nHost: h\n\n")),
        Case("HTTP/1.10", raw("GET / HTTP/1.10\nHost: h\n\n")),
        Case("http/1.1", raw("GET / http/1.1\nHost: h\n\n")),
        Case("header without colon", raw("GET / HTTP/1.0\nasdf\n\n")),
        Case("folded first header", raw("GET / HTTP/1.0\n a: b\n\n")),
        *[Case(f"Content-Length: {value}", post("/echo", b"ab", length=value))
          for value in ("foo", "0x2", "1e0", "", "2, 3")],
        Case("two Content-Lengths", post("/echo", b"ab", b"Content-Length: 3")),
        Case("Content-Length and Transfer-Encoding",
             chunked("/echo", b"0\r\n\r\n", b"Content-Length: 5"))),
    *differ(
        "status", b"HTTP/1.1 505 ",
        Case("HTTP/0.9", raw("GET / HTTP/0.9\nHost: h\n\n")),
        Case("HTTP/2.0", raw("GET / HTTP/2.0\nHost: h\n\n"))),
    *differ(
        "status", BAD,
        *[Case(f"chunk size {size}", chunked("/echo", size.encode() + b"\r\nabc\r\n0\r\n\r\n"))
          for size in ("", "g")],
        Case("chunk too long", chunked("/echo", b"3\r\nabcd\r\n0\r\n\r\n"))),
    *differ(
        "strict", BAD,
        Case("bad method", raw("FOO,BAR / HTTP/1.1\nHost: h\nConnection: close\n\n")),
        Case("no Host", raw("GET / HTTP/1.1\nConnection: close\n\n")),
        Case("two Hosts", raw("GET / HTTP/1.1\nHost: a\nHost: b\nConnection: close\n\n")),
        *[Case(f"Host {host}", f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
          for host in ("foo bar", "foo/bar", "foo@bar")],
        Case("space before colon", raw("GET / HTTP/1.0\nHost : h\n\n")),
        Case("space in a name", raw("GET / HTTP/1.0\nA b: c\n\n")),
        Case("folded header", raw("GET / HTTP/1.0\nA: b\n c\n\n")),
        Case("bare LF", b"GET / HTTP/1.0\nHost: h\n\n"),
        Case("several CRs", b"GET / HTTP/1.0\r\r\nHost: h\r\n\r\n"),
        *[Case(f"byte {byte!r} in a value", b"GET / HTTP/1.0\r\nA: b" + byte + b"c\r\n\r\n")
          for byte in (b"\r", b"\0", b"\x01", b"\x7f")],
        Case("byte above 127 in a name", b"GET / HTTP/1.0\r\nA\xe9: bc\r\n\r\n"),
        *[Case(f"Content-Length: {value}", post("/echo", b"ab", length=value))
          for value in ("-1", "+2", "0_2")],
        # "-3" would make Tornado 6.2 loop for ever.
        *[Case(f"chunk size {size}", chunked("/echo", size.encode() + b"\r\nabc\r\n0\r\n\r\n"))
          for size in ("0_3", "0x3", "+3", " 3", "3 ")]),
    *differ(
        "coding", BAD,
        *[Case(f"Transfer-Encoding: {value}",
               get("/echo", f"Transfer-Encoding: {value}".encode(), method="POST") + b"0\r\n\r\n")
          for value in ("gzip, chunked", "identity", "chunked, chunked", "x", "")],
        Case("two Transfer-Encodings",
             chunked("/echo", b"0\r\n\r\n", b"Transfer-Encoding: chunked")),
        Case("Transfer-Encoding in HTTP/1.0",
             raw("POST /echo HTTP/1.0\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\n"))),
    *differ(
        "lenient", OK,
        Case("two empty lines in front", b"\r\n\r\n" + get("/")),
        *[Case(f"chunk size {size}", chunked("/echo", size.encode() + b"\r\nabc\r\n0\r\n\r\n"))
          for size in ("3;a=b", "3;a=\"b\"")],
        Case("trailer", chunked("/echo", b"3\r\nabc\r\n0\r\nA: b\r\n\r\n"))),
    *differ("version", OK, Case("HTTP/1.2",
                                raw("GET /getter HTTP/1.2\nHost: h\n\n") + get("/"))),
    *differ("target", OK,
            Case("absolute target", raw("GET http://h/getter HTTP/1.1\nHost: h\n"
                                        "Connection: close\n\n"))),
    Case("asterisk", raw("OPTIONS * HTTP/1.1\nHost: h\nConnection: close\n\n")),
    Case("bytes above 127 in a value", b"GET / HTTP/1.0\r\nA: b\xe9c\r\n\r\n"),
    *[Case(f"Content-Length: {value}", post("/echo", b"ab", length=value))
      for value in ("2, 2", "02", " 2 ")],
    Case("two equal Content-Lengths", post("/echo", b"ab", b"Content-Length: 2")),
    Case("Transfer-Encoding: Chunked",
         get("/echo", b"Transfer-Encoding: Chunked", method="POST") + b"0\r\n\r\n"),
    *[Case(f"chunk size {size}", chunked("/echo", size.encode() + b"\r\nabc\r\n0\r\n\r\n"))
      for size in ("3", "03")],
    Case("chunk sizes in capitals", chunked("/echo", b"A\r\n0123456789\r\n0\r\n\r\n")),
    Case("last chunk of zeros", chunked("/echo", b"3\r\nabc\r\n000\r\n\r\n")),
    *differ("continue", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
            Case("Expect: 100-continue",
                 [post("/echo", b"", b"Expect: 100-continue", length=2), b"ok"])),
    *differ("continue", OK,
            Case("Expect: 100-continue without a body", get("/", b"Expect: 100-continue"))),
    *differ("expectation", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
            Case("Expect: 100-Continue",
                 [post("/echo", b"", b"Expect: 100-Continue", length=2), b"ok"])),
    *differ("expectation", b"HTTP/1.1 417 ",
            Case("Expect: something", post("/echo", b"ok", b"Expect: something"))),
    *differ("list", OK,
            Case("Connection: keep-alive, close",
                 raw("GET / HTTP/1.1\nHost: h\nConnection: keep-alive, close\n\n") + get("/"))),
]

BROKEN_ANSWERS = [
    *gets("bad reason", "/status?reason=a%0Ab", "/status?reason=%C3%A9",
          "/status?reason=%3Cscript%3E",
          "/error?code=418&reason=a%3Cb"),
    *differ("length", b"HTTP/1.1 500 ",
            *gets("a length that is none", "/length?length=foo", "/length?length=%2B10",
                  "/length?length=1_0")),
    *differ("length", b"",
            *gets("a length that is not kept", "/length?length=4", "/length?length=6")),
    *differ("cut", OK, Case("an error after a flush", get("/flush_then_fail"))),
    Case("an early answer", get("/stream?refuse=1", b"Content-Length: 1000", method="POST")
         + b"some data"),
    *gets("an argument that is no text, not asked for", "/argument?foo=a&bar=%FF"),
    *differ("NUL", BAD, *gets("a NUL in the path", "/path/a%00b/c")),
    *differ("code", b"HTTP/1.1 500 ", *gets("bad statuses", "/status?code=99",
                                            "/status?code=42")),
]

# What differs from one request to the next, in the answers of both.
# ---- Static files ----

ROBOTS_TAG = (b'"63a36e950e134b5217e33c763e88840c10a07d80e6057d92b9ac97508de7fb1f'
              b'a6f0e9b7531e169657165ea764e8963399cb6d921ffe6078425aaafe54c04563"')


def ranges(*values, target="/static/robots.txt", method="GET"):
    return [Case(f"static range {value}, {method}",
                 get(target, b"Range: " + value, method=method)) for value in values]


def conditions(*lines):
    return [Case(f"static condition {line}", get("/static/robots.txt", line)) for line in lines]


STATIC = [
    *gets("static", "/robots.txt", "/favicon.ico", "/static/robots.txt", "/static/numbers.txt",
          "/static/robots.txt?v=1", "/static/robots.txt?v=", "/static/robots.txt?w=1",
          "/static/empty.txt", "/static/empty.txt?v=1", "/static/with%20space.css",
          "/static/sample.xml.gz", "/static/sample.xml.bz2", "/static/dir/index.html",
          "/static/in.txt", "/static/missing", "/static/robots.txt/", "/static/robots.txt/x",
          "/static/", "/static", "/static/dir", "/static/dir/", "/static/.",
          "/static/./robots.txt", "/static/dir/../robots.txt", "/static/dir/%2e%2e/robots.txt",
          "/static//robots.txt", "/static/../twin.c", "/static/%2e%2e/twin.c",
          "/static/..%2ftwin.c", "/static/../files-other", "/static/%2fetc%2fpasswd",
          "/static//etc/passwd", "/static/..%5ctwin.c", "/static/robots.txt%00",
          "/static/%00", "/static/%FF", "/static/robots.txt%20", "/static/" + "a" * 300,
          "/files/", "/files/dir", "/files/dir/", "/files/dir?a=b", "/files/dir/?a=b",
          "/files/dir/index.html", "/files/robots.txt", "/files/..", "/files/dir/..",
          "/files/dir/../dir", "/files/dir/x"),
    *(Case(f"static HEAD {target}", get(target, method="HEAD"))
      for target in ("/static/robots.txt", "/static/missing", "/files/dir", "/static/dir")),
    *gets("static_url", "/static_url/robots.txt", "/static_url/robots.txt?no_version=1",
          "/static_url/robots.txt?include_host=1", "/static_url/missing",
          "/static_url/robots.txt?include_host=1&no_version=1", "/static_url/dir/index.html"),
    *ranges(b"bytes=0-9", b"bytes=1-4", b"bytes=5", b"bytes=22-", b"bytes=-4", b"bytes=-1000000",
            b"bytes=0-", b"bytes=0-25", b"bytes=0-26", b"bytes=0-10000000", b"bytes=1-10000000",
            b"bytes=-0", b"bytes=26-", b"bytes=26", b"bytes=10-3", b"bytes=5-4", b"bytes=25-25",
            b"asdf", b"Bytes=0-1", b"items=0-1", b"bytes=", b"bytes=-", b"bytes = 1 - 2",
            b"bytes=a-b", b"bytes=1-2-3", b"bytes=99999999999999999999-", b"bytes=-26",
            b"bytes 0-9"),
    *ranges(b"bytes=0-9", b"bytes=22-", b"bytes=-0", b"bytes=0-", method="HEAD"),
    *ranges(b"bytes=0-", b"bytes=-1", b"bytes=", target="/static/empty.txt"),
    *ranges(b"bytes=1000-1999", b"bytes=-100", b"bytes=5990-", target="/static/numbers.txt"),
    *conditions(b"If-None-Match: " + ROBOTS_TAG, b"If-None-Match: W/" + ROBOTS_TAG,
                b'If-None-Match: "a", ' + ROBOTS_TAG, b"If-None-Match: *", b'If-None-Match: "a"',
                b"If-None-Match:", b"If-None-Match: " + ROBOTS_TAG[1:-1],
                b"If-None-Match: " + ROBOTS_TAG + b"\r\nRange: bytes=1-4",
                b'If-None-Match: "a"\r\nRange: bytes=1-4',
                b'If-None-Match: "a"\r\nIf-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT',
                b"If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT",
                b"If-Modified-Since: Fri, 01 Jan 1960 00:00:00 GMT",
                b"If-Modified-Since: Sun Nov  6 08:49:37 1994",
                b"If-Modified-Since: never", b"If-Modified-Since:",
                b"If-Range: " + ROBOTS_TAG + b"\r\nRange: bytes=1-4",
                b'If-Range: "a"', b"If-Match: *", b"If-Match: " + ROBOTS_TAG,
                b"If-Unmodified-Since: Fri, 01 Jan 2100 00:00:00 GMT"),
    *differ("If-Range", OK,
            *conditions(b'If-Range: "a"\r\nRange: bytes=1-4',
                        b"If-Range: W/" + ROBOTS_TAG + b"\r\nRange: bytes=1-4")),
    *differ("If-Match", b"HTTP/1.1 412 Precondition Failed\r\n",
            *conditions(b'If-Match: "a"', b"If-Match: W/" + ROBOTS_TAG,
                        b"If-Unmodified-Since: Fri, 01 Jan 1999 00:00:00 GMT")),
    *differ("number", OK, *ranges(b"bytes=1_0", b"bytes=+1", b"bytes=--5")),
    *differ("several ranges", b"HTTP/1.1 206 Partial Content\r\n",
            *ranges(b"bytes=1-2,4-5"),
            *ranges(b"bytes=0-1,1000-1001", b"bytes=-5,0-1", target="/static/numbers.txt")),
    *differ("link", b"HTTP/1.1 403 Forbidden\r\n", *gets("static", "/static/out.py")),
]

CHANGING = [
    (rb"Expires: ..., .. ... .... ..:..:.. GMT", b"Expires: *"),
    (rb"expires=..., .. ... (?!2011)(?!9999)(?!1970).... ..:..:.. GMT", b"expires=*"),
    (rb"2\|[0-9a-f]{8}\|[0-9a-f]{32}\|[0-9]{10}", b"2|*"),  # an XSRF token, and one of format 1
    (rb"(_xsrf=|value=\"|\r\n\r\n)[0-9a-f]{32}\b", rb"\1*"),
    (rb"\|10:1[0-9]{9}\|(.*)\|[0-9a-f]{64}", rb"|10:*|\1|*"),
    (rb"\|1[0-9]{9}\|[0-9a-f]{40}", b"|*|*"),
]


def cookie(value, target="/signed"):
    return get(target, b"Cookie: " + value)


# Signed at 1300000000 with the twins' secret.
V1 = b"dmFsdWU=|1300000000|31c934969f53e48164c50768b40cbd7e2daaaa4f"
V2_SIGNED = b"2|1:0|10:1300000000|3:key|8:dmFsdWU=|"
V2 = V2_SIGNED + b"3d4e60b996ff9c5d5788e333a0cba6f238a22c6c0f94788870e1a9ecd482e152"

SAFETY = [
    *gets("cookie", *["/set_cookie?value=" + value for value in (
        "b", "", "a%2Cb", "a%3Bb", "%22a%22", "a%5Cb", "a%3Db", "a/b(c)%3Cd%3E?@[]{}%7F",
        "!%23$%25%26%27*%2B-.%5E_%60%7C~:", "a%20b", "a%0Ab", "%01")]),
    *gets("cookie", *["/set_cookie?value=v&" + options for options in (
        "domain=example.com", "path=/foo", "path=", "expires=1300000000", "expires=1300000000.9",
        "expires_days=10", "expires_days=0.5", "expires=1300000000&expires_days=3", "max_age=10",
        "max_age=-1", "max_age=0", "httponly=1", "secure=1", "samesite=Strict",
        "domain=d&max_age=5&httponly=1&secure=1&samesite=Lax&expires=1300000000",
        "name=A:b", "name=a%20b", "name=a%3Bb", "name=a%3Db", "name=path", "name=Max-Age", "name=",
        "name=%C3%A9", "name=__Host-a")]),
    Case("cookie, HEAD", get("/set_cookie?value=v", method="HEAD")),
    Case("cookie, kept alive", raw("GET /set_cookie?value=v HTTP/1.1\nHost: h\n\n") + get("/")),
    Case("cookie, HTTP/1.0", b"GET /set_cookie?value=v HTTP/1.0\r\n\r\n"),
    *differ("attributes", b"HTTP/1.1 500 ",
            *gets("cookie", "/set_cookie?value=v&domain=a%3Bb", "/set_cookie?value=v&path=a%20b",
                  "/set_cookie?value=v&samesite=a%0Ab")),
    *differ("bytes", OK, *gets("cookie", "/set_cookie?value=%C3%A9")),
    *gets("several cookies", *["/several?how=" + how for how in (
        "", "error", "send_error", "redirect", "clear", "status", "flush")]),
    Case("several cookies, HEAD", get("/several", method="HEAD")),
    Case("several cookies, flushed, HEAD", get("/several?how=flush", method="HEAD")),
    Case("several cookies, flushed, HTTP/1.0", b"GET /several?how=flush HTTP/1.0\r\n\r\n"),
    Case("clearing no cookies", get("/clear_cookies")),
    *[Case(f"clearing cookies {value}", cookie(value, "/clear_cookies")) for value in (
        b"a=1; b=2", b"b=1; one=2; b=3", b'a="x;y"', b"path=1; c=2", b"a b=1; c=2", b"nonsense")],
    *[Case(f"signed cookie {value}", cookie(b"key=" + value)) for value in (
        V1, V2, b'"' + V2 + b'"', b"", b"a", b"a|b|c", V2[:-1], V2 + b"0", V2[:-1] + b"3", V1[:-1],
        V2.replace(b"3:key", b"3:kez"), V2.replace(b"1:0", b"1:1"),
        V2.replace(b"10:13", b"9:13"), b"3|" + V2, b"2|", b"2|1:0", b"2|7:1234567|1:0|0:|0:|",
        b"1000|1|2", b"2|x:0|1:0|0:|0:|")],
    *differ("tampered", OK, Case("signed cookie with a moved border",
                                 cookie(b"key=" + V1.replace(b"=|", b"|=")))),
    Case("signed cookie of another name", cookie(b"other=" + V2)),
    Case("signed cookie, min_version", cookie(b"key=" + V1, "/signed?min=2")),
    Case("signed cookie, min_version kept", cookie(b"key=" + V2, "/signed?min=2")),
    Case("signed cookie, unknown min_version", cookie(b"key=" + V2, "/signed?min=3")),
    *gets("signing", *["/set_signed?value=" + value for value in (
        "value", "", "%C3%A9", "a%2Cb", "x" * 100, "value&version=1", "&version=1")]),
    Case("signing, unknown version", get("/set_signed?value=a&version=3")),
    *gets("authenticated", "/secret", "/secret?user=me", "/secret?a=b&c=%C3%A9+d",
          "/secret?login=/login?a%3Db", "/secret?login=http://x.example/a",
          "/secret?login=https://x.example/a?b%3Dc", "/secret?login=login", "/secret?login=//x.example/"),
    Case("authenticated, HEAD", get("/secret", method="HEAD")),
    Case("authenticated, POST", post("/secret")),
    Case("authenticated, POST of a user", post("/secret?user=me")),
    *gets("addslash", "/slash", "/slash/", "/slash?q=1&r=%20", "/slash/x%C3%A9",
          "/slash?", "/slash//"),
    *gets("removeslash", "/noslash", "/noslash/", "/noslash///?a=b", "/noslash/x/"),
    Case("addslash, HEAD", get("/slash", method="HEAD")),
    Case("addslash, POST", post("/slash")),
    Case("addslash, POST with slash", post("/slash/")),
    Case("removeslash, POST", post("/noslash/")),
    *differ("elsewhere", b"HTTP/1.1 403 ", Case("addslash to another host", get("//evil.example"))),
    *gets("token", "/token", "/token?user=me", "/token_form"),
    *[Case(f"token with cookie {value}", cookie(b"_xsrf=" + value, "/token")) for value in (
        b"2|d366040b|e6470a669f78dc84db6781e8bf87de27|1795498401", b"3|", b"2|a|b",
        b"35210e6d4c1ed88f080185e36ce1da2c", b"")],
    Case("nothing is checked", form("/token", b"")),
    *gets("etag", "/etag", "/etag?body=", "/etag?body=" + "x" * 3000, "/etag?own=%22mine%22",
          "/etag?status=201", "/etag?status=404", "/given_etag", "/given_etag?etag=%22a%22",
          "/given_etag?etag=W/%22a%22", "/given_etag?etag=a"),
    Case("etag, HEAD", get("/etag", method="HEAD")),
    Case("etag, POST", post("/etag", b"", b"If-None-Match: *")),
    Case("etag, HTTP/1.0", b"GET /etag HTTP/1.0\r\nIf-None-Match: *\r\n\r\n"),
    *[Case(f"If-None-Match {value} for {etag}",
           get(f"/given_etag?etag={etag}", b"If-None-Match: " + value))
      for etag in ("%22a%22", "W/%22a%22", "")
      for value in (b"*", b'"a"', b'W/"a"', b'"b"', b'"b", "a"', b'"b",W/"a"', b"a", b'"a', b"",
                    b'"b", *', b'*, "b"', b'x"b"y"a"z', b'""')],
    Case("If-None-Match of a hash",
         get("/etag", b'If-None-Match: "e02aa1b106d5c7c6a98def2b13005d5b84fd8dc8"')),
    Case("If-None-Match of a hash, HEAD",
         get("/etag", b'If-None-Match: W/"e02aa1b106d5c7c6a98def2b13005d5b84fd8dc8"', method="HEAD")),
    Case("If-None-Match and an own etag", get("/etag?own=%22a%22", b'If-None-Match: "a"')),
    Case("304, then GET",
         raw("GET /etag HTTP/1.1\nHost: h\nIf-None-Match: *\n\n") + get("/")),
]

RAW_TOKEN = b"35210e6d4c1ed88f080185e36ce1da2c"
MASKED_TOKEN = b"2|d366040b|e6470a669f78dc84db6781e8bf87de27|1795498401"


def with_token(cookie_value, body, *headers, target="/token", method="POST"):
    return post(target, body, b"Content-Type: application/x-www-form-urlencoded",
                b"Cookie: _xsrf=" + cookie_value, *headers, method=method)


XSRF = [
    Case("no token", form("/token", b"")),
    Case("token without cookie", form("/token", b"_xsrf=" + MASKED_TOKEN)),
    Case("cookie without token", with_token(MASKED_TOKEN, b"")),
    *[Case(f"token {value} and a good cookie", with_token(MASKED_TOKEN, b"_xsrf=" + value))
      for value in (MASKED_TOKEN, RAW_TOKEN, RAW_TOKEN.upper(), b"3|", b"2|", b"2|d366040b|e64|1",
                    b"", b"x", b"2|d366040b|e6470a66|x", b"2|d366040b||1", b"1|a", b"0|a", b"%FF")],
    *[Case(f"cookie and token {value}", with_token(value, b"_xsrf=" + value))
      for value in (b"deadbeef", b"xoxo", b"3|", b"abc", b"01|x", b"1000|x")],
    Case("token in the query", with_token(RAW_TOKEN, b"", target="/token?_xsrf=" + RAW_TOKEN.decode())),
    Case("token in X-XSRFToken", with_token(RAW_TOKEN, b"", b"X-XSRFToken: " + MASKED_TOKEN)),
    Case("token in X-CSRFToken", with_token(RAW_TOKEN, b"", b"X-CSRFToken: " + RAW_TOKEN)),
    Case("bad token in X-XSRFToken", with_token(RAW_TOKEN, b"", b"X-XSRFToken: x")),
    Case("argument before header", with_token(RAW_TOKEN, b"_xsrf=ab", b"X-XSRFToken: " + RAW_TOKEN)),
    *[Case(f"{method} without a token", get("/token", method=method))
      for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")],
    *[Case(f"{method} with a token", with_token(RAW_TOKEN, b"_xsrf=" + RAW_TOKEN, method=method))
      for method in ("PUT", "DELETE", "PATCH")],
    Case("the check before 405", form("/getter", b"")),
    Case("the check before 404", form("/nowhere", b"")),
    Case("a class without the check", form("/unchecked", b"")),
    Case("a streamed body without a token", post("/stream", b"some data")),
    *gets("token", "/token", "/token?user=me", "/token_form"),
]

TEMPLATES = [
    *gets("page", "/page/list.html", "/page/list.html?count=0", "/page/list.html?count=1&foot=%3Cb%3E",
          "/page/list.html?foot=a+%26+%22b%22", "/page/base.html", "/page/foot.html",
          "/page/modules.html", "/page/modules.html?count=1", "/page/modules.html?count=0",
          "/page/error.html", "/page/malformed.html", "/page/missing.html"),
    *gets("piece", "/piece/part.html", "/piece/base.html", "/piece/foot.html?foot=x"),
    Case("a page in another language", get("/page/foot.html", b"Accept-Language: es")),
]

WORDS = [
    *[Case(f"Accept-Language: {value.decode()}",
           get("/locale?count=2", b"Accept-Language: " + value))
      for value in (b"es", b"es-GT", b"ES-gt;q=0.3,de;q=0.8", b"de;q=0,es;q=0.1", b"*", b"es;q=x",
                    b"fr, pt-br;q=0.9,es;q=0.8", b"de;x=1;q=0", b"pt,es;q=0.1", b"a-b-c,de", b",,es",
                    b"es;q=-1,de;q=0.1", b"en-US,es;q=0.9", b"es;q=.5,de;q=0.50", b"q=1",
                    b"es-419")],
    *differ("spaces", OK,
            Case("a space before the weight",
                 get("/locale", b"Accept-Language: es ; q=0.5 , de;q=0.4"))),
    *gets("locale", "/locale", "/locale?user=es", "/locale?user=es&count=0", "/locale?user=xx",
          "/locale?user=pt_BR"),
    Case("the user's locale first", get("/locale?user=de", b"Accept-Language: es")),
    *gets("linkify", *(f"/linkify?text={query}" for query in (
        "hello+http://world.com/!", "%3Cb%3E+www.example.com/a_(b)+%26+rdar:/x",
        "http://a.b/?c%26d%22e", "www.a.b&extra=rel=nofollow", "http:///+http://+www.",
        "http://reallylong.com/link/that/exceedsthelenglimit.html&shorten=1",
        "%E2%80%9Chttp://a.b%E2%80%9D+%E7%9C%8Bhttp://a.b"))),
    *gets("escape", *(f"/escape?text={text}" for text in (
        "%3Ca+href=%22b%22%3E%26", "a%2Fb+c%2Bd%25~%C3%A9", "a++b%0A%0Dc", "%E3%80%80x",
        "%26amp;%26lt"))),
]

# Options of both servers, and what they get then.
GROUPS = [
    ([], PAGES + METHODS + ARGUMENTS + FORMS + ROUTES + KEEP_ALIVE + MALFORMED + BROKEN_ANSWERS + TEMPLATES
     + SAFETY + WORDS + STATIC),
    (["xsrf_cookies=1"], XSRF),
    (["xsrf_cookies=1", "xsrf_cookie_version=1"], XSRF),
    (["no_keep_alive=1"], [
        Case("no keep-alive", raw("GET / HTTP/1.1\nHost: h\n\n")),
        *differ("closed", OK, Case("nothing behind it",
                                   raw("GET / HTTP/1.1\nHost: h\n\n") + get("/"))),
        *differ("announced", OK, Case("no keep-alive, HTTP/1.0",
                                      raw("GET / HTTP/1.0\nConnection: keep-alive\n\n"))),
    ]),
    (["xheaders=1", "trusted_downstream=5.5.5.5"], [
        Case(f"xheaders {header}", get("/request", header)) for header in (
            b"A: b", b"X-Real-IP: 4.4.4.4", b"X-Forwarded-For: 127.0.0.1, 4.4.4.4",
            b"X-Forwarded-For: 127.0.0.1, 4.4.4.4, 5.5.5.5", b"X-Forwarded-For: 5.5.5.5",
            b"X-Real-IP: 2620:0:1cfe:face:b00c::3", b"X-Real-IP: 4.4.4.4<script>",
            b"X-Real-IP: www.google.com", b"X-Real-IP:", b"X-Forwarded-For: 4.4.4.4,",
            b"X-Scheme: https", b"X-Forwarded-Proto: https", b"X-Forwarded-Proto: https , http",
            b"X-Forwarded-Proto: http,https", b"X-Scheme: unknown", b"X-Scheme: HTTPS",
            b"X-Scheme: http\r\nX-Forwarded-Proto: https",
            b"X-Real-IP: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2")
    ] + [
        Case("xheaders of one request only",
             raw("GET /request HTTP/1.1\nHost: h\nX-Real-IP: 4.4.4.4\nX-Scheme: https\n\n")
             + get("/request")),
    ]),
    (["decompress_request=1", "max_body_size=100"], [
        Case("gzip", post("/echo", gzip.compress(b"foo=bar"), b"Content-Encoding: gzip")),
        Case("GZIP", post("/echo", gzip.compress(b"foo=bar"), b"Content-Encoding: GZIP")),
        Case("gzip of a form",
             post("/argument", gzip.compress(b"foo=bar"), b"Content-Encoding: gzip",
                  b"Content-Type: application/x-www-form-urlencoded")),
        Case("gzip, streamed",
             post("/stream", gzip.compress(b"x" * 100), b"Content-Encoding: gzip")),
        Case("gzip at the limit",
             post("/echo", gzip.compress(b"x" * 100), b"Content-Encoding: gzip")),
        Case("no body", post("/echo", b"", b"Content-Encoding: gzip")),
        Case("another coding", post("/echo", b"abc", b"Content-Encoding: deflate")),
        *differ("gzip", b"HTTP/1.1 413 ",
                Case("gzip over the limit",
                     post("/echo", gzip.compress(b"x" * 101), b"Content-Encoding: gzip"))),
        *differ("gzip", BAD,
                Case("no gzip", post("/echo", b"not gzip", b"Content-Encoding: gzip")),
                Case("gzip cut short", post("/echo", gzip.compress(b"foo=bar")[:-9],
                                            b"Content-Encoding: gzip"))),
        *differ("gzip", OK,
                Case("two members of gzip",
                     post("/echo", gzip.compress(b"foo") + gzip.compress(b"bar"),
                          b"Content-Encoding: gzip"))),
    ]),
    (["max_header_size=1024", "max_body_size=16"], [
        Case("head under the limit", get("/", b"X: " + b"x" * 900)),
        Case("body at the limit", post("/echo", b"x" * 16)),
        Case("chunks at the limit",
             chunked("/echo", b"8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n")),
        *differ("status", b"HTTP/1.1 431 ",
                Case("head over the limit", get("/", b"X: " + b"x" * 1000))),
        *differ("status", b"HTTP/1.1 414 ",
                Case("request line over the limit", get("/" + "x" * 1100))),
        *differ("status", b"HTTP/1.1 413 ",
                Case("body over the limit", post("/echo", b"x" * 17)),
                Case("chunks over the limit",
                     chunked("/echo", b"8\r\n01234567\r\n9\r\n012345678\r\n0\r\n\r\n"))),
    ]),
    (["idle_connection_timeout=0.2", "body_timeout=0.2"], [
        Case("nothing sent", b""),
        Case("idle after a request", raw("GET / HTTP/1.1\nHost: h\n\n")),
        *differ("status", b"HTTP/1.1 408 ", Case("half a head", b"GET / HTT"),
                Case("half a body", post("/echo", b"abc", length=42))),
    ]),
]
