"""A database of its own for one deployment, and this process's ORM turned to it."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit

import dj_database_url
import psycopg
from django.contrib.contenttypes.models import ContentType
from django.db import connections
from psycopg import sql

from console.settings import SQLITE_OPTIONS

SQLITE_FILE = "console.sqlite3"


@contextmanager
def fresh_database(folder: Path, template: str = "") -> Iterator[str]:
    """The URL of a new database: on the server of DATABASE_URL if that is PostgreSQL, else a file.

    Args:
        folder: where the file goes.
        template: the URL of another of these, which nobody uses, to copy; empty without it.
    """
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        if template:
            shutil.copyfile(template.removeprefix("sqlite:///"), folder / SQLITE_FILE)
        yield f"sqlite:///{folder / SQLITE_FILE}"
        return
    name = f"console_flow_{secrets.token_hex(6)}"
    _execute(server, "CREATE DATABASE {} TEMPLATE {}", name, urlsplit(template).path[1:] or "template1")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        _execute(server, "DROP DATABASE {} WITH (FORCE)", name)


def _execute(server: str, statement: LiteralString, *names: str) -> None:
    maintenance = urlsplit(server)._replace(path="/postgres").geturl()  # as Django does: the named one need not exist
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


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
