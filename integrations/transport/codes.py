"""The closed list of what a call can come to. Codes drive grouping, filters and retries; staff read their labels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The class of a code: who has to act, and what counts against the service."""

    OK = "ok"
    REJECTED = "rejected"
    LIMITED = "limited"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"

    @property
    def label(self) -> str:
        """The words for staff."""
        return {
            Outcome.OK: "OK",
            Outcome.REJECTED: "Rejected",
            Outcome.LIMITED: "Rate limited",
            Outcome.FAILED: "Failed",
            Outcome.UNKNOWN: "Outcome unknown",
            Outcome.NOT_SENT: "Not sent",
        }[self]


class Code(StrEnum):
    """What one attempt came to."""

    OK = "ok"
    DNS_FAILED = "dns_failed"
    CONNECTION_REFUSED = "connection_refused"
    UNREACHABLE = "unreachable"
    TLS_EXPIRED = "tls_expired"
    TLS_WRONG_HOST = "tls_wrong_host"
    TLS_UNTRUSTED = "tls_untrusted"
    TLS_FAILED = "tls_failed"
    TIMEOUT = "timeout"
    DEADLINE = "deadline"
    CONNECTION_BROKEN = "connection_broken"
    SERVER_ERROR = "server_error"
    BAD_ANSWER = "bad_answer"
    BAD_PAGING = "bad_paging"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    AUTH_FAILED = "auth_failed"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    HTTP_ERROR = "http_error"
    REDIRECTED = "redirected"
    OUTCOME_UNKNOWN = "outcome_unknown"
    CIRCUIT_OPEN = "circuit_open"
    BLOCKED_ADDRESS = "blocked_address"
    NOT_SENDABLE = "not_sendable"

    @property
    def outcome(self) -> Outcome:
        """Its class."""
        return _MEANINGS[self].outcome

    @property
    def label(self) -> str:
        """The words for staff."""
        return _MEANINGS[self].label

    @property
    def advice(self) -> str:
        """What to do next, in a sentence; empty for success."""
        return _MEANINGS[self].advice


@dataclass(frozen=True)
class _Meaning:
    outcome: Outcome
    label: str
    advice: str = ""


_ASK_OWNER = "Try again later; if it stays, ask the owner of the service."
_MEANINGS = {
    Code.OK: _Meaning(Outcome.OK, "OK"),
    Code.DNS_FAILED: _Meaning(
        Outcome.FAILED,
        "Host not found",
        "Check the host name in the base URL or the options, and the name server of the console.",
    ),
    Code.CONNECTION_REFUSED: _Meaning(
        Outcome.FAILED,
        "Connection refused",
        "Check host and port in the base URL or the options, and that the service is running.",
    ),
    Code.UNREACHABLE: _Meaning(
        Outcome.FAILED, "Unreachable", "Check base URL or host, and that the console may reach it through the network."
    ),
    Code.TLS_EXPIRED: _Meaning(
        Outcome.FAILED, "Certificate expired", "Ask the owner of the service to renew its certificate."
    ),
    Code.TLS_WRONG_HOST: _Meaning(
        Outcome.FAILED,
        "Certificate of another host",
        "Check the host name in the base URL or the options against the certificate.",
    ),
    Code.TLS_UNTRUSTED: _Meaning(
        Outcome.FAILED,
        "Certificate not trusted",
        "If your organisation has its own certificate authority, enter its certificate at the service.",
    ),
    Code.TLS_FAILED: _Meaning(
        Outcome.FAILED, "No TLS connection", "Check that host and port speak TLS (HTTPS), version 1.2 or newer."
    ),
    Code.TIMEOUT: _Meaning(
        Outcome.FAILED,
        "No answer in time",
        "Try again; if it stays slow, raise the deadline of the service or ask its owner.",
    ),
    Code.DEADLINE: _Meaning(
        Outcome.FAILED,
        "Answer not complete in time",
        "Ask for smaller pages, raise the deadline of the service, or ask its owner.",
    ),
    Code.CONNECTION_BROKEN: _Meaning(
        Outcome.FAILED, "Connection broken", "Try again; if it happens often, ask the owner of the service."
    ),
    Code.SERVER_ERROR: _Meaning(Outcome.FAILED, "Server error", _ASK_OWNER),
    Code.BAD_ANSWER: _Meaning(
        Outcome.FAILED, "Unreadable answer", "Check that the base URL points at the API and not at a web page."
    ),
    Code.BAD_PAGING: _Meaning(
        Outcome.FAILED,
        "List cannot be walked",
        "Check the pagination in the options of the service; if it is right, ask the owner of the service.",
    ),
    Code.TRUNCATED: _Meaning(
        Outcome.FAILED,
        "List not complete",
        "What came is kept. Sync again; if it stays, ask the owner of the service.",
    ),
    Code.TOO_LARGE: _Meaning(
        Outcome.REJECTED, "Answer too large", "Ask for smaller pages, or raise the largest answer of the service."
    ),
    Code.RATE_LIMITED: _Meaning(
        Outcome.LIMITED, "Rate limited", "Nothing to do: the console waits as long as the service asked."
    ),
    Code.AUTH_FAILED: _Meaning(Outcome.REJECTED, "Not signed in", "Check the credentials of the service."),
    Code.FORBIDDEN: _Meaning(
        Outcome.REJECTED, "Forbidden", "Check what the account of the service may do at the remote."
    ),
    Code.NOT_FOUND: _Meaning(
        Outcome.REJECTED, "Not found", "Check the base URL, and the paths or names in the options of the service."
    ),
    Code.CONFLICT: _Meaning(Outcome.REJECTED, "Conflict", "Somebody changed it meanwhile: read it again, then decide."),
    Code.HTTP_ERROR: _Meaning(
        Outcome.REJECTED, "Rejected", "Check the options of the service against what its answer says."
    ),
    Code.REDIRECTED: _Meaning(
        Outcome.REJECTED, "Redirected elsewhere", "Set the base URL of the service to where it has moved."
    ),
    Code.OUTCOME_UNKNOWN: _Meaning(
        Outcome.UNKNOWN,
        "Outcome unknown",
        "It may have been carried out: look at the remote before doing it again.",
    ),
    Code.CIRCUIT_OPEN: _Meaning(
        Outcome.NOT_SENT,
        "Circuit open",
        "“Close circuit” on the service lets calls through at once.",
    ),
    Code.BLOCKED_ADDRESS: _Meaning(
        Outcome.NOT_SENT, "Address blocked", "Only public addresses on the usual ports are fetched."
    ),
    Code.NOT_SENDABLE: _Meaning(
        Outcome.NOT_SENT, "Cannot be sent", "Check address, options and secrets of the service."
    ),
}


def code_choices() -> list[tuple[str, str]]:
    """For a column of the call log; a callable, so that a new code makes no migration."""
    return [(code.value, code.label) for code in Code]


def outcome_choices() -> list[tuple[str, str]]:
    """For a column of the call log; as above."""
    return [(outcome.value, outcome.label) for outcome in Outcome]


CODE_LABELS = dict(code_choices())
