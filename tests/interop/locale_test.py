#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Locales, gale's against Tornado's: translations from the same files, and dates all around every
branch of format_date."""

import datetime
import glob
import json
import logging
import os
import random
import shutil
import subprocess
import sys
import tempfile

try:
    from tornado import locale, test
except ImportError:
    print("python3-tornado is not installed")
    sys.exit(77)

logging.getLogger("tornado.general").disabled = True
TESTS = os.path.dirname(test.__file__)
FOLDER = tempfile.mkdtemp(prefix="gale-locale-")
PLURALS = {
    "nl": "nplurals=2; plural=(n > 1);", "nl_BE": "nplurals=2; plural=(n > 1);", "ja": "nplurals=1; plural=0;", "de": "nplurals=2; plural=n != 1;",
    "pl": "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
    "lt": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && (n%100<10 || n%100>=20) ? 1 : 2);",
    "sl": "nplurals=4; plural=(n%100==1 ? 0 : n%100==2 ? 1 : n%100==3 || n%100==4 ? 2 : 3);",
    "odd": "nplurals=9; plural=(2*n+3-1)/2%7 - (n/3<=2 && !(n>=1)) + (n<4==1);", "gd": "nplurals=2; plural=n-1;",
}
CSV = {
    "es": '"I love you","Te amo"\n"%(name)s liked this","A %(name)s les gust\u00f3 esto","plural"\n'
          '"%(name)s liked this","A %(name)s le gust\u00f3 esto","singular"\n\nshort\nodd,x,neither\n'
          '"1 second ago","hace 1 segundo",singular\r\n"%(seconds)d seconds ago","hace %(seconds)d segundos",plural\n'
          '"%(weekday)s at %(time)s","%(weekday)s a las %(time)s 100%%"\nMonday,lunes,unknown,more\nMay , mayo ,\n',
    "es_GT": '"say ""hello""","di ""hola"""\r"two\r\nlines"," dos\nl\u00edneas "\n"a"b,"x"y"z\nc,"unclosed\n',
    "he": "January,\u05d9\u05e0\u05d5\u05d0\u05e8\n", "fa_IR": "Friday,\u062c\u0645\u0639\u0647\n", "zh_CN": "Monday,\u661f\u671f\u4e00\n",
    "not-a-code": "a,b\n", "ES": "a,b\n",
}
MESSAGES = ["I love you", "%(name)s liked this", "say \"hello\"", "two\nlines", "ab", "a", "c", "odd", "short", "May",
            "Monday", "nothing", "school", "right", "club", "item", "context item"]


def write_files():
    os.mkdir(f"{FOLDER}/csv")
    for code, text in CSV.items():
        encoding = {"es_GT": "utf-8-sig", "he": "utf-16"}.get(code, "utf-8")
        with open(f"{FOLDER}/csv/{code}.csv", "wb") as file:
            file.write(text.encode(encoding))
    shutil.copytree(f"{TESTS}/gettext_translations", f"{FOLDER}/gettext")
    for code, plural in PLURALS.items():
        os.makedirs(f"{FOLDER}/gettext/{code}/LC_MESSAGES")
        forms = "\n".join(f'msgstr[{i}] "{code} form {i} \u00e9"' for i in range(int(plural[9])))
        charset = "iso-8859-1" if code == "de" else "utf-8"
        text = f'''msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset={charset}\\n"\n"Plural-Forms: {plural}\\n"
msgid "item"\nmsgid_plural "items"\n{forms}\nmsgctxt "context"\nmsgid "item"\nmsgid_plural "items"\n{forms}
msgctxt "context"\nmsgid "right"\nmsgstr "rechts {code}"\nmsgid "school"\nmsgstr "Schule {code}"\n'''
        if code == "nl_BE":  # the rest is looked for in nl
            text = text[:text.index('msgid "item"')] + 'msgid "school"\nmsgstr "school BE"\n'
        with open(f"{FOLDER}/{code}.po", "wb") as file:
            file.write(text.encode(charset))
        subprocess.run(["msgfmt", "--endianness=" + ("big" if code == "pl" else "little"), "-o",
                        f"{FOLDER}/gettext/{code}/LC_MESSAGES/tornado_test.mo", f"{FOLDER}/{code}.po"],
                       check=True, stderr=subprocess.DEVNULL)


