# SPDX-License-Identifier: Apache-2.0
"""The page of bench/template.c in Python, by Tornado and by Jinja2, where they are installed.

usage: templates.py FOLDER; prints a line of JSON for each"""
import json
import sys
import time

FOLDER = sys.argv[1]
VALUES = {"title": "Rows & more",
          "rows": [{"number": i, "name": f"Item <{i}> & Co.",
                    "comment": "Said \"yes\" to what isn't <b>bold</b>, and more."}
                   for i in range(100)]}


def measure(name, render):
    size = len(render())
    least = 1e9
    for _ in range(7):
        start = time.process_time()
        for _ in range(100):
            render()
        least = min(least, (time.process_time() - start) / 100)
    print(json.dumps({"name": name, "us": round(1e6 * least, 2), "bytes": size}), flush=True)


try:
    import tornado.template
    page = tornado.template.Loader(FOLDER).load("tornado.html")
    measure("tornado", lambda: page.generate(**VALUES))
except ImportError:
    pass
try:
    import jinja2
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(FOLDER), autoescape=True)
    other = environment.get_template("jinja2.html")
    measure("jinja2", lambda: other.render(**VALUES).encode())
except ImportError:
    pass
