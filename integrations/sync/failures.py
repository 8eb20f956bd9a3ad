"""What stopped a run: who must act, what to do, and whether it may be over by itself."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, OperationalError

from integrations.credentials import CredentialUnavailable
from integrations.models import SyncRun
from integrations.systems import UnknownSystem
from integrations.systems.base import UnknownStream
from integrations.transport.codes import Code
from integrations.transport.errors import CallError

Origin = SyncRun.Origin

PASSING = {
    Code.DNS_FAILED,
    Code.CONNECTION_REFUSED,
    Code.UNREACHABLE,
    Code.TIMEOUT,
    Code.DEADLINE,
    Code.CONNECTION_BROKEN,
    Code.SERVER_ERROR,
    Code.BAD_ANSWER,
    Code.RATE_LIMITED,
    Code.CIRCUIT_OPEN,
}
MOST_RECOVERIES = 20
WAITS_S = (10, 60, 300, 1800)  # after the first, second ... failure in a row without progress; then it is given up


class Unusable(Exception):
    """What comes cannot be what this stream is meant to copy; nothing of it is written.

    Attributes:
        code: for filters and counts.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Failure:
    """Why a run stopped.

    Attributes:
        message: sentences for staff; the last says what to do.
        passes: the same may go well in a while, without anybody doing anything.
    """

    origin: SyncRun.Origin
    code: str
    message: str
    passes: bool = False


def of(error: Exception) -> Failure:
    """The failure that this error is."""
    name = type(error).__name__
    if isinstance(error, CallError):
        return Failure(Origin.SOURCE, error.code, error.for_staff(), passes=error.code in PASSING)
    if isinstance(error, CredentialUnavailable | UnknownSystem | UnknownStream):
        return Failure(Origin.CONFIGURATION, "not_configured", str(error))
    if isinstance(error, Unusable):
        return Failure(Origin.MAPPING, error.code, str(error))
    if isinstance(error, DatabaseError | InterfaceError):
        passes = isinstance(error, OperationalError | InterfaceError)
        return Failure(Origin.DATABASE, name, f"The database of the console refused ({name}). {_TELL}", passes=passes)
    return Failure(Origin.CONSOLE, name, f"The console itself failed ({name}). {_TELL}")


_TELL = "Tell the programmers: the log of the worker has the details."


def wait_s(run: SyncRun, *, progress: bool) -> float | None:
    """How long a run waits before it tries again by itself; None if it was tried often enough.

    Args:
        progress: rows were written since it failed last.
    """
    if progress:
        return 0 if run.recoveries < MOST_RECOVERIES else None
    return WAITS_S[run.stalls] if run.stalls < len(WAITS_S) else None
