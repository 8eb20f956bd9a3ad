"""SQL Server, by Microsoft's own driver."""

from __future__ import annotations

import contextlib
import math
import re
from typing import Any

from sqlalchemy import URL, Connection

from integrations.transport.codes import Code
from integrations.transport.databases.engine import Connect, Engine, one_line

# The driver hands on the server's sentence without its number:
# https://learn.microsoft.com/en-us/sql/relational-databases/errors-events/database-engine-events-and-errors
_WORDS = (
    (re.compile("Login failed|Cannot open database"), Code.AUTH_FAILED),
    (re.compile("Invalid object name|Invalid column name"), Code.NOT_FOUND),
    (re.compile("permission was denied|read-only"), Code.FORBIDDEN),
    (re.compile("Query timeout expired|Lock request time out", re.IGNORECASE), Code.TIMEOUT),
    (re.compile("Communication link failure|TCP Provider"), Code.CONNECTION_BROKEN),
)


class SQLServer(Engine):
    """There are no read-only transactions here: what cannot be undone is kept from by the rights of the account."""

    driver = "mssql_python"
    package = "mssql-python"
    dialect = "mssql+mssqlpython"
    port = 1433

    def url(self) -> URL:
        """With all, since the driver takes one text; the driver's own certificates are the system's."""
        query = {
            "Encrypt": "yes" if self.login.tls else "optional",
            "TrustServerCertificate": "no" if self.login.tls else "yes",
            "ApplicationIntent": "ReadOnly",
        }
        return super().url().set(password=self.login.password or None, query=query)

    def connect(self, connect: Connect) -> Any:
        """Within the connect timeout."""
        return connect(timeout=math.ceil(self.settings.connect_timeout_s))

    def begin(self, connection: Connection, left_s: float) -> None:
        """Whole seconds are all that the driver knows."""
        raw: Any = connection.connection.dbapi_connection
        raw.timeout = max(1, math.ceil(left_s))

    def hang_up(self, connection: Any, cursor: Any) -> None:  # noqa: ARG002 - as for every make
        """As far as the driver can do that from another thread."""
        with contextlib.suppress(Exception):
            connection.close()

    def code_of(self, error: BaseException) -> Code | None:
        """By the server's words."""
        return next((code for words, code in _WORDS if words.search(str(error))), None)

    def words(self, error: BaseException) -> str:
        """The server's, without the driver's."""
        return one_line(str(getattr(error, "ddbc_error", "") or error).rpartition("]")[2])
