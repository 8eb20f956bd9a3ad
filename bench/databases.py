"""Databases of their own for the candidates of a benchmark, gone afterwards."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString
from urllib.parse import urlsplit

import psycopg
from peers import Unavailable, home
from psycopg import sql

KINDS = ("sqlite", "postgresql")


@contextmanager
def fresh_database(kind: str, server: str) -> Iterator[str]:
    """The URL of a new, empty database.

    Args:
        server: URL of the PostgreSQL server; its database is not touched.

    Raises:
        Unavailable: the server cannot be reached or lets nobody make a database.
    """
    make = _on_server(server) if kind == "postgresql" else _in_file()
    with make as url:
        yield url


@contextmanager
def _in_file() -> Iterator[str]:
    with tempfile.TemporaryDirectory(dir=home(), prefix="bench-") as folder:
        yield f"sqlite:///{folder}/bench.sqlite3"


@contextmanager
def _on_server(server: str) -> Iterator[str]:
    name = f"console_bench_{secrets.token_hex(6)}"
    _execute(server, "CREATE DATABASE {}", name)
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        _execute(server, "DROP DATABASE {} WITH (FORCE)", name)


def _execute(server: str, statement: LiteralString, name: str) -> None:
    maintenance = urlsplit(server)._replace(path="/postgres").geturl()
    try:
        with psycopg.connect(maintenance, autocommit=True, connect_timeout=3) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
    except psycopg.Error as error:
        parts = urlsplit(server)
        place = f"{parts.hostname}:{parts.port or 5432}"
        sentence = f"PostgreSQL at {place} cannot be used: {str(error).strip().splitlines()[0]}."
        raise Unavailable(f"{sentence} Start it, name another with --postgres, or run --database sqlite.") from error
