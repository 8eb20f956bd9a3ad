"""Addresses in articles of a CMS: made absolute where they are addresses, and left alone where they are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from integrations.systems.cms.addresses import absolute, picture, resolved

BASE = "https://cms.example.org/news/first/"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://cdn.example.org/a.jpg", "https://cdn.example.org/a.jpg"),
        ("//cdn.example.org/a.jpg", "https://cdn.example.org/a.jpg"),
        ("/media/a.jpg?w=1&h=2", "https://cms.example.org/media/a.jpg?w=1&h=2"),
        ("a.jpg", "https://cms.example.org/news/first/a.jpg"),
        (" /a.jpg\n", "https://cms.example.org/a.jpg"),
        ("http://127.0.0.1:8001/a.jpg", "http://127.0.0.1:8001/a.jpg"),
    ],
)
def test_an_address_is_made_absolute(given: str, expected: str) -> None:
    assert absolute(given, BASE) == expected


NO_TEXT: tuple[Any, ...] = (None, 7, True, [], {})
NO_ADDRESS = ("", " ", "data:image/png;base64,AAAA", "javascript:x()", "http://[", "mailto:a@example.org", "/a b.jpg")


@pytest.mark.parametrize("given", [*NO_TEXT, *NO_ADDRESS, "/" + "a" * 1000])
def test_what_is_no_address_of_the_web_is_none(given: Any) -> None:
    assert absolute(given, BASE) == ""


@pytest.mark.parametrize(
    "given",
    [
        "/a.jpg",
        ["/a.jpg", "/b.jpg"],
        {"url": "/a.jpg"},
        [{"url": "/a.jpg"}],
        {"full_url": "https://cms.example.org/a.jpg", "url": "/other.jpg"},
        {"id": 3, "meta": {"download_url": "/a.jpg"}},
        {"source_url": "/a.jpg"},
    ],
)
def test_a_picture_is_found_however_it_is_given(given: Any) -> None:
    assert picture(given, BASE) == "https://cms.example.org/a.jpg"


@pytest.mark.parametrize(
    "given", [None, 7, [], {}, {"url": None}, {"url": {"x": 1}}, [[]], [None], "no picture at all"]
)
def test_what_is_no_picture_is_none(given: Any) -> None:
    assert picture(given, BASE) == ""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('<img src="/a.jpg">', '<img src="https://cms.example.org/a.jpg">'),
        ("<img alt='a > b' src='a.jpg'/>", "<img alt='a > b' src='https://cms.example.org/news/first/a.jpg'/>"),
        ('<IMG SRC = "/a.jpg">', '<IMG SRC = "https://cms.example.org/a.jpg">'),
        ('<a href="../b/">b</a>', '<a href="https://cms.example.org/news/b/">b</a>'),
        ('<a\nhref="/b?x=1&amp;y=2">', '<a\nhref="https://cms.example.org/b?x=1&amp;y=2">'),
        (
            '<video poster="/p.jpg" src="/v.mp4">',
            '<video poster="https://cms.example.org/p.jpg" src="https://cms.example.org/v.mp4">',
        ),
        (
            '<img srcset="/a.jpg 1x, /b.jpg 2x" src="/a.jpg">',
            '<img srcset="https://cms.example.org/a.jpg 1x, https://cms.example.org/b.jpg 2x" src="https://cms.example.org/a.jpg">',
        ),
    ],
)
def test_addresses_in_markup_are_made_absolute(given: str, expected: str) -> None:
    assert resolved(given, BASE) == expected
    assert resolved(expected, BASE) == expected


@pytest.mark.parametrize(
    "given",
    [
        "",
        'no markup, but src="/a.jpg" in words',
        '<a href="#part">',
        '<a href="mailto:a@example.org">',
        '<img src="data:image/png;base64,AAAA">',
        '<img src="https://cdn.example.org/a.jpg">',
        '<img src="">',
        '<img data-src="/a.jpg">',
        '<a href="http://[">',
        "a < b and c > d",
        '<embed embedtype="image" id="5" format="left"/>',
        '<img src="/a.jpg',
        "{{ '<' }}",
        "\x00\ud800 <p>text</p>",
    ],
)
def test_everything_else_is_left_as_it_is(given: str) -> None:
    assert resolved(given, BASE) == given


@pytest.mark.parametrize(
    "part", ["<a", "<a ", '<a "', "<a '", '<a x="', "<a src=", '<a src="', ' srcset="a, ', '<a srcset=",', "<", '"<a']
)
def test_markup_that_never_ends_is_left_as_it_is(part: str) -> None:
    # Long enough that a search which begins anew at each sign would not come to an end.
    assert resolved(part * 100_000, BASE) == part * 100_000


def test_any_text_is_taken(shared_data: Path) -> None:
    for text in json.loads((shared_data / "strings" / "blns.json").read_text()):
        assert absolute(text, BASE) == "" or absolute(text, BASE).startswith("http")
        assert text in resolved(text, BASE) or "cms.example.org" in resolved(text, BASE)
