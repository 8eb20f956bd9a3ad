"""What is read from a page: which of several values wins, and which values are none."""

from __future__ import annotations

import pytest

from integrations.systems.opengraph import page
from integrations.systems.opengraph.metadata import LONGEST_TEXT, Image, Metadata
from integrations.transport.answer import Answer

URL = "https://example.com/a/b"


def read(markup: str | bytes, content_type: str = "text/html", url: str = URL) -> Metadata:
    body = markup if isinstance(markup, bytes) else markup.encode()
    return page.read(Answer(200, {"Content-Type": content_type}, body, url=url))


def meta(name: str, content: str, attribute: str = "property") -> str:
    return f'<meta {attribute}="{name}" content="{content}">'


@pytest.mark.parametrize("attribute", ["property", "name"])
def test_open_graph_is_believed_first_then_twitter_then_html(attribute: str) -> None:
    html = '<title>h</title><meta name="description" content="hd"><link rel="canonical" href="/h">'
    card = "".join(meta(f"twitter:{name}", f"t{name[0]}", attribute) for name in ("title", "description", "image"))
    graph = "".join(
        meta(f"og:{name}", f"o{name[0]}", attribute) for name in ("title", "description", "image", "site_name", "url")
    )
    here = "https://example.com/a/"
    for markup in (html + card + graph, graph + card + html):
        found = read(markup)
        assert (found.title, found.description, found.site_name) == ("ot", "od", "os")
        assert (found.image, found.canonical_url) == (f"{here}oi", f"{here}ou")
    found = read(html + card)
    assert (found.title, found.description, found.image) == ("tt", "td", f"{here}ti")
    found = read(html)
    assert (found.title, found.description, found.image) == ("h", "hd", "")
    assert found.canonical_url == "https://example.com/h"


def test_a_page_that_says_nothing_is_empty() -> None:
    assert read("") == Metadata(url=URL, canonical_url=URL)


def test_of_several_values_the_first_that_says_something_wins() -> None:
    markup = meta("og:title", "") + meta("og:title", " \n ") + meta("og:title", "first") + meta("og:title", "second")
    assert read(markup).title == "first"
    assert read(meta("og:url", "javascript:alert(1)") + meta("og:url", "/c")).canonical_url == "https://example.com/c"


def test_one_tag_may_speak_two_languages() -> None:
    found = read(
        '<meta name="description" property="og:description" content="d"><meta property="x OG:Title" content="t">'
    )
    assert (found.title, found.description) == ("t", "d")


def test_the_name_of_an_application_stands_in_for_that_of_the_site() -> None:
    assert read(meta("application-name", "App", "name")).site_name == "App"


def test_properties_belong_to_the_picture_before_them() -> None:
    found = read(
        meta("og:image:width", "9")
        + meta("og:image", "one.png")
        + meta("og:image:secure_url", "https://example.com/secure.png")
        + meta("og:image:width", "640")
        + meta("og:image:height", "480px")
        + meta("og:image:width", "641")
        + meta("og:image", "two.png")
        + meta("og:image:type", "image/png")
        + meta("og:image:alt", "Two &amp; a half")
        + meta("og:image:width", "wide")
        + meta("og:image:height", "0")
    )
    assert found.images == (
        Image("https://example.com/a/one.png", 640, 480),
        Image("https://example.com/a/two.png", type="image/png", alt="Two & a half"),
    )


def test_a_picture_may_begin_with_another_name_of_its_address() -> None:
    markup = meta("og:image:url", "1.png") + meta("og:image:secure_url", "s.png") + meta("og:image:url", "2.png")
    assert [image.url for image in read(markup).images] == [f"https://example.com/a/{n}.png" for n in (1, 2)]
    markup = meta("og:image", "data:image/png;base64,x") + meta("og:image:secure_url", "s.png")
    assert read(markup).image == "https://example.com/a/s.png"


def test_a_picture_is_told_once_and_not_without_end() -> None:
    assert len(read(meta("og:image", "same.png") * 3).images) == 1
    assert len(read("".join(meta("og:image", f"{n}.png") for n in range(100))).images) == page.MOST_IMAGES


