#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Templates, gale's against Tornado's: the same bytes, or the same kind of error."""

import html
import json
import logging
import os
import random
import re
import subprocess
import sys
import warnings

try:
    from tornado import escape, template
    from tornado.util import ObjectDict
except ImportError:
    print("python3-tornado is not installed")
    sys.exit(77)

# Tornado 6.2 has an older one; 6.5 uses Python's.
escape.xhtml_escape = lambda text: html.escape(escape.to_unicode(text))

warnings.simplefilter("ignore", SyntaxWarning)
logging.getLogger("tornado.application").disabled = True  # the code of what is malformed

VALUES = {
    "name": "Ben & <Jerry>", "empty": "", "n": 7, "big": 9007199254740993, "negative": -7, "x": 2.5,
    "tiny": 1e-7, "huge": 1e22, "yes": True, "no": False, "nothing": None,
    "unicode": "H\u00e9ll\u00f6 \u4e16\u754c \U0001f600", "quotes": "it's \"quoted\" \\ \n\t",
    "list": [3, 1, 2], "words": ["b", "A", "c", "a"], "mixed": [1, "two", 3.0, None, True, [4], {"five": 6}],
    "none_at_all": [], "pairs": [["a", 1], ["b", 2]], "map": {"one": 1, "two": {"three": [1, 2]}},
    "stories": [{"title": "A < B", "author": None, "votes": 3}, {"title": "C", "author": "D", "votes": 12}],
    "html": "<b>bold</b>", "floats": [0.1, 1.0, 1e16, 1e-5, 123456.789, -0.0, 1.5e300],
}

