"""Markup as strangers write it, and the characters it is written in."""

from __future__ import annotations

import pytest

from integrations.systems.opengraph.charset import decoded
from integrations.systems.opengraph.markup import Head

WORDS = "Füße, œuvre – “quoted”"
JAPANESE = "夜行列車と時刻表①"


def told(markup: str, *, is_xml: bool = False) -> list[str]:
    """The names and titles, in their order."""
    tags = Head(markup, is_xml=is_xml)
    return [tag.text if tag.name == "title" else tag.attributes.get("name", tag.name) for tag in tags]


@pytest.mark.parametrize(
    ("markup", "content"),
    [
        ('<meta content="a">', "a"),
        ("<META CONTENT='a'/>", "a"),
        ("<meta content=a>", "a"),
        ("<meta\ncontent\t=\r\na\n>", "a"),
        ("<meta/content=a>", "a"),
        ("<meta content=a/>", "a/"),
        ("<meta content=it's>", "it's"),
        ('<meta content="a>b">', "a>b"),
        ("<meta content='\"'>", '"'),
        ('<meta content="a" content="b">', "a"),
        ('<meta content="say "hi" now">', "say "),
        ("<meta content>", ""),
        ("<meta content=>", ""),
        ("<meta content= >", ""),
        ("<meta = content=a>", "a"),
        ("<meta content=a", "a"),
        ("<meta content=&quot;a&amp;b&#33;>", '"a&b!'),
        ("<meta content=?a=1&lt=2&amp;gt=3>", "?a=1&lt=2&gt=3"),
    ],
)
def test_attributes_are_read_as_browsers_read_them(markup: str, content: str) -> None:
    (tag,) = Head(markup)
    assert tag.attributes["content"] == content


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<!-- <meta name=no> --><meta name=a>", ["a"]),
        ("<!--><meta name=a>-->", ["a"]),
        ("<!-- --!><meta name=a>", ["a"]),
        ("<!-- <meta name=no>", []),
        ("<!doctype html><?xml x?><![CDATA[ ]]><meta name=a>", ["a"]),
        ("</><meta name=a></ x><meta name=b>", ["a", "b"]),
        ("< meta name=no><meta name=a>", ["a"]),
        ("<metal name=no><meta name=a>", ["a"]),
        ("<script>'<meta name=no>'</script><meta name=a>", ["a"]),
        ("<SCRIPT>x</scripts><meta name=no></Script ><meta name=a>", ["a"]),
        ("<style><meta name=no></style><meta name=a>", ["a"]),
        ("<script><meta name=no>", []),
        ("<noscript><meta name=a></noscript>", ["a"]),
        ("<title>a < b &amp; c</title><meta name=d>", ["a < b & c", "d"]),
        ("<title>never ends<meta name=a>", ["never ends", "a"]),
        ("<title>never ends", ["never ends"]),
        ("<title/>t</title>", ["t"]),
        ('<a title="><meta name=no>"><meta name=a>', ["a"]),
        ('<meta name="no><meta name=no>', ["meta"]),
        ("<meta name=a><body><meta name=no>", ["a"]),
        ("<meta name=a></head><p><meta name=no>", ["a"]),
        ("<head></head><meta name=a><script></script><title>t</title><div><meta name=no>", ["a", "t"]),
        ("<meta name=a><img src=x><meta name=b></head>", ["a", "b"]),
        ("<header></header><meta name=a>", ["a"]),
    ],
)
def test_only_tags_of_the_head_count(markup: str, expected: list[str]) -> None:
    assert told(markup) == expected


def test_an_element_of_xhtml_may_be_empty_by_its_slash() -> None:
    markup = '<script src="x" /><title/><meta name="a"/>'
    assert told(markup, is_xml=True) == ["", "a"]
    assert told(markup) == []


