"""Whatever a stranger answers, it is a preview that can be stored and shown, or an error with a sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Unpack
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations import systems
from integrations.systems.opengraph.client import Client
from integrations.systems.opengraph.metadata import LONGEST_TEXT, LONGEST_URL, Metadata, web_address
from integrations.transport import failures
from integrations.transport.answer import Answer
from integrations.transport.cache import Cache
from integrations.transport.errors import CallError
from integrations.transport.exchange import Content
from integrations.transport.http import Transport
from integrations.transport.settings import Settings

URL = "https://example.com/a"
OFTEN = settings(max_examples=300, deadline=None, derandomize=True)
PIECES = (
    *(
        "<",
        ">",
        "/",
        "=",
        '"',
        "'",
        " ",
        "<!--",
        "-->",
        "</",
        "<meta ",
        "<link ",
        "<base ",
        "<title>",
        "</title>",
        "<!",
    ),
    *("property=", "name=", "content=", "rel=canonical ", "href=", "og:title", "og:image", "og:image:width", "og:url"),
    *(
        "&#",
        "&amp;",
        ";",
        "9" * 5000,
        "&#x202e;",
        "http://",
        "//",
        "[",
        "]",
        "@",
        "\\",
        ":",
        "../",
        "javascript:",
        "\x00",
    ),
    *("charset=", "utf-16", "euc-jp", "<script>", "</script>", "<body>", "</head>", "é", "\ud800", "\u2028", "?"),
)
pages = st.one_of(
    st.binary(max_size=2000),
    st.lists(st.sampled_from(PIECES), max_size=60).map(lambda parts: "".join(parts).encode("utf-8", "surrogatepass")),
)
values = st.one_of(st.sampled_from(PIECES), st.text(), st.lists(st.sampled_from(PIECES)).map("".join))
charsets = st.sampled_from(
    ["", "; charset=utf-8", "; charset=utf-16", "; charset=euc-jp", "; charset=gbk", "; charset="]
)
kinds = st.one_of(
    st.tuples(st.sampled_from(["text/html", "application/xhtml+xml"]), charsets).map("".join), st.text(max_size=40)
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | values,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["title", "image", "url", "data"]), inner)
    ),
    max_leaves=10,
)


class Canned(Transport):
    """Gives the same answer to everything, as the real one would."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(Settings(URL))
        self._canned = answer

    def request(
        self, operation: str, method: str, path: str, cache: Cache | None = None, **content: Unpack[Content]
    ) -> Answer:
        del operation, method, path, cache
        return self._canned if content.get("raw") else replace(self._canned, data=failures.parsed(self._canned))


def preview(answer: Answer, source: str = "page") -> Metadata | None:
    """What the client makes of it; None where it is a CallError."""
    options = {**systems.get("opengraph").defaults, "source": source, "api_url": "https://api.example/?url={url}"}
    try:
        return Client(Canned(answer), options).fetch_metadata(URL)
    except CallError:
        return None


def is_fit(found: Metadata | None) -> bool:
    """Whether it can be stored and shown."""
    if found is None:
        return True
    texts = [found.title, found.description, found.site_name, *(text for i in found.images for text in (i.alt, i.type))]
    urls = [found.canonical_url, *(image.url for image in found.images)]
    assert all(len(text) <= LONGEST_TEXT and "\x00" not in text and "\u202e" not in text for text in texts)
    assert all(len(url) <= LONGEST_URL and urlsplit(url).scheme in {"http", "https"} for url in urls)
    assert all(urlsplit(url).hostname and not set(url) & set('<>"\\ \n\x00') for url in urls)
    return bool("".join([*texts, *urls]).encode())


@OFTEN
@given(pages, kinds)
def test_no_page_is_a_crash(body: bytes, kind: str) -> None:
    assert is_fit(preview(Answer(200, {"Content-Type": kind}, body, url=URL)))


@OFTEN
@given(st.sampled_from(["og:title", "og:image", "og:image:height", "og:url", "description"]), values)
def test_no_value_is_a_crash(name: str, value: str) -> None:
    body = f"<base href='{value}'><meta name={name} content='{value}'>".encode("utf-8", "surrogatepass")
    assert is_fit(preview(Answer(200, {"Content-Type": "text/html"}, body, url=URL)))


@OFTEN
@given(json_values)
def test_no_answer_of_an_api_is_a_crash(value: object) -> None:
    assert is_fit(preview(Answer(200, {}, json.dumps(value).encode()), "api"))


@OFTEN
@given(values)
def test_no_address_is_a_crash(value: str) -> None:
    found = web_address(value, URL)
    assert not found or web_address(found) == found


@pytest.mark.parametrize("folder", ["json/test_parsing", "bytes/gofuzz-json", "bytes/gofuzz-url", "uploads"])
def test_files_that_break_parsers_break_neither_source(shared_data: Path, folder: str) -> None:
    for path in sorted((shared_data / folder).iterdir()):
        answer = Answer(200, {"Content-Type": "text/html"}, path.read_bytes(), url=URL)
        assert is_fit(preview(answer))
        assert is_fit(preview(answer, "api"))


def test_addresses_that_fool_parsers_are_addresses_of_the_web_or_none(shared_data: Path) -> None:
    for line in (shared_data / "ssrf" / "urls_patt.txt").read_text().splitlines():
        found = web_address(line, URL)
        assert urlsplit(found).scheme in {"", "http", "https"}
        assert "@" not in urlsplit(found).netloc
