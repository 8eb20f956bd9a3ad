"""How both geocoders are asked: with a name, with a cache, and with their errors in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, Unpack

from integrations.transport.answer import Answer
from integrations.transport.attempt import HEADERS
from integrations.transport.cache import DAY_S, Cache
from integrations.transport.errors import CallError
from integrations.transport.exchange import Content
from integrations.transport.http import Transport

KEPT = Cache(ttl_s=DAY_S)
ANEW = Cache(ttl_s=0)  # changes nothing, so it may be repeated; what comes takes the place of what was kept
LONGEST_WORDS = 300

T = TypeVar("T")


class Asking:
    """Asks in the name of whoever runs the console.

    Args:
        contact: an e-mail address or a web page for the User-Agent; the console's own is sent where it is empty.
    """

    def __init__(self, transport: Transport, contact: str) -> None:
        self._transport = transport
        self._headers = {"User-Agent": f"{HEADERS['User-Agent']} ({contact})"} if contact else {}

    def kept(self, operation: str, path: str, params: dict[str, Any], read: Callable[[Answer], T]) -> T:
        """What is read from an answer that may be a day old.

        An answer that cannot be read is in the cache like any other; it is asked for once more, so that nobody
        gets it for a day.
        """
        answer = self.request(operation, "GET", path, KEPT, params=params)
        try:
            return read(answer)
        except CallError:
            return read(self.request(operation, "GET", path, ANEW, params=params))

    def request(
        self, operation: str, method: str, path: str, cache: Cache | None = None, **content: Unpack[Content]
    ) -> Answer:
        """One request; an error says what the provider says."""
        signed: Content = {**content, "headers": self._headers}
        try:
            return self._transport.request(operation, method, path, cache, **signed)
        except CallError as error:
            said = words(error.answer) if error.answer else ""
            if not said:
                raise
            sentence = f"{str(error).rstrip('.')}: {said}."
            raise CallError(error.code, sentence, error.answer, error.retry_after) from error


def words(answer: Answer) -> str:
    """What an answer says where the transport does not look: the Census' list of errors, Nominatim's plain text."""
    said, kind = answer.json, answer.headers.get("Content-Type", "").lower()
    if isinstance(said, dict) and isinstance(said.get("errors"), list):
        text = "; ".join(str(each) for each in said["errors"])
    elif kind.startswith("text/plain"):
        text = answer.body.decode("utf-8", "replace")
    else:
        return ""
    return " ".join(text.split())[:LONGEST_WORDS].rstrip(".")