def test_a_card_describes_its_picture() -> None:
    markup = meta("twitter:image:src", "/t.png", "name") + meta("twitter:image:alt", "A tree", "name")
    assert read(markup).images == (Image("https://example.com/t.png", alt="A tree"),)


@pytest.mark.parametrize(
    ("base", "address", "expected"),
    [
        ("", "x.png", "https://example.com/a/x.png"),
        ("", "//cdn.example/x.png", "https://cdn.example/x.png"),
        ("", "?size=1", "https://example.com/a/b?size=1"),
        ("/static/", "x.png", "https://example.com/static/x.png"),
        ("https://cdn.example/v1/", "x.png", "https://cdn.example/v1/x.png"),
        ("https://cdn.example/v1/", "/x.png", "https://cdn.example/x.png"),
        ("javascript:0", "x.png", "https://example.com/a/x.png"),
        ("http://[", "x.png", "https://example.com/a/x.png"),
        ("", "HTTP://Example.COM/x.png", "http://Example.COM/x.png"),
        ("", " a b\n.png ", "https://example.com/a/a%20b.png"),
        ("", "x.png?a=1&amp;b=2&copy=3", "https://example.com/a/x.png?a=1&b=2&copy=3"),
        ("", "&quot;&gt;&lt;script&gt;", "https://example.com/a/%22%3E%3Cscript%3E"),
        ("", "https://example.com/ü.png", "https://example.com/ü.png"),
    ],
)
def test_an_address_is_relative_to_the_base_of_the_page(base: str, address: str, expected: str) -> None:
    markup = f'<base target="_top"><base href="{base}"><base href="/second/">' if base.startswith("/") else ""
    markup = markup or (f'<base href="{base}">' if base else "")
    for before, after in ((markup, ""), ("", markup)):
        found = read(before + meta("og:image", address) + meta("og:url", address) + after)
        assert (found.image, found.canonical_url) == (expected, expected)


@pytest.mark.parametrize(
    "address",
    [
        "",
        " ",
        "javascript:alert(1)",
        "java\nscript:alert(1)",
        " \x01javascript:alert(1)",
        "data:image/png;base64,iVBORw0KGgo=",
        "ftp://example.com/x.png",
        "file:///etc/passwd",
        "blob:https://example.com/x",
        "http://",
        "http:///x.png",
        "http://user:password@example.com/x.png",
        "http://127.0.0.1\\@example.com/",
        "http://a b/",
        "http://[",
        "http://[::1",
        "http://example.com:port/",
        "http://example.com:99999/",
        f"https://example.com/{'x' * 2048}",
        f"https://example.com/{'&amp;' * 4096}",
        f"https://example.com/{'|' * 2000}",
    ],
)
def test_what_is_no_address_of_the_web_is_left_out(address: str) -> None:
    found = read(meta("og:image", address) + meta("og:url", address))
    assert (found.image, found.canonical_url) == ("", URL)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x07c\x1b[31m", "abc[31m"),
        (" two\r\n\t lines\u00a0and\u2028more ", "two lines and more"),
        ("&#x202E;gpj.exe", "gpj.exe"),
        ("\ufeffa\u2066b", "ab"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script>"),
        ("&#0;&#xD800;&#x110000;", "\ufffd\ufffd\ufffd"),
        (f"a&#{'9' * 5000};b", "a\ufffdb"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("x" * 100_000, "x" * LONGEST_TEXT),
    ],
)
def test_text_is_one_short_line_that_can_be_shown(text: str, expected: str) -> None:
    assert read(meta("og:title", text)).title == expected
    assert read(meta("og:site_name", text)).site_name == expected


def test_a_page_is_read_up_to_a_megabyte() -> None:
    late = b"<title>late</title>"
    assert read(b" " * (page.MOST_BYTES - len(late)) + late).title == "late"
    assert read(b" " * page.MOST_BYTES + late).title == ""
