"""What a preview is made of, and what of a stranger's words and addresses may be in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

LONGEST_TEXT = 1000
LONGEST_URL = 2048
# Control characters, those that turn the direction of the text behind them, byte order marks, halves of characters.
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_UNQUOTED = re.compile(r'[ "<>\\^`{|}]')


@dataclass(frozen=True)
class Image:
    """A picture a page names.

    Attributes:
        width, height: pixels, as the page says; None where it does not.
        type: media type, as the page says.
        alt: what is to be seen, in words.
    """

    url: str
    width: int | None = None
    height: int | None = None
    type: str = ""
    alt: str = ""


@dataclass(frozen=True)
class Metadata:
    """What a page says of itself; what it does not say is empty. It is a stranger's word, not markup and not proved.

    Attributes:
        url: where the page was found, after redirects.
        title, description, site_name: one line of at most 1000 characters.
        canonical_url: the address the page wants to be known by; where it was found, if it names none.
        images: in the page's order, its favourite first.
    """

    url: str
    title: str = ""
    description: str = ""
    site_name: str = ""
    canonical_url: str = ""
    images: tuple[Image, ...] = ()

    @property
    def image(self) -> str:
        """Address of the first picture; empty if there is none."""
        return self.images[0].url if self.images else ""


def line(text: str) -> str:
    """The text in one line, without what cannot be shown, and not for ever."""
    words = " ".join(text.split())
    return _UNSHOWABLE.sub("", words)[:LONGEST_TEXT].strip()


def web_address(text: str, base: str = "") -> str:
    """An absolute address of the web; empty where it is none, as with data:, javascript: or a user in it.

    Args:
        base: what a relative one is relative to.
    """
    relative = _UNSHOWABLE.sub("", text).strip()
    if not 0 < len(relative) <= LONGEST_URL:
        return ""
    try:
        parts = urlsplit(urljoin(base, relative))
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that hold no address, a port that is no number
        return ""
    if not has_host or parts.scheme not in {"http", "https"} or set(parts.netloc) & set("@\\ "):
        return ""
    quoted = _UNQUOTED.sub(lambda odd: f"%{ord(odd[0]):02X}", parts.geturl())
    return quoted if len(quoted) <= LONGEST_URL else ""
