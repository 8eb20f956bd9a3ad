"""Real database servers on loopback, each with a database of a test's own in it: whoever owns it, and whoever may read."""

from __future__ import annotations

import os
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg
import pymysql  # type: ignore[import-untyped]  # it has no types
import pytest

HOST = "127.0.0.1"
PASSWORD = "a password of the tests"
ROWS = """
    INSERT INTO orders SELECT {number}, concat('Customer ', {number} % 1000), repeat('A line of an old order. ', 6),
    {number} * 1.25, {moment} FROM {series}
"""
TABLE = """
    CREATE TABLE orders (id BIGINT PRIMARY KEY, customer VARCHAR(100), note VARCHAR(300), amount DECIMAL(12, 2),
    changed {moment} NULL)
"""
INDEX = "CREATE INDEX orders_changed ON orders (changed, id)"


class Server(ABC):
    """Use it as a context manager. `name` is also that of the account that may read and nothing else."""

    engine = ""
    port = 0
    owner = ""
    sleep = ""

    def __init__(self) -> None:
        self.name = f"legacy_{secrets.token_hex(5)}"

    def __enter__(self) -> Self:
        for statement in self.beginning():
            self.run(statement, "")
        return self

    def __exit__(self, *_: object) -> None:
        for statement in self.end():
            self.run(statement, "")

    def options(self, **more: Any) -> dict[str, Any]:
        """Of a service that reads `orders` as the account that may not write."""
        at = {"engine": self.engine, "host": HOST, "port": self.port, "database": self.name, "user": self.name}
        return {**at, "tls": False, "table": "orders", "key_column": "id", "modified_column": "changed", **more}

    def fill(self, rows: int) -> None:
        """A table `orders`; seven rows each share the moment of their last change."""
        self.run("DROP TABLE IF EXISTS orders")
        for statement in self.filling(rows):
            self.run(statement)

    @abstractmethod
    def run(self, statement: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """As the owner, in the test's database unless said otherwise; what it found."""

    @abstractmethod
    def beginning(self) -> list[str]:
        """Statements that make database and account."""

    @abstractmethod
    def end(self) -> list[str]:
        """Statements that leave nothing of them."""

    @abstractmethod
    def filling(self, rows: int) -> list[str]:
        """Statements that make the table and let the account read it."""

    @abstractmethod
    def busy(self) -> int:
        """How many connections the console has to the test's database."""


class PostgreSQL(Server):
    engine = "postgresql"
    sleep = "pg_sleep"

    def __init__(self) -> None:
        super().__init__()
        given = os.environ.get("DATABASE_URL", "")
        place = urlsplit(given if given.startswith("postgres") else "postgres://postgres@127.0.0.1:5432")
        self.port, self.owner, self._password = place.port or 5432, place.username or "postgres", place.password or ""

    @property
    def url(self) -> str:
        """Of the server itself, as its owner."""
        return f"postgres://{self.owner}:{self._password}@{HOST}:{self.port}/postgres"

    def run(self, statement: str, database: str | None = None) -> list[tuple[Any, ...]]:
        with psycopg.connect(
            host=HOST,
            port=self.port,
            user=self.owner,
            password=self._password,
            dbname=(self.name if database is None else database) or "postgres",
            autocommit=True,
            connect_timeout=3,
        ) as connection:
            found = connection.execute(statement.encode())
            return list(found) if found.description else []

    def beginning(self) -> list[str]:
        account = f"CREATE ROLE {self.name} LOGIN PASSWORD '{PASSWORD}'"
        return [account, f"CREATE DATABASE {self.name} ENCODING 'UTF8' TEMPLATE template0"]

    def end(self) -> list[str]:
        return [f"DROP DATABASE {self.name} WITH (FORCE)", f"DROP ROLE {self.name}"]

    def filling(self, rows: int) -> list[str]:
        moment = "timestamp '2001-01-01 00:00:00' + (n / 7) * interval '1 second'"
        fill = ROWS.format(number="n", moment=moment, series=f"generate_series(1, {rows}) n")
        return [
            TABLE.format(moment="TIMESTAMP"),
            fill,
            INDEX,
            f"GRANT SELECT ON orders TO {self.name}",
            "ANALYZE orders",
        ]

    def busy(self) -> int:
        where = f"datname = '{self.name}' AND application_name = 'operations console'"
        ((count,),) = self.run(f"SELECT count(*) FROM pg_stat_activity WHERE {where}")
        return int(count)


class MariaDB(Server):
    engine = "mysql"
    port = 3306
    owner = "root"
    sleep = "sleep"

    def run(self, statement: str, database: str | None = None) -> list[tuple[Any, ...]]:
        where = (self.name if database is None else database) or None
        with (
            pymysql.connect(
                host=HOST, port=self.port, user=self.owner, database=where, autocommit=True, connect_timeout=3
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            return list(cursor.fetchall())

    def beginning(self) -> list[str]:
        return [
            f"CREATE DATABASE {self.name} CHARACTER SET utf8mb4",
            f"CREATE USER '{self.name}'@'{HOST}' IDENTIFIED BY '{PASSWORD}'",
        ]

    def end(self) -> list[str]:
        return [f"DROP DATABASE {self.name}", f"DROP USER '{self.name}'@'{HOST}'"]

    def filling(self, rows: int) -> list[str]:
        moment = "timestamp '2001-01-01 00:00:00' + INTERVAL (seq DIV 7) SECOND"
        fill = ROWS.format(number="seq", moment=moment, series=f"seq_1_to_{rows}")
        grant = f"GRANT SELECT ON {self.name}.orders TO '{self.name}'@'{HOST}'"
        return [TABLE.format(moment="DATETIME(6)"), fill, INDEX, grant]

    def busy(self) -> int:
        where = f"db = '{self.name}' AND user = '{self.name}'"
        ((count,),) = self.run(f"SELECT count(*) FROM information_schema.processlist WHERE {where}", "")
        return int(count)


@contextmanager
def serving(engine: str) -> Iterator[Server]:
    """A server of that make with a database of the test's own; skips where there is none, unless this is CI."""
    server: Server = {"postgresql": PostgreSQL, "mysql": MariaDB}[engine]()
    try:
        server.run("SELECT 1", "")
    except (psycopg.OperationalError, pymysql.err.OperationalError) as error:
        if os.environ.get("CI"):
            raise AssertionError(f"CI must have a {engine} server on {HOST}:{server.port}.") from error
        pytest.skip(f"there is no {engine} server on {HOST}:{server.port}")
    with server:
        yield server
