"""MySQL and MariaDB, by PyMySQL."""

from __future__ import annotations

import contextlib
import re
import socket
from typing import Any

from sqlalchemy import Connection

from integrations.transport import tls
from integrations.transport.codes import Code
from integrations.transport.databases.engine import Connect, Engine, one_line

# https://mariadb.com/docs/server/reference/error-codes/mariadb-error-code-reference
_NUMBERS = {
    1040: Code.SERVER_ERROR,
    1044: Code.FORBIDDEN,
    1045: Code.AUTH_FAILED,
    1049: Code.NOT_FOUND,
    1054: Code.NOT_FOUND,
    1064: Code.HTTP_ERROR,
    1130: Code.AUTH_FAILED,
    1142: Code.FORBIDDEN,
    1143: Code.FORBIDDEN,
    1146: Code.NOT_FOUND,
    1205: Code.TIMEOUT,
    1227: Code.FORBIDDEN,
    1290: Code.FORBIDDEN,
    1698: Code.AUTH_FAILED,
    1792: Code.FORBIDDEN,
    1836: Code.FORBIDDEN,
    1969: Code.TIMEOUT,
    2006: Code.CONNECTION_BROKEN,
    2013: Code.CONNECTION_BROKEN,
    3024: Code.TIMEOUT,
}
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
AFTERWARDS_S = 2.0  # the driver's own timeout, which tells less, comes after the server's and the watchdog
_PREFIX = "5.5.5-"  # MariaDB says it to old programs before its own version


class MySQL(Engine):
    """The session is read-only, and says how long a statement may take where the server can be told."""

    driver = "pymysql"
    package = "pymysql"
    dialect = "mysql+pymysql"
    port = 3306

    def connect(self, connect: Connect) -> Any:
        """Without the console's own option files."""
        settings = self.settings
        how: dict[str, Any] = {}
        if self.login.tls:
            how["ssl"] = tls.context(settings.ca_bundle, settings.client_certificate)
        return connect(
            password=self.login.password,
            charset="utf8mb4",
            connect_timeout=settings.connect_timeout_s,
            read_timeout=settings.deadline_s + AFTERWARDS_S,
            write_timeout=settings.deadline_s + AFTERWARDS_S,
            program_name="operations console",
            **how,
        )

    def opened(self, connection: Any) -> None:
        """Columns of kind TIMESTAMP come in UTC."""
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION time_zone = '+00:00'")
            if _version(connection) >= ((10, 0, 0) if _is_mariadb(connection) else (5, 6, 5)):
                cursor.execute("SET SESSION TRANSACTION READ ONLY")

    def begin(self, connection: Connection, left_s: float) -> None:
        """MariaDB takes seconds, MySQL milliseconds and only for SELECT; older ones have the deadline alone."""
        raw = connection.connection.dbapi_connection
        if _is_mariadb(raw) and _version(raw) >= (10, 1, 2):
            connection.exec_driver_sql("SET SESSION max_statement_time = %s", (max(0.001, round(left_s, 3)),))
        elif not _is_mariadb(raw) and _version(raw) >= (5, 7, 8):
            connection.exec_driver_sql("SET SESSION max_execution_time = %s", (max(1, int(left_s * 1000)),))

    def abandon(self, connection: Any) -> None:
        """Rows that nobody wants any more: the driver would read them to their end."""
        if result := connection._result:  # noqa: SLF001 - as below
            result.unbuffered_active = False

    def hang_up(self, connection: Any, cursor: Any) -> None:  # noqa: ARG002 - as for every make
        """The socket itself, since the driver waits for it; the server ends the statement at its own timeout."""
        with contextlib.suppress(OSError, AttributeError):
            connection._sock.shutdown(socket.SHUT_RDWR)  # noqa: SLF001 - the driver shows it no other way

    def code_of(self, error: BaseException) -> Code | None:
        """By number."""
        number = error.args[0] if error.args else None
        return _NUMBERS.get(number) if isinstance(number, int) else None

    def words(self, error: BaseException) -> str:
        """Without the number."""
        return one_line(str(error.args[1]) if len(error.args) > 1 else str(error))


def _is_mariadb(connection: Any) -> bool:
    return "mariadb" in str(connection.get_server_info()).lower()


def _version(connection: Any) -> tuple[int, ...]:
    found = _VERSION.match(str(connection.get_server_info()).removeprefix(_PREFIX))
    return tuple(map(int, found.groups())) if found else (0, 0, 0)
