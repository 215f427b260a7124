# SPDX-License-Identifier: Apache-2.0
"""What the public headers declare. Used by check-symbols and check-surface."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADERS = sorted((ROOT / "include" / "gale").glob("*.h"))

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
# GALE_API and everything up to the end of the declaration.
DECLARATION = re.compile(r"^[ \t]*(GALE_API\b[^;{]*);", re.M)
FUNCTION = re.compile(r"\b(gale_\w+)\s*\(")
VARIABLE = re.compile(r"\b(gale_\w+)\s*(?:\[[^\]]*\]\s*)*$")
STRUCT = re.compile(r"\b(?:struct|union|enum)\s+(gale_\w+)\s*\{")
MEMBER = re.compile(r"([A-Za-z_]\w*)\s*(?:\[[^\]]*\]\s*|\)\s*\([^;]*|:\s*\d+\s*)?[;,}=]")
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(GALE_\w+|gale_\w+)", re.M)
PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.M)


def blank(match):
    """Spaces in place of what was matched, so that offsets and lines stay."""
    return re.sub(r"[^\n]", " ", match.group())


def without_comments(text):
    return COMMENT.sub(blank, text)


def exported(path):
    """Yields (name, offset, line) of each function and variable declared with GALE_API."""
    text = PREPROCESSOR.sub(blank, without_comments(path.read_text()))
    for match in DECLARATION.finditer(text):
        declaration = re.sub(r"\b(?:GALE_[A-Z_]+|__attribute__)\s*\((?:[^()]|\([^()]*\))*\)", " ",
                             match.group(1))
        name = FUNCTION.search(declaration) or VARIABLE.search(declaration)
        line = text.count("\n", 0, match.start(1)) + 1
        yield (name.group(1) if name else declaration.strip(), match.start(1), line)


def body_at(text, opening):
    """The text between the brace at `opening` and its partner."""
    depth = 0
    for i in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[i], 0)
        if depth == 0:
            return text[opening + 1:i + 1]
    return text[opening + 1:]


def names():
    """All names that a program can use: functions, types, macros, constants, `type.member`."""
    found = set()
    for path in HEADERS:
        text = without_comments(path.read_text())
        found.update(MACRO.findall(text))
        found.update(re.findall(r"\b(?:GALE_[A-Z0-9_]+|gale_\w+)\b", text))
        code = PREPROCESSOR.sub(blank, text)
        for struct in STRUCT.finditer(code):
            for member in MEMBER.finditer(body_at(code, struct.end() - 1)):
                found.add(f"{struct.group(1)}.{member.group(1)}")
    return found
