"""Transports to databases, and questions to ask through them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Integer, String, column, func, literal, select, table

from integrations.transport.database import DatabaseTransport, Question
from integrations.transport.databases.engine import Login
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError
from integrations.transport.settings import Keep, Settings
from tests.peers.database_servers import HOST, PASSWORD, Server

ONE = select(literal(1))
THINGS: Question = (
    select(column("id", Integer), column("name", String)).select_from(table("things")).order_by(column("id"))
)


def login_of(server: Server, **more: Any) -> Login:
    at = {"engine": server.engine, "host": HOST, "port": server.port, "database": server.name, "user": server.name}
    return Login(**{**at, "password": PASSWORD, "tls": False, **more})


def transport_to(login: Login, heard: list[CallDetails], **settings: Any) -> DatabaseTransport:
    """With a short deadline, one attempt, and everything kept."""
    how = {"base_url": "", "deadline_s": 5.0, "attempts": 1, "keep": Keep.ALWAYS, "secrets": (login.password,)}
    return DatabaseTransport(Settings(**{**how, **settings}), login, (heard.append,))


def sleep(server: Server, seconds: float) -> Question:
    return select(getattr(func, server.sleep)(seconds))


def file_of(folder: Path, *statements: str) -> Login:
    """A new SQLite file with a table of three things."""
    with closing(sqlite3.connect(folder / "things.sqlite3")) as connection, connection:
        connection.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT)")
        connection.executemany("INSERT INTO things VALUES (?, ?)", [(1, "Ada"), (2, "Béla"), (3, "Cleo")])
        for statement in statements:
            connection.execute(statement)
    return Login("sqlite", database="things.sqlite3", files=folder)


def failing(ask: Callable[[], object]) -> CallError:
    """The error of a question that must fail."""
    try:
        found = ask()
    except CallError as error:
        return error
    raise AssertionError(f"it did not fail but found {found}")