def translations(codes):
    for code in codes:
        yield ["closest", code]
        for message in MESSAGES:
            for context in (None, "context", "law", "organization"):
                yield ["translate", code, context, message, None, None]
                for count in list(range(-2, 130)) if message == "item" else [0, 1, 2]:
                    yield ["translate", code, context, message, message + "s", count]


def dates():
    generator = random.Random(6)
    ages = [edge + step for edge in (0, 50, 90, 150, 3000, 3600, 5400, 9000, 86399, 86400, 172800, 432000, 334 * 86400)
            for step in (-1.5, -1, -0.5, -0.000001, 0, 0.25, 1, 29, 30, 31)]
    ages += [generator.uniform(-2e5, 2e6) for _ in range(300)] + [generator.uniform(0, 5e9) for _ in range(100)]
    for age in ages:
        if age < -86400 and -age % 86400 < 60:
            continue  # Tornado takes a date a day and some seconds ahead for now
        now = 1700000000 + generator.randrange(0, 400 * 86400)
        date = round(now - age, 6)
        for flags in range(8):
            code = generator.choice(["en_US", "en", "es", "zh_CN", "he", "fa_IR"])
            offset = generator.choice([0, 0, 300, -330, 720, -765])
            yield ["format_date", code, date, now, offset, bool(flags & 1), bool(flags & 2), bool(flags & 4)]
            yield ["format_day", code, date, offset, bool(flags & 1)]


def calls():
    codes = ["en_US", "en", "es", "es-gt", "ES_gt", "es_MX", "he_IL", "fa_IR", "xx", "", "es_GT_x", "pt-BR", "zh-cn"]
    yield ["load_translations", f"{FOLDER}/csv"]
    yield from translations(codes)
    yield from dates()
    for code in codes:
        yield from (["list", code, list("ABCDE")[:count]] for count in range(6))
        yield from (["friendly_number", code, number] for number in (0, 1, 999, 1000, -1234, 1234567, 2**63 - 1))
    yield ["load_gettext_translations", f"{FOLDER}/gettext", "tornado_test"]
    yield from translations(["fr_FR", "fr", "fr_CA", "en_US", *PLURALS])
    yield ["set_default_locale", "fr_FR"]
    yield from (["closest", code] for code in ("xx", "en_US", "fr", ""))


class Clock(datetime.datetime):
    current = None

    @classmethod
    def utcnow(cls):
        return cls.current


locale.datetime = type("module", (), {"datetime": Clock, "timedelta": datetime.timedelta})


def as_date(seconds):
    return Clock.utcfromtimestamp(seconds)


def load(name, *arguments):
    locale.Locale._cache.clear()
    if name == "load_translations":
        # The encoding that is found for the first file is kept for the others: one at a time.
        found = {}
        for path in glob.glob(f"{FOLDER}/csv/*.csv"):
            with tempfile.TemporaryDirectory() as folder:
                shutil.copy(path, folder)
                locale.load_translations(folder)
            found.update(locale._translations)
        locale._translations = found
        locale.set_default_locale("en_US")
    else:
        getattr(locale, name)(*arguments)
    return len(locale._translations)


def tornados(name, *arguments):
    if name.startswith(("load", "set_")):
        count = load(name, *arguments)
        return 0 if name.startswith("set") else count
    used = locale.get(arguments[0])
    if name == "closest":
        return [used.code, used.name, used.rtl]
    if name == "translate":
        context, message, *plural = arguments[1:]
        plural = plural if plural[0] is not None else []
        return used.pgettext(context, message, *plural) if context else used.translate(message, *plural)
    if name == "format_date":
        date, now, offset, absolute, shorter, full_format = arguments[1:]
        Clock.current = as_date(now)
        return used.format_date(as_date(date), offset, not absolute, shorter, full_format)
    if name == "format_day":
        return used.format_day(as_date(arguments[1]), *arguments[2:])
    if name == "friendly_number" and arguments[1] < 0:
        return "-" + used.friendly_number(-arguments[1])  # Tornado groups the sign, too
    return getattr(used, name)(*arguments[1:])


def main():
    write_files()
    asked = list(calls())
    program = os.path.join(os.environ["GALE_BUILD"], "tests/functions")
    lines = "".join(json.dumps(call) + "\n" for call in asked)
    result = subprocess.run([program], input=lines, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                            check=True)
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


try:
    sys.exit(main())
finally:
    shutil.rmtree(FOLDER)
