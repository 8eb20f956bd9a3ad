"""A database of its own for one deployment, and this process's ORM turned to it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import psycopg
from django.contrib.contenttypes.models import ContentType
from django.db import connections
from psycopg import sql

from console.settings import SQLITE_OPTIONS


@contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """The URL of a new, empty database: on the server of DATABASE_URL if that is PostgreSQL, else a file."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield f"sqlite:///{folder / 'console.sqlite3'}"
        return
    name = f"console_flow_{secrets.token_hex(6)}"
    _execute(server, "CREATE DATABASE {}", name)
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        _execute(server, "DROP DATABASE {} WITH (FORCE)", name)


def _execute(server: str, statement: str, name: str) -> None:
    maintenance = urlsplit(server)._replace(path="/postgres").geturl()  # as Django does: the named one need not exist
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


@contextmanager
def orm_on(url: str) -> Iterator[None]:
    """Inside, `Model.objects` of this process speaks to that database; afterwards to the former again."""
    former, former_settings = connections["default"], connections.settings["default"]
    options = SQLITE_OPTIONS if url.startswith("sqlite") else {}
    connections.settings["default"] = {**former_settings, **dj_database_url.parse(url), "OPTIONS": options}
    connections["default"] = connections.create_connection("default")
    ContentType.objects.clear_cache()  # the numbers differ from database to database
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"] = former_settings
        connections["default"] = former
        ContentType.objects.clear_cache()
