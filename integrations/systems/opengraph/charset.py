"""Which characters the bytes of a page are.

The labels are those of the web, which mean more than they say: a page that claims Latin-1 is Windows-1252.
Python's own names are not asked, for among them are codecs that are no charsets.
https://encoding.spec.whatwg.org/#names-and-labels
"""

from __future__ import annotations

import codecs
import re

FALLBACK = "cp1252"
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LABELS = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 x-unicode20utf8",
    "cp866": "ibm866 cp866 866",
    "iso8859_2": "iso-8859-2 iso8859-2 latin2 l2",
    "iso8859_3": "iso-8859-3 iso8859-3 latin3 l3",
    "iso8859_4": "iso-8859-4 iso8859-4 latin4 l4",
    "iso8859_5": "iso-8859-5 iso8859-5 cyrillic",
    "iso8859_6": "iso-8859-6 iso8859-6 arabic",
    "iso8859_7": "iso-8859-7 iso8859-7 greek",
    "iso8859_8": "iso-8859-8 iso-8859-8-i iso8859-8 hebrew visual logical",
    "iso8859_10": "iso-8859-10 iso8859-10 latin6 l6",
    "iso8859_13": "iso-8859-13 iso8859-13",
    "iso8859_14": "iso-8859-14 iso8859-14",
    "iso8859_15": "iso-8859-15 iso8859-15 latin9 l9",
    "iso8859_16": "iso-8859-16",
    "koi8_r": "koi8-r koi8 koi koi8_r",
    "koi8_u": "koi8-u koi8-ru",
    "mac_roman": "macintosh mac x-mac-roman",
    "mac_cyrillic": "x-mac-cyrillic",
    "cp874": "windows-874 tis-620 iso-8859-11 iso8859-11",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1251": "windows-1251 cp1251 x-cp1251",
    "cp1252": "windows-1252 cp1252 x-cp1252 iso-8859-1 iso8859-1 iso_8859-1 latin1 l1 ascii us-ascii",
    "cp1253": "windows-1253 cp1253 x-cp1253",
    "cp1254": "windows-1254 cp1254 x-cp1254 iso-8859-9 iso8859-9 latin5 l5",
    "cp1255": "windows-1255 cp1255 x-cp1255",
    "cp1256": "windows-1256 cp1256 x-cp1256",
    "cp1257": "windows-1257 cp1257 x-cp1257",
    "cp1258": "windows-1258 cp1258 x-cp1258",
    "gb18030": "gb18030 gbk gb2312 gb_2312-80 chinese x-gbk",
    "big5hkscs": "big5 big5-hkscs cn-big5 x-x-big5",
    "euc_jis_2004": "euc-jp x-euc-jp",  # with the letters in circles that Python's euc_jp lacks
    "iso2022_jp": "iso-2022-jp",
    "cp932": "shift_jis shift-jis sjis x-sjis ms_kanji windows-31j",
    "cp949": "euc-kr euckr ks_c_5601-1987 ksc5601 korean windows-949",
    "utf-16-le": "utf-16le utf-16 unicode",
    "utf-16-be": "utf-16be",
}
_CODECS = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}

_PRESCAN = 16 * 1024
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_META = re.compile(rb"""<meta\b[^>]{0,500}?\bcharset\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{1,40})""", re.IGNORECASE)
_XML = re.compile(rb"""\s{0,99}<\?xml\b[^>]{0,200}?\bencoding\s{0,9}=\s{0,9}["']([\w.:-]{1,40})""")
_PARAMETER = re.compile(r"""\bcharset\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{1,40})""", re.IGNORECASE)
_KANA = re.compile("[\u3040-\u30ff]")


def decoded(page: bytes, content_type: str) -> str:
    """The page as text: as its header says, its byte order mark, its own markup, or else as what it can be."""
    marked = next((codec for mark, codec in _MARKS if page.startswith(mark)), "")
    codec = _in_header(content_type) or marked or _in_markup(page)
    if codec.startswith("utf-16") and marked:  # the label leaves open which of the two
        codec = marked
    if codec:
        return page.decode(codec, "replace").removeprefix("\ufeff")
    return _guessed(page)


def _in_header(content_type: str) -> str:
    found = _PARAMETER.search(content_type)
    return _CODECS.get(found[1].lower(), "") if found else ""


def _in_markup(page: bytes) -> str:
    head = page[:_PRESCAN]
    found = _XML.match(head) or _META.search(_COMMENT.sub(b"", head))
    codec = _CODECS.get(found[1].decode("ascii").lower(), "") if found else ""
    return "utf-8" if codec.startswith("utf-16") else codec  # it could be read as ASCII, so it is none


def _guessed(page: bytes) -> str:
    """UTF-8, or Japanese as old servers send it, or what nearly all that is left is."""
    if (text := _strictly(page, "utf-8")) is not None:
        return text
    japanese = _strictly(page, "euc_jis_2004")
    return japanese if japanese and _KANA.search(japanese) else page.decode(FALLBACK, "replace")


def _strictly(page: bytes, codec: str) -> str | None:
    """Without a mistake, but for a character that is cut off at the end."""
    try:
        return codecs.getincrementaldecoder(codec)().decode(page)
    except UnicodeDecodeError:
        return None
