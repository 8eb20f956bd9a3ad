"""Bodies in colour: nothing is lost, nothing is markup, and no remote can make the page slow."""

from __future__ import annotations

import html
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.admin.syntax import MOST_PIECES, coloured
from tests.admin.hostile import BODIES

KIB_64 = 64 * 1024
TYPES = (
    "application/json",
    "text/xml",
    "text/html; charset=utf-8",
    "application/x-www-form-urlencoded",
    "text/plain",
    "",
)
# Each of these takes a lexer of Pygments' own, or one that looks ahead, seconds to minutes.
SLOW = {
    "ampersands": "&",
    "comments that never end": "<!--",
    "declarations that never end": "<![CDATA[",
    "tags that never end": "<a ",
    "quotes that never end": '<a b="',
    "entities that never end": "&a",
    "scripts": "<script>",
    "numbers": "[1,",
    "names": '{"a":',
    "backslashes": '"\\',
    "slashes": "/*",
    "equals": "a=&",
}
TAG = re.compile(r'</?span(?: class="c-s-\w+")?>')


def text_of(markup: str) -> str:
    """What a browser would show."""
    return html.unescape(TAG.sub("", markup))


@pytest.mark.parametrize(
    ("body", "kind", "piece"),
    [
        ('{"a": "b"}', "application/json", '<span class="c-s-name">&quot;a&quot;</span>'),
        ('{"a": "b"}', "application/vnd.github+json", '<span class="c-s-text">&quot;b&quot;</span>'),
        ('{"a": 1}', "", '<span class="c-s-number">1</span>'),
        ("[true]", "text/plain", '<span class="c-s-word">true</span>'),
        ("<a b='c'>", "text/xml", '<span class="c-s-name">&lt;a</span> <span class="c-s-name">b</span>='),
        ("<!-- no -->", "text/html", '<span class="c-s-aside">&lt;!-- no --&gt;</span>'),
        ("<?xml version='1.0'?>", "", '<span class="c-s-aside">&lt;?xml'),
        (
            "a=1&b=2",
            "application/x-www-form-urlencoded",
            '<span class="c-s-text">1</span>\n<span class="c-s-name">b</span>',
        ),
        ("<no> markup", "text/plain", "&lt;no"),
        ("plain & simple", "text/plain", "plain &amp; simple"),
    ],
)
def test_a_body_is_coloured_by_its_type_or_its_looks(body: str, kind: str, piece: str) -> None:
    assert piece in coloured(body, {"content-TYPE": kind})


def test_json_has_one_value_a_line() -> None:
    assert text_of(coloured('{"a":[1,2]}', {})) == '{\n  "a": [\n    1,\n    2\n  ]\n}'


@given(st.text(max_size=200), st.sampled_from(TYPES))
def test_no_text_is_lost_and_none_becomes_markup(body: str, kind: str) -> None:
    markup = coloured(body, {"Content-Type": kind})
    assert "<" not in TAG.sub("", markup)
    if "json" not in kind and not body.lstrip().startswith(("{", "[")):
        shown = body.replace("\x00", "\ufffd").replace("&", "\n") if "form" in kind else body.replace("\x00", "\ufffd")
        assert text_of(markup) == "".join(c if not "\ud800" <= c <= "\udfff" else "\ufffd" for c in shown)


@given(st.text(alphabet="<>&!-?/='\" ab;#1[]{}:,\\", max_size=300), st.sampled_from(TYPES))
def test_what_looks_like_markup_is_shown_as_it_came(body: str, kind: str) -> None:
    markup = coloured(body, {"Content-Type": kind})
    assert "<" not in TAG.sub("", markup)
    if kind.startswith("text/") and not body.lstrip().startswith(("{", "[")):
        assert text_of(markup) == body


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("unit", SLOW.values(), ids=SLOW)
def test_64_kib_of_malice_are_shown_at_once(unit: str, kind: str) -> None:
    body = (unit * KIB_64)[:KIB_64]
    began = time.monotonic()
    markup = coloured(body, {"Content-Type": kind})
    assert time.monotonic() - began < 10  # a fifth of a second; what it guards against takes minutes
    assert markup.count("<span") <= MOST_PIECES
    assert len(markup) < 1_500_000


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_bytes_of_any_kind_are_shown(body: bytes, kind: str) -> None:
    markup = coloured(body.decode("utf-8", "replace"), {"Content-Type": kind})
    assert "<" not in TAG.sub("", markup)
    assert bool(markup.encode()) == bool(body)
