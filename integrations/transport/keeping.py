"""What of a request names it, what of its answer is kept, and how that is an answer again."""

from __future__ import annotations

import json
from dataclasses import replace

from urllib3 import HTTPHeaderDict

from integrations.text import storable
from integrations.transport import failures
from integrations.transport.answer import Answer
from integrations.transport.exchange import Exchange
from integrations.transport.redaction import Redactor

MOST_BYTES = 1024 * 1024
CAME_FROM = "Content-Location"
# What is read later: by conditional requests and by walking through lists.
KEPT_HEADERS = ("Content-Type", "ETag", "Last-Modified", "Link", "X-WP-Total", "X-WP-TotalPages")


def question(exchange: Exchange) -> str:
    """What is asked, in one text: the same for the same request, whatever the order of its query."""
    try:
        url, _, query = exchange.full_url.partition("?")
    except UnicodeError:  # half a character: no address, which the attempt at it will say
        url, query = exchange.url, repr(exchange.content.get("params"))
    pairs = sorted(query.split("&"), key=lambda pair: pair.partition("=")[0])
    others = {name: value for name, value in exchange.content.items() if name != "params"}
    return json.dumps([exchange.method, url, pairs, others], default=repr)


def keepable(answer: Answer, redactor: Redactor) -> Answer | None:
    """As much of the answer as is read later; None if it must not be kept: not the answer yet, too large, or a secret in it."""
    if answer.status in {202, 304} or len(answer.body) > MOST_BYTES:
        return None
    headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
    if not _is_clean(answer.body, redactor) or any(redactor.values(text) != text for text in headers.values()):
        return None
    if redactor.values(answer.url) == answer.url:
        headers[CAME_FROM] = answer.url  # after redirects, links in the body are relative to this
    return replace(answer, headers=headers)


def _is_clean(body: bytes, redactor: Redactor) -> bool:
    text = body.decode("utf-8", "replace")
    return redactor.values(text) == storable(text)


def loaded(kept: Answer, exchange: Exchange) -> Answer:
    """What was kept, as the answer that came."""
    needs_no_data = exchange.content.get("raw") or kept.status >= 300
    return replace(
        kept,
        headers=HTTPHeaderDict(kept.headers),
        url=kept.headers.get(CAME_FROM, exchange.full_url),
        data=None if needs_no_data else failures.parsed(kept),
    )
