"""The one door to foreign databases: questions, their attempts, each timed, bounded, redacted and reported.

Nothing is ever written: there is a read-only transaction around each question where the make of database has such
a thing, and it is rolled back in any case. What keeps the data safe is still an account that may do no more than read.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self, TypeVar

from sqlalchemy import Delete, Inspector, Select, inspect
from sqlalchemy.exc import DBAPIError

from integrations.transport.attempt import Place, unsent
from integrations.transport.codes import Code
from integrations.transport.databases.attempt import Attempt, Rows
from integrations.transport.databases.engine import Login
from integrations.transport.databases.line import Line
from integrations.transport.databases.makes import engine_of
from integrations.transport.details import CallDetails, Hook
from integrations.transport.errors import CallError
from integrations.transport.exchange import Exchange
from integrations.transport.gate import Gate
from integrations.transport.redaction import Redactor
from integrations.transport.settings import Settings
from integrations.transport.tries import Tries

T = TypeVar("T")
Question = Select[*tuple[Any, ...]]


class DatabaseTransport:
    """Reads one database. Use it as a context manager, so that its connection is closed.

    Every method raises CallError where it failed and trying again did not help, and Parked where a limit of the
    service asks for a wait of more than 10 seconds.
    """

    def __init__(
        self, settings: Settings, login: Login, hooks: tuple[Hook, ...] = (), gate: Gate | None = None
    ) -> None:
        self._settings = settings
        self._hooks = hooks
        self._gate = gate or Gate()
        self._redactor = Redactor(settings.secrets)
        self._line = Line(engine_of(login, settings))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._line.drop()
        self._redactor.blank(error)

    @property
    def redactor(self) -> Redactor:
        """Blanks every secret that is known here."""
        return self._redactor

    def select(self, operation: str, statement: Question, at_most: int) -> Rows:
        """The first rows of a statement that was built, not written."""
        return self._ask(operation, "SELECT", lambda attempt: attempt.read(statement, at_most))

    def inspect(self, operation: str, look: Callable[[Inspector], T]) -> T:
        """What the catalogue of the database says of tables and columns."""
        return self._ask(operation, "SELECT", lambda attempt: look(inspect(attempt.connection)))

    def is_writable(self, operation: str, statement: Delete) -> bool:
        """Whether the database would carry this out; it is rolled back, and must concern no row in the first place."""

        def probe(attempt: Attempt[bool]) -> bool:
            try:
                attempt.connection.execute(statement)
            except DBAPIError as error:
                if self._line.engine.code_of(error.orig or error) is Code.FORBIDDEN:
                    return False
                raise
            return True

        return self._ask(operation, "DELETE", probe)

    def _ask(self, operation: str, method: str, work: Callable[[Attempt[T]], T]) -> T:
        exchange = Exchange(operation, method, self._line.engine.address, reads_only=True)
        tries = Tries(exchange, uuid.uuid4(), self._settings.attempts, self._gate, lambda _: False)
        return tries.answer(lambda exchange, place: self._attempt(exchange, place, work))

    def _attempt(self, exchange: Exchange, place: Place, work: Callable[[Attempt[T]], T]) -> T:
        """One attempt, recorded whatever becomes of it."""
        try:
            with self._gate.passing() as queue_ms:
                attempt = Attempt(self._line, self._settings, exchange, work)
                error = attempt.run()
        except CallError as refusal:  # by the gate: nothing was sent
            self._report(unsent(exchange, place, refusal, self._redactor))
            raise
        details = attempt.details(self._redactor, replace(place, queue_ms=queue_ms or None), error)
        self._report(details)
        self._gate.settle(details)
        if error:
            raise CallError(error.code, details.error)
        result: T = attempt.result  # type: ignore[assignment]  # there is one, since there is no error
        return result

    def _report(self, details: CallDetails) -> None:
        for hook in self._hooks:
            hook(details)