EXPRESSIONS = """
name
empty
n
x
tiny
huge
yes
nothing
unicode
quotes
list
mixed
map
floats
stories[0].title
stories[-1]['author']
map.two.three[1]
list[0] + list[-1]
list[1:]
list[:-1]
list[::-1]
list[5:]
list[-100:2]
unicode[1]
unicode[-1]
unicode[1:4]
unicode[::-1]
unicode[::2]
unicode[10:2:-3]
'abc'[True]
(1, 2, 3)[1:]
range(10)[3]
range(10)[2:8:3]
range(10)[::-2]
list(range(5, -5, -3))
n + 1, n - 1, n * 2, n / 2, n // 2, n % 2, n ** 2
negative // 2, negative % 2, 7 // -2, 7 % -2, -7 // -2, -7 % -2
negative / 2, 1 / 3, 2 / 3, 1e300 * 1e10
7.5 // 2, -7.5 // 2, 7.5 % 2, -7.5 % 2, 7.5 % -2, 5.0 // -0.3
2 ** 10, 2 ** -1, 2.0 ** 0.5, (-2) ** 3, -2 ** 2, 0 ** 0, 2 ** 3 ** 2
1 << 10, -17 >> 2, 6 & 3, 6 | 3, 6 ^ 3, ~6, -(-3), +True
True & False, True | False, True ^ True, True & 1
True + True, True * 3, -True
big + 1, big * 1.0, big == 9007199254740992.0, big > 9007199254740992.0
0.1 + 0.2, 1e16, 1e15, 123456789.123456789, 1.0, 100.0, 1e100, 5e-324, 1.7976931348623157e308
'a' + 'b', 'ab' * 3, 3 * 'ab', 'ab' * -1, [1] * 2, (1, 2) + (3,), [1] + [2]
'%s is %d years, %.2f %% %5s|%-5s|%05d' % ('x', 3, 1.005, 'r', 'l', 42)
'%s' % n, '%r' % name, '%x %X %o' % (255, 255, 8), '%(a)s %(b)d' % {'a': 1, 'b': 2}
'{} {} {0}'.replace('{0}', '') .format(1, 2)
'{0} {1} {0}'.format('a', 'b')
'{a} {b:>5}|{b:<5}|{b:^5}|{c:05.1f}|{n:,}'.format(a=1, b='x', c=2.345, n=1234567)
1 < 2 < 3, 1 < 3 < 2, 1 == 1.0 == True, 1 != 2, 3 >= 3 > 2
'a' < 'b', 'a' < 'B', [1, 2] < [1, 3], [1] < [1, 0], (1, 'a') < (1, 'b')
'b' in words, 'z' in words, 'z' not in words, 'en' in name, 1 in map, 'one' in map, 3 in range(5), 2.0 in list
nothing is None, n is not None, None is None, True is True
yes and n, no and n, no or n, empty or 'x', not yes, not empty, yes and no or 'z'
'a' if n > 5 else 'b', ('c' if n < 5 else 'd') + 'e'
[w.upper() for w in words], [i * i for i in range(5) if i % 2], [[i, j] for i in range(2) for j in 'ab']
{w: len(w) for w in words}, {k: v for k, v in pairs}
sum(i for i in list), max(list), min(list), max(1, 2, 3), min('b', 'a'), max(words, key=len)
sorted(list), sorted(list, reverse=True), sorted(words, key=str.lower) if False else sorted(words)
len(name), len(unicode), len(list), len(map), len(range(5)), len('')
abs(-3), abs(-2.5), all([1, 2]), all([1, 0]), any([0, 0]), any([0, 1])
bool(n), bool(empty), int('42'), int(3.9), int(-3.9), int(' 7 '), int('ff', 16), int('0x1f', 0), float('1.5'), float('1e3')
str(n), str(x), str(None), str(list), repr(name), repr(quotes), repr(unicode)
round(2.5), round(3.5), round(2.675, 2), round(1234, -2), round(1.5, 0), round(-0.5), round(0.125, 2)
list('abc'), list(map), tuple([1, 2]), dict([['a', 1]]), dict(a=1, b='c'), list(enumerate(words)), list(zip(list, words))
list(enumerate('ab', 1)), list(reversed(list)), list(reversed('abc'))
isinstance(n, int), isinstance(name, str), isinstance(x, (int, float)), isinstance(list, dict) if False else 1
json_encode(map), json_encode(mixed), json_encode('</script>\u00e9'), json_encode(floats[:3])
url_escape(name), url_escape('a b/c&d=\u00e9'), squeeze('a   b\\n c'), xhtml_escape(html)
name.upper(), name.lower(), 'hello world'.title(), 'hello'.capitalize(), 'Hello'.swapcase()
'  a '.strip(), '  a '.lstrip(), '  a '.rstrip(), 'xxaxx'.strip('x'), 'xxaxx'.rstrip('x')
'a,b,c'.split(','), 'a b  c'.split(), 'a,b,c'.split(',', 1), 'a,b,c'.rsplit(',', 1), 'a\\nb\\r\\nc'.splitlines()
', '.join(words), ''.join([]), '-'.join('abc')
'hello'.find('l'), 'hello'.rfind('l'), 'hello'.find('z'), 'hello'.index('e'), 'hello'.count('l'), 'aaaa'.count('aa')
'hello'.replace('l', 'L'), 'hello'.replace('l', 'L', 1), 'hello'.startswith('he'), 'hello'.endswith(('x', 'lo'))
'7'.zfill(3), '-7'.zfill(4), 'a'.center(5, '*'), 'a'.ljust(3) + '|', 'a'.rjust(3), 'a\\tb'.expandtabs(4)
'a-b-c'.partition('-'), 'a-b-c'.rpartition('-'), 'abc'.removeprefix('a'), 'abc'.removesuffix('c')
'abc'.isalpha(), '12'.isdigit(), 'a1'.isalnum(), ' '.isspace(), 'ABC'.isupper(), 'abc'.islower(), 'Abc'.istitle(), ''.isalpha()
map.get('one'), map.get('none'), map.get('none', 3), 'two' in map.keys(), [v for v in map.values()], [k for k, v in map.items()]
list.index(1), list.count(3), words.index('c')
{'a': 1, 'b': [1, (2,)]}, {1: 'x', (1, 2): 'y'}[1, 2], {'a': 1} == {'a': 1.0}, {} or 'empty'
[1, 2] == [1, 2], [1] == (1,), 'a' == 'a', None == 0, [None] == [None], list == [3, 1, 2]
(1,), (), [], {}, ((1, 2), [3])
'a' 'b' "c", r'\\n', '\\x41\\u00e9', '''it's''', "tab\\there"
0x1f, 0o17, 0b101, 1_000, .5, 5., 1e3
echo(1, 'a', [2]), echo(a=1), echo(map)
shout(name), shout('a') + shout('b')
1 if yes else 1 / 0
not 1 == 2, not (1 and 0), 1 + 2 * 3 - 4, (1 + 2) * 3, 2 * -3, 1 - -1
str(1.0) + str(-0.0), 1e5, 12345678901234567.0, 0.00001, 0.0001, 1.0e-10
'%5.1f|%-8s|%+d|% d|%e' % (3.14159, 'ab', 5, 5, 12345.678)
'{:.3f} {:e} {:%} {:x} {:b} {:+d} {:>10} {:*^9}'.format(3.14159, 12345.678, 0.25, 255, 5, 3, 'r', 'c')
'{0[0]} {1[one]} {2!r}'.format(list, map, name)
"\u00e9".upper(), "STRASSE".lower(), "\u00df".upper()
[[1, 2], [3]][0][-1], {'a': [5]}['a'][0]
1 / 0
1 // 0
1 % 0
1.0 / 0
missing
map['none']
list[10]
'a' + 1
1 + 'a'
list < 3
'abc'.index('z')
int('x')
None.foo
n()
5 in 5
{[]: 1}
[1, 2].index(3)
1 << -1
'%d' % 'a'
'%s %s' % (1,)
len(5)
2.0 ** 5000
-'a'
'a' * 'b'
[1, 2][1.5]
x[0]
{}['a']
max([])
sum(['a'])
zip(1)
'abc'[10]
float('abc')
n.upper()
""".strip().split("\n")

