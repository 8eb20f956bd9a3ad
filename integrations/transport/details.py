"""The values that leave the transport: what an attempt came to, and everything worth recording of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """What one attempt came to. The labels are what staff read."""

    OK = "ok"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    UNAUTHORIZED = "unauthorized"
    NOT_FOUND = "not_found"
    REJECTED = "rejected"
    REDIRECTED = "redirected"
    SERVER_ERROR = "server_error"
    BAD_ANSWER = "bad_answer"

    @property
    def label(self) -> str:
        """The words for staff."""
        return _LABELS[self]

    @property
    def advice(self) -> str:
        """What to do next, in a sentence; empty for success."""
        return _ADVICE.get(self, "")


_LABELS = {
    Outcome.OK: "OK",
    Outcome.UNREACHABLE: "Unreachable",
    Outcome.TIMEOUT: "Timed out",
    Outcome.BROKEN: "Connection broken",
    Outcome.TOO_LARGE: "Answer too large",
    Outcome.RATE_LIMITED: "Rate limited",
    Outcome.UNAUTHORIZED: "Not authorised",
    Outcome.NOT_FOUND: "Not found",
    Outcome.REJECTED: "Rejected",
    Outcome.REDIRECTED: "Redirected",
    Outcome.SERVER_ERROR: "Server error",
    Outcome.BAD_ANSWER: "Unreadable answer",
}

_ADVICE = {
    Outcome.UNREACHABLE: "Check the base URL of the service, and that the console may reach it through the network.",
    Outcome.TIMEOUT: "Try again; if it stays slow, raise the deadline of the service or ask its owner.",
    Outcome.BROKEN: "Try again; if it happens often, ask the owner of the service.",
    Outcome.TOO_LARGE: "Ask for smaller pages, or raise the largest answer of the service.",
    Outcome.RATE_LIMITED: "Nothing to do: the console waits as long as the service asked.",
    Outcome.UNAUTHORIZED: "Check the credentials of the service, and what its account may do.",
    Outcome.NOT_FOUND: "Check the base URL and the paths in the options of the service.",
    Outcome.REJECTED: "Check the options of the service against what its answer says.",
    Outcome.REDIRECTED: "Set the base URL of the service to where it has moved.",
    Outcome.SERVER_ERROR: "Try again later; if it stays, ask the owner of the service.",
    Outcome.BAD_ANSWER: "Check that the base URL points at the API and not at a web page.",
}


def outcome_choices() -> list[tuple[str, str]]:
    """For the column of the call log; a callable, so that a new outcome makes no migration."""
    return [(outcome.value, outcome.label) for outcome in Outcome]


@dataclass(frozen=True)
class CallDetails:
    """One finished attempt. Every text in it has been redacted.

    Attributes:
        status: HTTP status; None where no answer came.
        error: a sentence for staff; empty for success.
        attempt: 1 for the first; `chain` is the same for all attempts at one request.
        duration_ms, first_byte_ms: milliseconds since the attempt began.
        request_body, response_body: text, cut; how much is kept is not the transport's business.
    """

    operation: str
    method: str
    url: str
    status: int | None
    outcome: Outcome
    error: str
    attempt: int
    chain: uuid.UUID
    started_at: datetime
    duration_ms: float
    first_byte_ms: float | None
    request_bytes: int
    response_bytes: int
    remote_id: str
    request_headers: Mapping[str, str]
    request_body: str
    response_headers: Mapping[str, str]
    response_body: str


Hook = Callable[[CallDetails], None]
