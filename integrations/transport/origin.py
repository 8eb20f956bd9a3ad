"""Whether an address stays at the service, so that the credentials may go along."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.guard import USUAL_PORTS

UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")  # parsers disagree about what these mean


def same_origin(base_url: str, link: str) -> str:
    """The absolute address a link leads to, if its scheme, host and port are those of `base_url`.

    The answer has been parsed by what the HTTP client itself parses with, and is spelt out anew from that, so
    that what was judged is what will be asked. It is absolute because a path alone would not say whether it
    begins at the host (`/services/data/…`) or at the path of the service's base URL.

    Args:
        base_url: the address that answered, or the base URL of the service.
        link: absolute, or relative to `base_url` (RFC 3986, section 5).

    Raises:
        CallError: it leads elsewhere, holds a user's name or password, or is no address.
    """
    if UNSAFE.search(link):
        raise CallError(Code.BAD_PAGING, "A link in the answer holds characters that no address may hold.")
    try:
        found = parse_url(urljoin(base_url, link))
    except ValueError as error:
        raise CallError(Code.BAD_PAGING, "A link in the answer is no address.") from error
    if found.auth is not None:
        raise CallError(Code.BAD_PAGING, "A link in the answer holds a user's name or password.")
    if not is_same_origin(base_url, found.url):
        # Without its path and parameters, which may hold what nobody should read in a log.
        elsewhere, here = (Url(url.scheme, host=url.host, port=url.port).url for url in (found, parsed(base_url)))
        raise CallError(
            Code.BAD_PAGING, f"A link in the answer leads to {elsewhere} and not to {here}; it was not followed."
        )
    return found._replace(fragment=None).url


def is_same_origin(one: str, other: str) -> bool:
    """Whether both are of one scheme, host and port, and the other names no user of its own."""
    origin, found = _origin(parsed(one)), parsed(other)
    return origin is not None and origin == _origin(found) and found.auth is None


def parsed(url: str) -> Url:
    """As the HTTP client parses it; empty where it is none."""
    try:
        return parse_url(url)
    except LocationParseError:
        return Url()


def _origin(url: Url) -> tuple[str, str, int] | None:
    if url.scheme not in USUAL_PORTS or not url.host:
        return None
    return url.scheme, url.host, USUAL_PORTS[url.scheme] if url.port is None else url.port