TEMPLATES = [
    "Hello {{ name }}!", "{{name}}", "{{ name }}{% raw name %}", "{# comment #}a{% comment x %}b", "{{!x}} {%!y%} {#!z#}",
    "{{ {'a': {'b': 1} } }}", "{{{ 'a' }}}", "{{{{ 'a' }}}}", "a { b } c {", "{ {{ n }} }", "100% {x} #", "{{ '}' }}",
    "{% if n > 5 %}big{% elif n > 3 %}middle{% else %}small{% end %}", "{% if no %}{% elif x %}x{% end %}",
    "{% for i in list %}{{ i }},{% end %}", "{% for i in none_at_all %}{{ i }}{% else %}empty{% end %}",
    "{% for i in list %}{% if i == 1 %}{% continue %}{% end %}{{ i }}{% else %}end{% end %}",
    "{% for i in list %}{% if i == 1 %}{% break %}{% end %}{{ i }}{% else %}end{% end %}",
    "{% for a, b in pairs %}{{ a }}={{ b }};{% end %}", "{% for i, (a, b) in enumerate(pairs) %}{{ i }}{{ a }}{{ b }}{% end %}",
    "{% for k, v in map.items() %}{{ k }}:{{ v }} {% end %}", "{% for k in map %}{{ k }} {% end %}", "{% for c in unicode %}[{{ c }}]{% end %}",
    "{% for i in range(3) %}{% for j in range(i) %}{{ i }}{{ j }} {% end %}{% end %}{{ i }}",
    "{% set i = 0 %}{% while i < 3 %}{{ i }}{% set i += 1 %}{% else %}done{% end %}",
    "{% set i = 5 %}{% while True %}{% set i -= 1 %}{% if i == 2 %}{% break %}{% end %}{{ i }}{% end %}",
    "{% set a = 1 %}{% set b, c = 2, 3 %}{{ a }}{{ b }}{{ c }}", "{% set a = b = [1] %}{% set a += [2] %}{{ b }}",
    "{% set d = {} %}{% set d['k'] = 1 %}{% set d['k'] += 1 %}{{ d }}", "{% set l = [1, 2, 3] %}{% set l[0] = 9 %}{{ l }}{% set l[-1] *= 2 %}{{ l }}",
    "{% set l = [] %}{% for i in range(3) %}{% raw l.append(i) or '' %}{% end %}{{ l }}", "{% set l = [3, 1] %}{{ l.sort() }}{{ l }}{{ l.pop() }}{{ l }}",
    "{% set l = [1] %}{{ l.extend([2, 3]) }}{{ l.insert(0, 0) }}{{ l.remove(2) }}{{ l.reverse() }}{{ l }}{{ l.clear() }}{{ l }}",
    "{% set d = {'a': 1} %}{{ d.setdefault('b', 2) }}{{ d.update({'c': 3}) }}{{ d.pop('a') }}{{ d }}{{ d.popitem() }}{{ d.copy() }}",
    "{% set s = '' %}{% for w in words %}{% set s += w %}{% end %}{{ s }}",
    "{% try %}{{ 1 / 0 }}{% except ZeroDivisionError as e %}{{ e }}{% end %}", "{% try %}a{% except %}b{% else %}c{% finally %}d{% end %}",
    "{% try %}a{{ missing }}b{% except NameError as e %}{{ e }}{% finally %}c{% end %}",
    "{% try %}{{ map['x'] }}{% except KeyError as e %}{{ e }}{% end %}", "{% try %}{{ list[9] }}{% except (KeyError, IndexError) as e %}{{ e }}{% end %}",
    "{% try %}{{ int('x') }}{% except LookupError %}l{% except ValueError %}v{% end %}", "{% try %}{{ 1/0 }}{% except ArithmeticError %}a{% end %}",
    "{% try %}{% try %}{{ 1/0 }}{% finally %}f{% end %}{% except Exception %}e{% end %}", "{% try %}{{ 1/0 }}{% finally %}f{% end %}",
    "{% for i in list %}{% try %}{% continue %}{% finally %}{{ i }}{% end %}{% end %}", "{% for i in list %}{% try %}{% if i == 1 %}{% break %}{% end %}{% finally %}f{{ i }}{% end %}{% end %}",
    "{% try %}{{ 1/0 }}{% except KeyError %}k{% end %}", "{% try %}{{ 1/0 }}{% except %}{{ missing }}{% end %}",
    "{% apply shout %}abc {{ name }}{% end %}", "{% apply shout %}a{% apply shout %}b{% end %}c{% end %}", "{% set v = 1 %}{% apply shout %}{% set w = 2 %}{{ w }}{% end %}{{ v }}",
    "{% apply xhtml_escape %}{% raw html %}{% end %}", "{% apply url_escape %}a b{% end %}",
    "{% autoescape None %}{{ html }}", "{{ html }}{% autoescape None %}", "{% autoescape shout %}{{ name }}", "{% autoescape xhtml_escape %}{{ html }}", "{% autoescape url_escape %}{{ name }}",
    "{% module Shout('<a>') %}", "{% block a %}x{{ n }}{% end %}y", "{% block a %}{% block b %}z{% end %}{% end %}",
    "  a   b \n\n  c\t\td  {{ n }}  \n {{ x }}", "{% whitespace single %}  a \n b  {% whitespace oneline %} c \n d  {% whitespace all %}  e\n\n f",
    "\u00e0 \u00c5\u2a40 \n\u2029 \u4e85", "{% whitespace oneline %}\u00e0 \u00c5\u2a40 \n\u2029 \u4e85",
    "<pre>  a\n\n b</pre>  c", "{% whitespace oneline %} <pre>  a\n b {% if yes %} x  \n y{% end %}",
    "{% for story in stories %}<li>{{ story.title }} by {{ story.author or 'nobody' }} ({{ story['votes'] }})</li>\n{% else %}none{% end %}",
    "{{ [s.title for s in stories if s.votes > 5] }}", "{{ sum(s.votes for s in stories) }}", "{{ sorted([s.title for s in stories], reverse=True) }}",
    "{%if yes%}a{%end%}", "{%  if yes  %}a{%  end  %}", "{% if yes %}\n  a\n{% end %}\n", "{{\n n\n}}", "{% set x = 'x' %}{{ [x for x in list] }}{{ x }}",
    "{% set f = shout %}{{ f('a') }}", "{% set f = len %}{{ f(list) }}", "{% set total = 0 %}{% for i in list %}{% set total = total + i %}{% end %}{{ total }}",
    # malformed
    "{{", "{%", "{#", "{{ }}", "{% %}", "{% if yes %}", "{% for i in x %}", "{% end %}", "{% foo %}", "{% else %}", "{% if yes %}{% except %}{% end %}",
    "{% for i in list %}{% elif yes %}{% end %}", "{% break %}", "{% continue %}", "{% include %}", "{% extends %}", "{% set %}", "{% apply %}a{% end %}",
    "{% block %}a{% end %}", "\n\n{% if yes %}\n", "{{ a b }}", "{{ ) }}", "{{ 1 + }}", "{% if %}a{% end %}", "{% for i list %}{% end %}",
    "{% set 1 = 2 %}", "{{ 'abc }}", "{% while %}{% end %}", "{% whitespace x %}", "{% try %}a{% end %}", "{{ [1, }}", "{{ {1: } }}", "{{ f(a=1, 2) }}", "{{ a. }}", "{{ $ }}",
]