@pytest.mark.parametrize(
    "unit",
    [
        "<a ",
        "<a b='",
        '<a b="',
        "<a b= ",
        "<!--",
        "<![CDATA[",
        "</",
        "<script>",
        "<title>",
        "<title>&#9",
        "<a / ",
        "&a",
        "<",
    ],
)
def test_a_megabyte_of_hostile_markup_is_read_to_its_end(unit: str) -> None:
    assert told("<meta name=a>" + unit * (1_000_000 // len(unit)))[0] == "a"


@pytest.mark.parametrize(
    ("content_type", "page", "expected"),
    [
        ("text/html; charset=utf-8", WORDS.encode(), WORDS),
        ("text/html; Charset = 'UTF8'", WORDS.encode(), WORDS),
        ("text/html; charset=iso-8859-1", WORDS.encode("cp1252"), WORDS),
        ("text/html; charset=windows-1251", "Поезд".encode("cp1251"), "Поезд"),
        ("text/html; charset=gb2312", "夜车鎔".encode("gb18030"), "夜车鎔"),
        ("text/html; charset=Shift_JIS", JAPANESE.encode("cp932"), JAPANESE),
        ("text/html; charset=big5", "夜車".encode("big5"), "夜車"),
        ("text/html; charset=euc-kr", "밤기차".encode("cp949"), "밤기차"),
        ("text/html; charset=utf-16", WORDS.encode("utf-16-be"), None),
        ("text/html; charset=utf-16", b"\xfe\xff" + WORDS.encode("utf-16-be"), WORDS),
        ("text/html; charset=euc-jp", JAPANESE.encode("euc_jis_2004"), JAPANESE),
        ("text/html; charset=iso-8859-1", b'<meta charset="utf-8">\xe9', '<meta charset="utf-8">é'),
        ("text/html", b"\xff\xfe" + WORDS.encode("utf-16-le"), WORDS),
        ("text/html", b"\xef\xbb\xbf<meta charset=euc-jp>" + WORDS.encode(), f"<meta charset=euc-jp>{WORDS}"),
        ("text/html", WORDS.encode(), WORDS),
        ("text/html", WORDS.encode()[:-1], WORDS[:-1]),
        ("text/html", WORDS.encode("cp1252"), WORDS),
        ("text/html", JAPANESE.encode("euc_jis_2004"), JAPANESE),
        ("text/html", b"\x81\xe9 ", "\ufffdé "),
        ("text/html", b"\xa1\xc8\xa1\xc9", "¡È¡É"),
        ("", b"", ""),
    ],
)
def test_characters_are_those_the_header_the_mark_or_the_bytes_say(
    content_type: str, page: bytes, expected: str | None
) -> None:
    assert (decoded(page, content_type) == expected) is (expected is not None)


@pytest.mark.parametrize(
    "declaration",
    [
        '<meta charset="euc-jp">',
        "<META CharSet = EUC-JP >",
        '<meta http-equiv="Content-Type" content="text/html; charset=x-euc-jp">',
        '<?xml version="1.0" encoding="EUC-JP"?>',
        "<!-- <meta charset=utf-8> --><title>x</title><meta charset='euc-jp'>",
    ],
)
@pytest.mark.parametrize("content_type", ["text/html", "text/html; charset=unheard-of"])
def test_a_page_may_say_its_characters_itself(declaration: str, content_type: str) -> None:
    page = f"{declaration}夜行".encode("euc_jp")
    assert decoded(page, content_type) == f"{declaration}夜行"


@pytest.mark.parametrize("label", ["utf-7", "zlib", "unicode_escape", "idna", "punycode", "undefined", "aliases", "é"])
def test_what_is_no_charset_of_the_web_is_not_one_here(label: str) -> None:
    page = f'<meta charset="{label}">+ADw-\\x41'
    assert decoded(page.encode(), f"text/html; charset={label}") == page


def test_a_page_that_can_be_read_so_far_is_not_in_utf_16() -> None:
    page = '<meta charset="utf-16">é'
    assert decoded(page.encode(), "text/html") == page
