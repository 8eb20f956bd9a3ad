"""What crosses the border between a System's `webhook.py` and the console."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True)
class Delivery:
    """One inbound request as it arrived.

    Attributes:
        headers: names in lower case.
        body: the bytes on the wire, the only thing a signature speaks of.
        options: of the service it came to, each with its default.
        through_proxy: it was handed on by a proxy whose headers are trusted.
    """

    headers: Mapping[str, str]
    body: bytes
    options: Mapping[str, Any] = field(default_factory=dict)
    through_proxy: bool = False


class Cause(StrEnum):
    """Why a delivery is refused."""

    NO_SECRET = "no_secret"  # noqa: S105 - a word for staff
    MISSING = "missing"
    MALFORMED = "malformed"
    OLD = "old"
    WRONG = "wrong"
    ROUND_THE_PROXY = "round_the_proxy"
    NO_JSON = "no_json"
    TOO_LARGE = "too_large"
    ENCODED = "encoded"


class Refused(Exception):
    """A delivery that must not be believed, or cannot be used; the text says which check failed."""

    def __init__(self, reason: str, cause: Cause = Cause.MALFORMED) -> None:
        super().__init__(reason)
        self.cause = cause


class Holds(StrEnum):
    """What a body is."""

    JSON = "json"
    ODD_JSON = "odd_json"  # which no JSON column takes: NUL, half a character, a number or a nesting beyond measure
    OTHER = "other"


@dataclass(frozen=True)
class Identity:
    """What a verified delivery says of itself.

    Attributes:
        delivery_id: the sender's id, the same when it sends again; empty where it has none.
        event_type: the sender's word for what happened.
        payload: the parsed body; None where it cannot be parsed.
        holds: what the body is.
        id_is_signed: nobody can send the same under another id. So it is with one that stands in the body, and not with
            one in a header that the signature does not speak of.
    """

    delivery_id: str
    event_type: str
    payload: Any
    holds: Holds = Holds.JSON
    id_is_signed: bool = True