FILES = {
    "base.html": "<title>{% block title %}default{% end %}</title>\n<body>  {% block body %}  base {{ n }}{% end %}</body>\n",
    "page.html": "{% extends base.html %}dropped{% block title %}page{% end %}{% block body %}{% include 'part.txt' %}{% end %}",
    "sub.html": "{% extends 'page.html' %}\n{% block title %}sub {{ name }}{% end %}",
    "part.txt": "  part   {{ name }}\n\n{% set shared = 5 %}",
    "shares.html": "{% include part.txt %}{{ shared }}",
    "folder/a.html": "{% include 'b.html' %}{% include '../part.txt' %}",
    "folder/b.html": "{% extends '../base.html' %}" if False else "b{% block x %}c{% end %}",
    "raw.html": "{% autoescape None %}{% block name %}base {{ html }}{% end %}",
    "raw_sub.html": "{% extends raw.html %}{% block name %}sub {{ html }}{% end %}",
    "raw_plain.html": "{% extends raw.html %}",
    "raw_include.html": "{{ html }}{% include raw.html %}{{ html }}",
    "loop.html": "{% for i in list %}{% include item.html %}{% end %}", "item.html": "<i>{{ i }}</i>",
    "mode.js": " a  \n\n b ", "mode.txt": " a  \n\n b ", "mode.html": "{% include mode.txt %} {% include mode.js %}  x",
    "failing.html": "{% include fails.html %}", "fails.html": "\n{{ 1/0 }}", "none.html": "{% include nothing.html %}",
    "nested.html": "{% block a %}1{% block b %}2{% end %}3{% end %}", "nested_b.html": "{% extends nested.html %}{% block b %}B{% end %}",
    "nested_a.html": "{% extends nested_b.html %}{% block a %}A{% end %}", "twice.html": "{% block t %}1{% end %}{% block t %}2{% end %}",
    "module.html": "{% extends base.html %}{% block body %}{% module Shout('<x>') %}{% end %}",
}


