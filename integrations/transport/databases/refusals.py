"""What went wrong at a database, as one of our errors."""

from __future__ import annotations

import re

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from integrations.transport import failures
from integrations.transport.clock import Clock
from integrations.transport.codes import Code
from integrations.transport.databases.engine import Engine
from integrations.transport.dial import dial
from integrations.transport.errors import CallError

RAISED = (SQLAlchemyError, OSError, UnicodeError, OverflowError)  # by drivers, some of them not as the DB-API wants it
# In the words of OpenSSL, as drivers pass them on; the first that fits.
_TLS = (
    (re.compile(r"certificate has expired", re.IGNORECASE), Code.TLS_EXPIRED),
    (re.compile(r"hostname mismatch|does not match host|IP address mismatch", re.IGNORECASE), Code.TLS_WRONG_HOST),
    (re.compile(r"certificate.verify.failed|self.signed certificate", re.IGNORECASE), Code.TLS_UNTRUSTED),
    (re.compile(r"\b(?:SSL|TLS)\b.*(?:not support|required|error|alert|version|unexpected)"), Code.TLS_FAILED),
)


def of_exception(error: BaseException, engine: Engine, clock: Clock, *, was_open: bool) -> CallError:
    """The error of an exception that stopped an attempt.

    Args:
        was_open: a connection stood already.
    """
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    words = engine.words(cause)
    code = engine.code_of(cause)
    if not was_open:
        return _of_connecting(engine, clock, code, words)
    if code is Code.CONNECTION_BROKEN or (isinstance(error, DBAPIError) and error.connection_invalidated):
        when = "in the middle of the answer" if clock.answering else "before an answer came"
        return CallError(Code.CONNECTION_BROKEN, f"The connection to {engine.peer} broke {when}: {words}.")
    if code is None:
        code = Code.SERVER_ERROR if isinstance(error, OperationalError | InterfaceError | OSError) else Code.HTTP_ERROR
    return CallError(code, f"{engine.peer} says: {words}.")


def _of_connecting(engine: Engine, clock: Clock, code: Code | None, words: str) -> CallError:
    """Drivers tell little of why: whether somebody is there is found out by ringing there once more."""
    if code is not None and code is not Code.CONNECTION_BROKEN:
        return CallError(code, f"{engine.peer} says: {words}.")
    for telling, kind in _TLS:
        if telling.search(words):
            return CallError(kind, f"No connection to {engine.peer}: {words}.")
    if engine.login.host:
        try:
            dial(engine.login.host, engine.login.port or engine.port, clock).close()
        except CallError as reason:
            return reason
        except TimeoutError:
            return failures.out_of_time(engine.peer, clock)
    return CallError(Code.UNREACHABLE, f"No connection to {engine.peer}: {words}.")
