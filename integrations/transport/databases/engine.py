"""What the transport must know of one make of database: its driver, its guards, its errors."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from sqlalchemy import URL, Connection

from integrations.transport import failures
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.settings import Settings

Connect = Callable[..., Any]  # the driver's, with what the address says filled in
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,255}")


@dataclass(frozen=True)
class Login:
    """Where a database is, and who asks.

    Attributes:
        engine: the name of its make, see `databases/makes.py`.
        port: None for the usual one.
        tls: the server must prove who it is; otherwise TLS is used where the server offers it.
        files: the folder that files are read from, for makes that are files.
    """

    engine: str
    host: str = ""
    port: int | None = None
    database: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = True
    files: Path = Path("/nonexistent")


class Engine(ABC):
    """One database of this make. Nothing here waits longer than the settings say.

    Attributes:
        driver: the module that speaks to it; `package` is what pip installs.
        dialect: SQLAlchemy's name for the two together.
        options: for SQLAlchemy, with every statement.
    """

    driver: ClassVar[str]
    package: ClassVar[str]
    dialect: ClassVar[str]
    port: ClassVar[int]
    options: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, login: Login, settings: Settings) -> None:
        self.login = login
        self.settings = settings

    @cached_property
    def peer(self) -> str:
        """Host and port as staff write them."""
        return failures.peer(self.login.host, self.login.port or self.port)

    @cached_property
    def address(self) -> str:
        """Where it is, without user and password, for the call log."""
        return f"{self.login.engine}://{self.peer}/{quote(self.login.database, safe='')}"

    def check(self) -> None:
        """Nothing is asked of a database that cannot be one, or without its driver.

        Raises:
            CallError: it says what is missing.
        """
        # A path would be a socket of this machine, a comma a list: neither is a host whose circuit can be kept.
        if not _HOST.fullmatch(self.login.host):
            raise CallError(
                Code.NOT_SENDABLE, "Enter the host in the options of the service: a name or an address alone."
            )
        self._load()

    def _load(self) -> None:
        try:
            import_module(self.driver)
        except ImportError as error:
            raise CallError(
                Code.NOT_SENDABLE,
                f"The driver is not installed. Where the console runs: pip install {self.package}",
            ) from error

    @property
    def error(self) -> type[Exception]:
        """The base of the driver's errors, for what SQLAlchemy lets through (PEP 249)."""
        found: type[Exception] = import_module(self.driver).Error
        return found

    def url(self) -> URL:
        """For SQLAlchemy; the password goes another way."""
        login = self.login
        return URL.create(
            self.dialect, login.user or None, host=login.host, port=login.port or self.port, database=login.database
        )

    @abstractmethod
    def connect(self, connect: Connect) -> Any:
        """A new connection of the driver's."""

    def opened(self, connection: Any) -> None:  # noqa: B027 - not every make needs it
        """Prepare a connection of the driver's, once."""

    def begin(self, connection: Connection, left_s: float) -> None:  # noqa: B027 - not every make needs it
        """Before each question: nothing may be written, and nothing may take longer than this."""

    def abandon(self, connection: Any) -> None:  # noqa: B027 - not every make needs it
        """Before a connection is thrown away in the middle of something."""

    def hang_up(self, connection: Any, cursor: Any) -> None:  # noqa: B027 - not every make needs it
        """End what the driver's connection waits for, or its newest cursor; called from another thread."""

    @abstractmethod
    def code_of(self, error: BaseException) -> Code | None:
        """What the driver's error means; None where it does not say."""

    def words(self, error: BaseException) -> str:
        """The database's own, in one line and without a full stop."""
        return one_line(str(error))


def one_line(text: str) -> str:
    """The first line that says something, without a full stop."""
    lines = (line.strip() for line in text.splitlines())
    return next(filter(None, lines), "it does not say why").rstrip(".")
