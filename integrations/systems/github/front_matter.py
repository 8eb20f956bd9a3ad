"""Text with a head: the lines of “key: value” between two lines of “---” that most site generators read.

Of YAML the common part is understood: values in one line, plain or quoted. Lists, nested values and
values of several lines are passed over, as if they were not there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_HEAD = re.compile(r"---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*\r?(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:(?:[ \t]+(.*))?")
_DOUBLE = re.compile(r'("(?:[^"\\]|\\.)*")(?:\s+#.*)?')
_SINGLE = re.compile(r"'((?:[^']|'')*)'(?:\s+#.*)?")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_NOT_PLAIN = tuple("[]{}|>&*!%@`,")
_NOTHING = {"~", "null", "Null", "NULL"}
_BREAKS = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")  # which YAML takes for ends of lines, or takes away
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#[ \t]+(.+)")


def split(text: str) -> tuple[Mapping[str, str], str]:
    """The values of the head by key, in lower case, and the text after it; all of the text where it has no head."""
    found = _HEAD.match(text)
    return (_values(found[1]), text[found.end() :].lstrip("\r\n")) if found else ({}, text)


def render(values: Mapping[str, str], body: str) -> str:
    """The text that `split` takes apart into these values and this body; empty lines before the body are left out.

    Every value is quoted, since YAML takes plain words such as “no”, “2026” or “a: b” for something else than text.
    """
    head = [f"{key}: {_quoted(value)}" for key, value in values.items()]
    return "\n".join(["---", *head, "---", "", body.lstrip("\r\n")])


def heading(body: str) -> str:
    """The first heading of the first rank in a Markdown text; empty where there is none."""
    fence = ""
    for line in body.splitlines():
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and (found := _HEADING.match(line)):
            return _without_closing(found[1].strip())
    return ""


def _without_closing(heading: str) -> str:
    """Without the row of “#” that may end it."""
    bare = heading.rstrip("#")
    return bare.rstrip() if bare[-1:] in {"", " ", "\t"} else heading


def _values(head: str) -> dict[str, str]:
    found: dict[str, str] = {}
    key = ""
    for line in head.split("\n"):
        if line[:1] in {" ", "\t"} and line.strip():  # the value above has several lines
            found.pop(key, None)
        elif match := _LINE.fullmatch(line.rstrip()):
            key = match[1].lower()
            found[key] = _value(match[2] or "")
    return found


def _value(text: str) -> str:
    if text.startswith('"'):
        match = _DOUBLE.fullmatch(text)
        return _unescaped(match[1]) if match else ""
    if text.startswith("'"):
        match = _SINGLE.fullmatch(text)
        return match[1].replace("''", "'") if match else ""
    plain = _COMMENT.sub("", text, count=1).strip()
    return "" if plain.startswith(_NOT_PLAIN) or plain in _NOTHING else plain


def _quoted(value: str) -> str:
    """As JSON, which is YAML too."""
    return _BREAKS.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _unescaped(text: str) -> str:
    """JSON knows nearly all of YAML's escapes; a value with another one is kept as it is written."""
    try:
        return str(json.loads(text))
    except ValueError:
        return text[1:-1]
