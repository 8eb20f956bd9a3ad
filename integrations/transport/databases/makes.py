"""The makes of databases by name. Each is loaded when the first of it is read."""

from __future__ import annotations

from importlib import import_module

from integrations.transport.codes import Code
from integrations.transport.databases.engine import Engine, Login
from integrations.transport.errors import CallError
from integrations.transport.settings import Settings

_CLASSES = {
    "mssql": "SQLServer",
    "mysql": "MySQL",
    "odbc": "Odbc",
    "oracle": "Oracle",
    "postgresql": "PostgreSQL",
    "sqlite": "SQLite",
}


def engine_of(login: Login, settings: Settings) -> Engine:
    """The engine of a login.

    Raises:
        CallError: nobody knows that make.
    """
    if login.engine not in _CLASSES:
        raise CallError(Code.NOT_SENDABLE, f"Choose the make of the database: “{login.engine}” is none.")
    module = import_module(f"integrations.transport.databases.{login.engine}")
    made: Engine = getattr(module, _CLASSES[login.engine])(login, settings)
    return made