ATOMS = ["n", "x", "negative", "yes", "nothing", "name", "empty", "unicode", "list", "words", "pairs", "map", "floats", "mixed",
         "0", "1", "-3", "2.5", "-0.0", "1e20", "'a'", "'b c'", "'%s'", "'{}'", "()", "(1, 'a')", "[2, 1]", "{}", "{'a': 1}",
         "range(4)", "True", "None", "' x '", "9223372036854775807", "'\u00df\u00c9'", "'12'", "'1.5'"]
SIGNS = ["+", "-", "*", "/", "//", "%", "<", "<=", "==", "!=", ">", "in", "not in", "and", "or", "&", "|", "^"]
WRAPS = ["len({})", "str({})", "repr({})", "list({})", "sorted({})", "sum({})", "max({})", "min({})", "int({})", "float({})", "bool({})",
         "abs({})", "round({})", "round({}, 1)", "tuple({})", "({})[0]", "({})[-1]", "({})[1:]", "({})[::-1]", "({})[:2]", "not {}", "-({})",
         "json_encode({})", "[i for i in {}]", "[(i, i) for i in {} if i]", "{{i: 1 for i in {}}}", "any({})", "all({})",
         "list(enumerate({}))", "list(reversed({}))", "({}).upper()", "({}).split()", "({}).strip()", "', '.join({})", "({}).title()",
         "'%s|%r' % (({}), 1)", "'%5.1f' % ({})", "'%d' % ({})", "'{{}}'.format({})", "'{{:>6}}'.format({})", "({}) if yes else 1"]


