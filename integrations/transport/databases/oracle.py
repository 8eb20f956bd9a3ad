"""Oracle, by its own driver in its thin form, which needs no client of Oracle's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection

from integrations.transport import tls
from integrations.transport.codes import Code
from integrations.transport.databases.engine import Connect, Engine

# https://docs.oracle.com/en/error-help/db/ - DPY are the driver's own
_CODES = {
    "ORA-00904": Code.NOT_FOUND,
    "ORA-00942": Code.NOT_FOUND,
    "ORA-01013": Code.TIMEOUT,
    "ORA-01017": Code.AUTH_FAILED,
    "ORA-01031": Code.FORBIDDEN,
    "ORA-01045": Code.AUTH_FAILED,
    "ORA-01456": Code.FORBIDDEN,
    "ORA-03113": Code.CONNECTION_BROKEN,
    "ORA-03114": Code.CONNECTION_BROKEN,
    "ORA-12514": Code.NOT_FOUND,
    "ORA-28000": Code.AUTH_FAILED,
    "ORA-28001": Code.AUTH_FAILED,
    "ORA-41900": Code.FORBIDDEN,
    "DPY-4011": Code.CONNECTION_BROKEN,
    "DPY-4024": Code.TIMEOUT,
    "DPY-6001": Code.NOT_FOUND,
}


class Oracle(Engine):
    """Each transaction is read-only; the driver keeps the time."""

    driver = "oracledb"
    package = "oracledb"
    dialect = "oracle+oracledb"
    port = 1521

    def url(self) -> URL:
        """The make alone: where it is goes another way."""
        return URL.create(self.dialect)

    def connect(self, connect: Connect) -> Any:
        """The database is a service name."""
        login, settings = self.login, self.settings
        how: dict[str, Any] = {"protocol": "tcp"}
        if login.tls:
            how = {"protocol": "tcps", "ssl_context": tls.context(settings.ca_bundle, settings.client_certificate)}
        return connect(
            user=login.user,
            password=login.password,
            host=login.host,
            port=login.port or self.port,
            service_name=login.database,
            tcp_connect_timeout=settings.connect_timeout_s,
            **how,
        )

    def begin(self, connection: Connection, left_s: float) -> None:
        """The driver breaks off what takes longer."""
        raw: Any = connection.connection.dbapi_connection
        raw.call_timeout = max(1, int(left_s * 1000))
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")

    def hang_up(self, connection: Any, cursor: Any) -> None:  # noqa: ARG002 - as for every make
        """The driver has a way to break off from another thread."""
        connection.cancel()

    def code_of(self, error: BaseException) -> Code | None:
        """By Oracle's code."""
        return _CODES.get(getattr(error.args[0], "full_code", "") if error.args else "")
