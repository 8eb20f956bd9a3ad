"""The one connection to a database, opened when somebody asks."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from integrations.transport.databases.engine import Engine


@dataclass(frozen=True)
class Asked:
    """One statement as it went to the driver."""

    statement: str
    parameters: Any


class Line:
    """Stays open from one question to the next; dropped when one fails.

    Attributes:
        raw: the driver's connection, as soon as there is one; `cursor` is its newest.
        asked: the statements since somebody last cleared it.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.raw: Any = None
        self.cursor: Any = None
        self.asked: list[Asked] = []
        self._connection: Connection | None = None

    @property
    def is_open(self) -> bool:
        """Whether a connection stands."""
        return self._connection is not None

    def connection(self) -> Connection:
        """The connection, opened if there is none.

        Raises:
            CallError: the login cannot be one, or there is no driver.
            SQLAlchemyError: it cannot be opened.
        """
        if self._connection is None:
            self.engine.check()
            self._connection = self._open()
        return self._connection

    def drop(self) -> None:
        """Hang up, whatever state the connection is in."""
        if self.raw is not None:
            self.engine.abandon(self.raw)
        if self._connection is not None:
            with contextlib.suppress(SQLAlchemyError, OSError):
                self._connection.invalidate()
                self._connection.close()
        elif self.raw is not None:  # what was opened and could not be prepared
            with contextlib.suppress(Exception):
                self.raw.close()
        self._connection = self.raw = self.cursor = None

    def _open(self) -> Connection:
        made = create_engine(self.engine.url(), poolclass=NullPool, hide_parameters=True)

        @event.listens_for(made, "do_connect")
        def connect(dialect: Any, _record: Any, cargs: list[Any], cparams: dict[str, Any]) -> Any:
            self.raw = self.engine.connect(lambda **more: dialect.connect(*cargs, **{**cparams, **more}))
            self.engine.opened(self.raw)
            return self.raw

        @event.listens_for(made, "before_cursor_execute")
        def note(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            self.cursor = cursor
            self.asked.append(Asked(statement, parameters))

        return made.connect().execution_options(**self.engine.options)
