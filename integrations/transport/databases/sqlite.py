"""SQLite files, by Python's own driver."""

from __future__ import annotations

import sqlite3
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL

from integrations.transport.codes import Code
from integrations.transport.databases.engine import Connect, Engine
from integrations.transport.databases.text import decoded
from integrations.transport.errors import CallError

# https://www.sqlite.org/rescode.html - the first eight bits say the kind
_CODES = {
    sqlite3.SQLITE_AUTH: Code.FORBIDDEN,
    sqlite3.SQLITE_BUSY: Code.TIMEOUT,
    sqlite3.SQLITE_CANTOPEN: Code.NOT_FOUND,
    sqlite3.SQLITE_CORRUPT: Code.SERVER_ERROR,
    sqlite3.SQLITE_INTERRUPT: Code.TIMEOUT,
    sqlite3.SQLITE_NOTADB: Code.HTTP_ERROR,
    sqlite3.SQLITE_PERM: Code.FORBIDDEN,
    sqlite3.SQLITE_READONLY: Code.FORBIDDEN,
}
_MISSING = ("no such table", "no such column")
# The file alone is opened for reading: ATTACH would open another one for writing, and many a PRAGMA writes.
_ALLOWED = (
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_TRANSACTION,
)
_LOOKS = frozenset({"foreign_key_list", "index_info", "index_list", "table_info", "table_list", "table_xinfo"})
_LOOKS_WITHOUT_VALUE = frozenset({"read_uncommitted"})  # SQLAlchemy asks for it when it connects


class SQLite(Engine):
    """A file, opened for reading, in the one folder that such files are read from."""

    driver = "sqlite3"
    package = "nothing: it comes with Python"
    dialect = "sqlite+pysqlite"
    port = 0

    @cached_property
    def peer(self) -> str:
        """The file's name."""
        return self.login.database

    @cached_property
    def address(self) -> str:
        """The file's name below its folder."""
        return f"sqlite://localhost/{quote(self.login.database)}"

    def check(self) -> None:
        """The console's own database, and whatever else lies on its disk, is nobody's business here.

        Raises:
            CallError: the file is not in the folder.
        """
        self._load()
        if self._file is None:
            raise CallError(
                Code.NOT_FOUND, f"There is no file “{self.login.database}” in {self.login.files}, where files are read."
            )

    @cached_property
    def _file(self) -> Path | None:
        """Links followed; None where there is no such file in the folder."""
        folder = self.login.files.resolve()
        try:
            file = (folder / self.login.database).resolve()
            return file if folder in file.parents and file.is_file() else None
        except (OSError, ValueError, RuntimeError):  # no path at all, or links in a circle
            return None

    def url(self) -> URL:
        """The make alone; where it is goes another way."""
        return URL.create(self.dialect)

    def connect(self, connect: Connect) -> Any:  # noqa: ARG002 - the same for every make
        """Read-only; who writes to the file is waited for until the deadline."""
        where = f"file:{quote(str(self._file))}?mode=ro"
        return sqlite3.connect(where, uri=True, timeout=self.settings.deadline_s, check_same_thread=False)

    def opened(self, connection: Any) -> None:
        """What is no UTF-8 is read all the same."""
        connection.text_factory = decoded
        connection.set_authorizer(_authorize)

    def hang_up(self, connection: Any, cursor: Any) -> None:  # noqa: ARG002 - as for every make
        """Python's driver allows this one thing from another thread."""
        connection.interrupt()

    def code_of(self, error: BaseException) -> Code | None:
        """By SQLite's result code; for what is missing it has none but “error”."""
        if any(str(error).startswith(words) for words in _MISSING):
            return Code.NOT_FOUND
        if str(error) == "not authorized":
            return Code.FORBIDDEN
        return _CODES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)


def _authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    allowed = action in _ALLOWED
    if action == sqlite3.SQLITE_PRAGMA:
        name = (first or "").lower()
        allowed = name in _LOOKS or (name in _LOOKS_WITHOUT_VALUE and second is None)
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY
