"""One attempt at one question to a database: asked in a read-only transaction, read within its bounds, rolled back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Executable

from integrations.transport import failures
from integrations.transport.attempt import LONGEST_ERROR, Place, said
from integrations.transport.clock import Clock
from integrations.transport.codes import Code
from integrations.transport.databases import refusals
from integrations.transport.databases.line import Line
from integrations.transport.databases.watchdog import Watchdog
from integrations.transport.details import CallDetails, Said, Timings
from integrations.transport.errors import CallError
from integrations.transport.exchange import Exchange
from integrations.transport.redaction import Redactor
from integrations.transport.settings import Keep, Settings

FETCH_BYTES = 256 * 1024  # about as much is asked for at a time
FETCH_ROWS = 500
T = TypeVar("T")


@dataclass(frozen=True)
class Rows:
    """What a question found.

    Attributes:
        rows: values as the driver gives them, in the order of the columns.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class Attempt(Generic[T]):
    """Runs once. Afterwards `result` holds what the work gave, and `details` tells everything worth recording.

    Args:
        work: what to ask, of the attempt itself: by `read`, or by its `connection`.
    """

    def __init__(self, line: Line, settings: Settings, exchange: Exchange, work: Callable[[Attempt[T]], T]) -> None:
        self._line = line
        self._settings = settings
        self._exchange = exchange
        self._work = work
        self._started_at = datetime.now(UTC)
        self._clock = Clock(settings)
        self._timings = Timings()
        self._bytes = 0
        self._rows: list[tuple[Any, ...]] = []
        self.result: T | None = None

    def run(self) -> CallError | None:
        """Ask and read; the error to raise, or None for success."""
        was_open = self._line.is_open
        watchdog = Watchdog(self._line, self._clock.left_s())
        error = None
        try:
            with watchdog:
                self._ask()
        except CallError as failure:
            error = failure
        except (*refusals.RAISED, self._line.engine.error) as failure:
            was_open = was_open or self._line.is_open
            error = refusals.of_exception(failure, self._line.engine, self._clock, was_open=was_open)
            if watchdog.has_barked or isinstance(failure, TimeoutError):
                error = failures.out_of_time(self._line.engine.peer, self._clock)
        if error:
            self._line.drop()
        self._timings = self._clock.timings()
        return error

    @property
    def connection(self) -> Connection:
        """The connection, inside the transaction."""
        return self._line.connection()

    def _ask(self) -> None:
        was_open = self._line.is_open
        self._line.asked.clear()
        connection = self.connection
        if not was_open:
            self._clock.lap("connect")
        self._line.engine.begin(connection, self._clock.left_s())
        self._line.asked.clear()  # what opening and preparing took
        self.result = self._work(self)
        self._clock.first_byte()
        connection.rollback()
        self._clock.lap("download")

    def read(self, statement: Executable, at_most: int) -> Rows:
        """So many rows, of which only a few are in the driver's memory at any moment.

        Raises:
            CallError: they are larger than the settings allow.
        """
        result = self.connection.execute(statement, execution_options={"stream_results": True})
        rows, chunk = self._rows, 1
        while len(rows) < at_most and (came := result.fetchmany(min(chunk, at_most - len(rows)))):
            self._clock.first_byte()
            rows.extend(map(tuple, came))
            self._bytes += sum(_size(value) for row in came for value in row)
            if self._bytes > self._settings.max_bytes:
                raise CallError(Code.TOO_LARGE, f"The rows are larger than {self._settings.max_bytes:,} bytes.")
            chunk = max(1, min(FETCH_ROWS, FETCH_BYTES * len(rows) // (self._bytes or 1)))
        columns = tuple(result.keys())
        result.close()
        return Rows(columns, tuple(rows))

    def details(self, redactor: Redactor, place: Place, error: CallError | None) -> CallDetails:
        """Everything worth recording, redacted: the statements stand for the request, the rows for the answer."""
        request = "".join(f"{asked.statement};\n" for asked in self._line.asked)
        keep = self._settings.keep is Keep.ALWAYS or (self._settings.keep is Keep.FAILURES and error is not None)
        return CallDetails(
            operation=self._exchange.operation,
            method=self._exchange.method,
            url=redactor.url(self._exchange.url),
            code=error.code if error else Code.OK,
            error=redactor.text(str(error))[:LONGEST_ERROR] if error else "",
            chain=place.chain,
            attempt=place.number,
            started_at=self._started_at,
            timings=replace(self._timings, backoff=place.backoff_ms, queue=place.queue_ms),
            request_bytes=len(request.encode()),
            response_bytes=self._bytes,
            request=self._asked(redactor) if keep else None,
            response=said({}, _lines(self._rows), redactor) if keep else None,
        )

    def _asked(self, redactor: Redactor) -> Said:
        text = "".join(f"{asked.statement};\n-- {_json(asked.parameters)}\n" for asked in self._line.asked)
        return said({"Content-Type": "application/sql"}, text.encode("utf-8", "replace"), redactor)


def _size(value: object) -> int:
    return len(value) if isinstance(value, str | bytes | bytearray | memoryview) else 8


def _lines(rows: list[tuple[Any, ...]]) -> bytes:
    return "".join(f"{_json(row)}\n" for row in rows).encode("utf-8", "replace")


def _json(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)