def generated(generator, depth):
    choice = generator.random()
    if depth == 0 or choice < 0.15:
        return generator.choice(ATOMS)
    if choice < 0.6:
        return generator.choice(WRAPS).format(generated(generator, depth - 1))
    left, right = generated(generator, depth - 1), generated(generator, depth - 1)
    return f"({left}) {generator.choice(SIGNS)} ({right})"


def requests():
    generator = random.Random(11)
    for _ in range(4000):
        yield {"files": {"t": "{% raw " + generated(generator, 3) + " %}"}, "name": "t"}
    for expression in EXPRESSIONS:
        yield {"files": {"t": "{{ " + expression + " }}"}, "name": "t"}
        yield {"files": {"t.html": "{% raw " + expression + " %}"}, "name": "t.html"}
    for source in TEMPLATES:
        for name in ("t.html", "t.txt"):
            yield {"files": {name: source}, "name": name}
    for name in FILES:
        yield {"files": FILES, "name": name}


def objects(value):
    """Maps as what Tornado's own templates get for `map.key`."""
    if isinstance(value, dict):
        return ObjectDict({key: objects(item) for key, item in value.items()})
    return [objects(item) for item in value] if isinstance(value, list) else value


def shout(text):
    if not isinstance(text, (str, bytes)):
        raise RuntimeError("shout() takes a text")
    return re.sub("[a-z]+", lambda match: match.group().upper(), escape.to_unicode(text))


NAMESPACE = {"shout": shout, "echo": lambda *args, **kwargs: [list(args), kwargs],
             "_tt_modules": ObjectDict(Shout=shout), "modules": ObjectDict(Shout=shout)}


def tornados(request):
    try:
        loader = template.DictLoader(request["files"], namespace=NAMESPACE)
        page = loader.load(request["name"])
    except template.ParseError as error:
        return [str(error)]
    except Exception as error:
        return [f"{type(error).__name__} when loaded"]
    try:
        return page.generate(**objects(VALUES)).decode()
    except Exception as error:
        return [type(error).__name__]


def same(expected, actual):
    if isinstance(actual, list) and ("64 bits" in actual[0] or "too much memory" in actual[0]):
        return True
    if isinstance(expected, str) or isinstance(actual, str):
        return expected == actual
    expected, actual = (re.sub("{'.*'}", lambda names: str(sorted(names.group())), side[0]) for side in (expected, actual))
    if expected.endswith(" when loaded"):  # Python's own words
        return ":" in actual or " at " in actual or "not found" in actual
    return expected == actual or actual.startswith(expected + ":")


def main():
    asked = [dict(request, values=VALUES) for request in requests()]
    program = os.path.join(os.environ["GALE_BUILD"], "tests/render")
    lines = "".join(json.dumps(request) + "\n" for request in asked)
    result = subprocess.run([program], input=lines, stdout=subprocess.PIPE, text=True, check=True)
    answers = [json.loads(line) for line in result.stdout.split("\n")[:-1]]
    assert len(answers) == len(asked), (len(answers), len(asked))
    wrong = 0
    for request, actual in zip(asked, answers):
        expected = tornados(request)
        if not same(expected, actual):
            wrong += 1
            if wrong <= 40:
                print(f"{request['files'].get(request['name'])!r}:\n    Tornado {expected!r}\n    gale    {actual!r}")
    print(f"{len(asked)} templates, {wrong} different")
    return 1 if wrong else 0


sys.exit(main())
