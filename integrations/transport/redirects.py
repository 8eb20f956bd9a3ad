"""Redirects, followed by hand: requests would drop some credentials on the way and keep others."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from urllib.parse import urldefrag, urljoin

from requests import PreparedRequest
from requests.structures import CaseInsensitiveDict
from urllib3.util import Url

from integrations.transport.answer import Answer
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.exchange import Content, Exchange
from integrations.transport.origin import is_same_origin, parsed

MOST = 3
_MOVED = frozenset({301, 302, 303, 307, 308})
_FOLLOWED = frozenset({"GET", "HEAD"})  # anything else might be done twice, or turn into a GET on the way
_SAFE_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Connection")


def onward(exchange: Exchange, answer: Answer, *, anywhere: bool) -> Exchange | None:
    """What to ask next; None where the answer is no redirect.

    Args:
        anywhere: to other origins too, which costs every header that might tell a secret.

    Raises:
        CallError: the redirect is not followed.
    """
    location = answer.headers.get("Location", "")
    if answer.status not in _MOVED or not location:
        return None
    target = _target(answer.url, location)
    if reason := _objection(exchange, answer, target, anywhere=anywhere):
        raise CallError(Code.REDIRECTED, f"It answered {answer.status}: {reason}.", answer)
    content = Content(raw=exchange.content.get("raw", False))
    if not anywhere:
        content["headers"] = exchange.content.get("headers", {})
    return replace(exchange, url=target, content=content, came_from=(*exchange.came_from, answer.url))


def strip(request: PreparedRequest) -> None:
    """Leave no header that a stranger should not see."""
    kept = {name: request.headers[name] for name in _SAFE_HEADERS if name in request.headers}
    request.headers = CaseInsensitiveDict(kept)


def _target(base: str, location: str) -> str:
    with suppress(UnicodeError):  # headers are read as Latin-1; a location beyond ASCII is UTF-8 nearly everywhere
        location = location.encode("latin-1").decode("utf-8")
    try:
        return urldefrag(urljoin(base, location)).url
    except ValueError:  # brackets that hold no address
        return location


def _objection(exchange: Exchange, answer: Answer, target: str, *, anywhere: bool) -> str:
    if exchange.method not in _FOLLOWED:
        return f"it has moved to {_place(target)}, and only reading follows"
    if not anywhere and not is_same_origin(answer.url, target):
        return f"it has moved to {_place(target)}"
    if target in {*exchange.came_from, answer.url}:
        return "it redirects in a circle"
    if len(exchange.came_from) >= MOST:
        return f"it redirects more than {MOST} times"
    return ""


def _place(url: str) -> str:
    """Where that is, without what a query or a user might tell."""
    found = parsed(url)
    return Url(found.scheme, None, found.host, found.port, found.path).url[:300] or "an address that cannot be read"
