"""What strangers wrote becomes HTML that does no harm, and stays readable."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from integrations.models import Essay
from integrations.pages import body
from tests.pages.showing import words

EVIL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='javascript:alert(1)'></object><embed src=x>",
    "<a href='javascript:alert(1)'>x</a><a href='JaVaScRiPt&colon;alert(1)'>x</a><a href=' java\nscript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a><a href='vbscript:x'>x</a><a href='//evil.example'>x</a>",
    "<form action=//evil.example><input name=x><button formaction=javascript:alert(1)>x</button></form>",
    "<p hx-get=/admin/ hx-trigger=load hx-on::load=alert(1) data-hx-post=/x x-data=alert(1) @click=alert(1)>x</p>",
    "<p id=live-panel class=c-panel name=body style='position:fixed;inset:0;background:url(//evil.example)'>x</p>",
    "<style>@import '//evil.example'</style><link rel=stylesheet href=//evil.example><meta http-equiv=refresh content=0>",
    "<base href=//evil.example><template><script>alert(1)</script></template><noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<img alt='\"><script>alert(1)</script>' src='https://a.example/?\"><script>alert(1)</script>'>",
    "<img src=https://a.example/x.png alt='a>b onerror=alert(1)'>",
    "<video poster=//evil.example><source src=//evil.example onerror=alert(1)></video><audio src=x autoplay>",
    "</div></main></body></html><script>alert(1)</script>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<table><td><form><input></table><a href=x onfocus=alert(1) autofocus tabindex=1>x",
    "[x](javascript:alert(1)) ![x](javascript:alert(1)) <javascript:alert(1)> [y]\n\n[y]: javascript:alert(1)",
    '![x](https://a.example/"onerror=alert(1)//)',
]


class Tags(HTMLParser):
    """Every tag with its attributes, as a browser finds them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def assert_harmless(html: str) -> None:
    for tag, attributes in Tags(html).found:
        assert tag in body.TEXT_TAGS
        allowed = body.ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set())
        assert set(attributes) <= allowed, (tag, attributes)
        assert re.match(r"https?:|mailto:", attributes.get("href") or "https:"), attributes


def shown(text: str, name: str = "") -> body.Body:
    return body.shown(Essay(body=text, external_id=name))


@pytest.mark.parametrize("name", ["x.html", "x.md", "7"])
@pytest.mark.parametrize("text", EVIL)
def test_what_runs_loads_or_reaches_out_is_gone(text: str, name: str) -> None:
    html = shown(f"before\n\n{text}\n\nafter", name).html
    assert_harmless(html)
    assert "before" in words(html)
    assert_harmless(shown(text, name).html)


@pytest.mark.parametrize("name", ["x.html", "x.md"])
def test_naughty_strings_are_harmless(shared_data: Path, name: str) -> None:
    texts = json.loads((shared_data / "strings" / "blns.json").read_text())
    for text in texts:
        assert_harmless(shown(text, name).html)


def test_hostile_addresses_lead_nowhere_but_to_the_web(shared_data: Path) -> None:
    for address in (shared_data / "ssrf" / "urls_patt.txt").read_text(errors="replace").splitlines():
        quoted = address.replace("'", "&#39;")
        html = shown(f"<p><a href='{quoted}'>x</a><img src='{quoted}' alt=y></p>").html
        assert_harmless(html)
        assert "<img" not in html


def test_pictures_become_links_to_them() -> None:
    html = shown(
        '<p><img src="https://a.example/x.png?a=1&amp;b=2" alt="A &quot;train&quot;"> <img src="cid:1" alt="none"></p>'
    ).html
    assert html == (
        '<p><a href="https://a.example/x.png?a=1&amp;b=2" rel="noopener noreferrer nofollow">Picture: A "train"</a> none</p>'
    )


@pytest.mark.parametrize(
    ("name", "text", "is_markdown"),
    [
        ("essays/trains.md", "<p>x</p>", True),
        ("essays/trains.HTML", "*x*", False),
        ("42", "<p>x</p>", False),
        ("42", "  <!doctype html>", False),
        ("42", "# A heading", True),
        ("42", "< 5 apples", True),
        ("", "", True),
    ],
)
def test_what_a_text_is_written_in(name: str, text: str, is_markdown: bool) -> None:
    assert body.is_markdown(Essay(body=text, external_id=name)) is is_markdown


def test_markdown_is_rendered_whole() -> None:
    text = "# One\n\n*two* **three** ~~four~~ `five`\n\n- six\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> seven\n\n[eight](https://x.example)\n\n<b>nine</b>"
    html = shown(text, "x.md").html
    assert words(html) == "One two three four five six a b 1 2 seven eight nine"
    assert {tag for tag, _ in Tags(html).found} >= {
        "h1",
        "em",
        "strong",
        "s",
        "code",
        "li",
        "td",
        "blockquote",
        "a",
        "b",
    }


def test_html_is_left_as_it_is_where_it_does_no_harm() -> None:
    html = '<h2>One</h2><p>two <em>three</em></p><table><tbody><tr><td colspan="2">4</td></tr></tbody></table>'
    assert shown(html).html == html


def test_a_text_without_an_end_is_cut_and_says_so() -> None:
    long = shown("<p>word </p>" * 20_000)
    assert long.is_cut
    assert len(words(long.html).split()) == pytest.approx(body.LONGEST / len("<p>word </p>"), abs=1)
    assert not shown("<p>word</p>").is_cut


@pytest.mark.parametrize(
    "text", ["<div>" * 50_000, "<b>" * 50_000, "[" * 100_000, "> " * 50_000, "*a " * 40_000, "<" * 100_000]
)
@pytest.mark.parametrize("name", ["x.html", "x.md"])
def test_nesting_without_an_end_is_survived(text: str, name: str) -> None:
    assert_harmless(shown(text, name).html)


@pytest.mark.parametrize(("count", "minutes"), [(0, 1), (230, 1), (1150, 5)])
def test_how_long_it_takes_to_read(count: int, minutes: int) -> None:
    assert shown("<p>" + "word " * count + "</p>").minutes == minutes
