"""Any other database that has an ODBC driver, by pyodbc and a data source that was set up where the console runs."""

from __future__ import annotations

import contextlib
import math
import re
from functools import cached_property
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection
from sqlalchemy.dialects import registry

from integrations.transport.codes import Code
from integrations.transport.databases.engine import Connect, Engine, one_line
from integrations.transport.errors import CallError

registry.register("odbc.pyodbc", "integrations.transport.databases.odbc_dialect", "OdbcDialect")

# https://learn.microsoft.com/en-us/sql/odbc/reference/appendixes/appendix-a-odbc-error-codes - by the longest beginning
_STATES = {
    "08": Code.CONNECTION_BROKEN,
    "08001": None,  # found out by the caller
    "25006": Code.FORBIDDEN,
    "28": Code.AUTH_FAILED,
    "42501": Code.FORBIDDEN,
    "42S02": Code.NOT_FOUND,
    "42S22": Code.NOT_FOUND,
    "42P01": Code.NOT_FOUND,
    "57014": Code.TIMEOUT,
    "HYT": Code.TIMEOUT,
    "IM002": Code.NOT_FOUND,
}
_DSN = re.compile(r"[A-Za-z0-9 _.-]{1,32}")
_ORIGIN = re.compile(r"^(?:\[[^\]]*\] *)+")
_PLAIN = re.compile(r"[^;{}\s]*")
_UNKNOWN = re.compile("authentication failed|access denied|login failed|role .* does not exist", re.IGNORECASE)


class Odbc(Engine):
    """How far a driver keeps promises about reading and time is its own affair: the account must not write."""

    driver = "pyodbc"
    package = "pyodbc"
    dialect = "odbc+pyodbc"
    port = 0

    @cached_property
    def peer(self) -> str:
        """The data source."""
        return self.login.database

    @cached_property
    def address(self) -> str:
        """The data source; odbc.ini says where that is."""
        return f"odbc:{quote(self.login.database)}"

    def check(self) -> None:
        """A name alone: a connection string could name any file of the console's as the driver to be loaded.

        Raises:
            CallError: it is no name.
        """
        if not _DSN.fullmatch(self.login.database):
            raise CallError(Code.NOT_SENDABLE, "Enter the name of a data source (DSN) of odbc.ini as the database.")
        self._load()

    def url(self) -> URL:
        """With all, since the driver takes one text."""
        login, parts = self.login, [f"DSN={self.login.database}"]
        parts += [f"UID={_braced(login.user)}"] if login.user else []
        parts += [f"PWD={_braced(login.password)}"] if login.password else []
        return URL.create(self.dialect, query={"odbc_connect": ";".join(parts)})

    def connect(self, connect: Connect) -> Any:
        """Asks for a connection that only reads; not every driver listens."""
        return connect(timeout=math.ceil(self.settings.connect_timeout_s), readonly=True)

    def begin(self, connection: Connection, left_s: float) -> None:
        """Whole seconds; drivers that know no timeout say so or not."""
        raw: Any = connection.connection.dbapi_connection
        with contextlib.suppress(self.error):
            raw.timeout = max(1, math.ceil(left_s))

    def hang_up(self, connection: Any, cursor: Any) -> None:  # noqa: ARG002 - as for every make
        """SQLCancel, which ODBC allows from another thread; some drivers do nothing with it."""
        if cursor is not None:
            cursor.cancel()

    def code_of(self, error: BaseException) -> Code | None:
        """By SQLSTATE, the first thing that the driver tells."""
        state = str(error.args[0]) if error.args else ""
        if state.startswith("08") and _UNKNOWN.search(str(error)):  # which drivers take for no connection
            return Code.AUTH_FAILED
        return next((_STATES[state[:n]] for n in (5, 3, 2) if state[:n] in _STATES), None)

    def words(self, error: BaseException) -> str:
        """Without the code and the names of those who passed it on."""
        text = str(error.args[1]) if len(error.args) > 1 else str(error)
        return one_line(_ORIGIN.sub("", text))


def _braced(value: str) -> str:
    """Only where it must be: not every driver takes the braces away again."""
    if _PLAIN.fullmatch(value):
        return value
    return "{" + value.replace("}", "}}") + "}"
