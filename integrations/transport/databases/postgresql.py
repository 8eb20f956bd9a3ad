"""PostgreSQL, by psycopg."""

from __future__ import annotations

import contextlib
import math
import os
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, ClassVar

import psycopg
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Loader
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from sqlalchemy import Connection

from integrations.transport import pem
from integrations.transport.codes import Code
from integrations.transport.databases.engine import Connect, Engine, one_line
from integrations.transport.databases.text import decoded

# https://www.postgresql.org/docs/current/errcodes-appendix.html - by the longest beginning
_STATES = {
    "08": Code.CONNECTION_BROKEN,
    "22": Code.HTTP_ERROR,
    "25006": Code.FORBIDDEN,
    "28": Code.AUTH_FAILED,
    "3D": Code.NOT_FOUND,
    "3F": Code.NOT_FOUND,
    "42": Code.HTTP_ERROR,
    "42501": Code.FORBIDDEN,
    "42703": Code.NOT_FOUND,
    "42P01": Code.NOT_FOUND,
    "55P03": Code.TIMEOUT,
    "57014": Code.TIMEOUT,
    "57P": Code.CONNECTION_BROKEN,
}
# The driver tells no code of what went wrong while it connected.
_WORDS = (
    (re.compile(r'database ".*" does not exist'), Code.NOT_FOUND),
    (re.compile(r"too many (?:clients|connections)|remaining connection slots"), Code.SERVER_ERROR),
    (
        re.compile(
            r"authentication failed|role \".*\" does not exist|pg_hba\.conf|no password supplied|valid client certificate"
        ),
        Code.AUTH_FAILED,
    ),
)
_PLACE = re.compile(r".*(?:(?:FATAL|ERROR): +|, port \d+ failed: )")
_NO_FILE = f"{os.devnull}/none"
# What Python has no value for (infinity, 24:00, years before 1 and after 9999) stays text instead of ending the run.
_MOMENTS = ("timestamp", "timestamptz", "date", "time", "timetz", "interval")
_TEXTS = ("text", "varchar", "bpchar", "name")


class PostgreSQL(Engine):
    """Each transaction is read-only and says itself how long it may take, so that a pooler in between does no harm."""

    driver = "psycopg"
    package = "psycopg[binary]"
    dialect = "postgresql+psycopg"
    port = 5432
    options: ClassVar = {"postgresql_readonly": True}

    def connect(self, connect: Connect) -> Any:
        """With nothing of the console's own account: libpq would look for passwords in its files and variables."""
        with self._identity() as identity:
            return connect(
                password=self.login.password,
                passfile=_NO_FILE,
                options="",
                gssencmode="disable",
                client_encoding="utf8",
                prepare_threshold=None,  # a pooler would not know the statement again
                application_name="operations console",
                connect_timeout=math.ceil(self.settings.connect_timeout_s),
                **identity,
            )

    @contextmanager
    def _identity(self) -> Iterator[dict[str, str]]:
        """TLS as the service says; libpq reads certificates from files only, which are gone afterwards."""
        with ExitStack() as files:

            def file_of(text: str) -> str:
                file = files.enter_context(NamedTemporaryFile("w"))
                file.write(text)
                file.flush()
                return file.name

            found = {"sslmode": "prefer", "sslcert": "", "sslkey": ""}
            if self.login.tls:
                usual = _usual_authorities()
                root = file_of(f"{usual}\n{pem.with_lines(self.settings.ca_bundle)}") if self.settings.ca_bundle else ""
                found |= {"sslmode": "verify-full", "sslrootcert": root or DEFAULT_CA_BUNDLE_PATH}
            if self.settings.client_certificate:
                name = file_of(pem.with_lines(self.settings.client_certificate))
                found |= {"sslcert": name, "sslkey": name}
            yield found

    def opened(self, connection: Any) -> None:
        """What the driver would stumble over is read as text."""
        kinds: tuple[str, ...] = _MOMENTS
        if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
            # It never said what its bytes mean, and would refuse to send as UTF-8 what is none.
            connection.execute("SET client_encoding TO 'SQL_ASCII'")
            connection.commit()
            kinds += _TEXTS
        for kind in kinds:
            oid = connection.adapters.types[kind].oid
            usual = connection.adapters.get_loader(oid, psycopg.pq.Format.TEXT)
            connection.adapters.register_loader(oid, _lenient(usual))

    def begin(self, connection: Connection, left_s: float) -> None:
        """Moments come in UTC, whatever the server's zone."""
        connection.exec_driver_sql(
            "SELECT set_config('statement_timeout', %s, true), set_config('TimeZone', 'UTC', true)",
            (str(max(1, int(left_s * 1000))),),
        )

    def hang_up(self, connection: Any, cursor: Any) -> None:  # noqa: ARG002 - as for every make
        """The socket itself, since the driver waits for it; the server ends the statement at its own timeout."""
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as sock:
            sock.shutdown(socket.SHUT_RDWR)

    def code_of(self, error: BaseException) -> Code | None:
        """By SQLSTATE; by words while it connects."""
        state = getattr(error, "sqlstate", None)
        if not state:
            return next((code for words, code in _WORDS if words.search(str(error))), None)
        return next((_STATES[state[:n]] for n in (5, 3, 2) if state[:n] in _STATES), Code.SERVER_ERROR)

    def words(self, error: BaseException) -> str:
        """Without the place in the statement, and without what `peer` says already."""
        said = getattr(getattr(error, "diag", None), "message_primary", None)
        return one_line(said or _PLACE.sub("", str(error)))


@cache
def _usual_authorities() -> str:
    return Path(DEFAULT_CA_BUNDLE_PATH).read_text("utf-8")


def _lenient(usual: type[Loader]) -> type[Loader]:
    class Lenient(Loader):
        def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
            super().__init__(oid, context)
            self._usual = usual(oid, context)

        def load(self, data: Buffer) -> Any:
            try:
                found = self._usual.load(data)
            except psycopg.DataError:
                return bytes(data).decode()
            return decoded(found) if isinstance(found, bytes) else found

    return Lenient
