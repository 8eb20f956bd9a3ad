"""SQLAlchemy's view of a database of which only the ODBC driver knows what it is.

Tables and columns come from ODBC's catalogue functions, which every driver has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import types
from sqlalchemy.connectors.pyodbc import PyODBCConnector
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.sql.compiler import SQLCompiler

# SQL_TYPE_DATE and SQL_TYPE_TIMESTAMP, and the same of ODBC 2
_DATES, _MOMENTS = {9, 91}, {11, 93}
_TOP = ("access", "microsoft sql server", "adaptive server")
_LIMIT = ("sqlite", "mysql", "mariadb")


class OdbcCompiler(SQLCompiler):
    """Says how many rows in the words that the database understands; the standard's if it is not known."""

    dialect: OdbcDialect

    def get_select_precolumns(self, select: Any, **kw: Any) -> str:
        """TOP, where that is it."""
        before: str = super().get_select_precolumns(select, **kw)
        if self.dialect.rows == "top" and select._limit_clause is not None:  # noqa: SLF001 - as dialects do
            return f"{before}TOP {select._limit} "  # noqa: SLF001 - some drivers take no parameter there
        return before

    def limit_clause(self, select: Any, **kw: Any) -> str:
        """LIMIT, or FETCH FIRST of the standard."""
        if select._limit_clause is None or self.dialect.rows == "top":  # noqa: SLF001 - as dialects do
            return ""
        if self.dialect.rows == "limit":
            return str(super().limit_clause(select, **kw))  # type: ignore[no-untyped-call]  # SQLAlchemy's
        return f"\n FETCH FIRST {select._limit} ROWS ONLY"  # noqa: SLF001 - many take no parameter there


class OdbcDialect(PyODBCConnector, DefaultDialect):
    """Reads; there is nothing here to write with.

    Attributes:
        rows: “fetch”, “limit” or “top”.
    """

    name = "odbc"
    statement_compiler = OdbcCompiler
    supports_statement_cache = False  # the number of rows is part of the text
    default_paramstyle = "qmark"
    rows = "fetch"

    def initialize(self, connection: Any) -> None:
        """Ask the driver what it speaks to, and how names are quoted there."""
        raw, driver = connection.connection.dbapi_connection, self.loaded_dbapi
        make = str(raw.getinfo(driver.SQL_DBMS_NAME)).lower()
        self.rows = "top" if make.startswith(_TOP) else "limit" if make.startswith(_LIMIT) else "fetch"
        mark = str(raw.getinfo(driver.SQL_IDENTIFIER_QUOTE_CHAR)).strip() or '"'
        self.identifier_preparer.initial_quote = self.identifier_preparer.final_quote = mark
        self.identifier_preparer.escape_quote = mark

    def get_table_names(self, connection: Any, schema: str | None = None, **_: Any) -> list[str]:
        """Of the schema, or of all."""
        return [row[2] for row in _catalogue(connection, "tables", schema=schema, tableType="TABLE")]

    def get_view_names(self, connection: Any, schema: str | None = None, **_: Any) -> list[str]:
        """The same of views."""
        return [row[2] for row in _catalogue(connection, "tables", schema=schema, tableType="VIEW")]

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> list[Any]:
        """In the order of the table; to the driver the name is a pattern, so others may come too."""
        rows = [r for r in _catalogue(connection, "columns", table=table_name, schema=schema) if r[2] == table_name]
        if not rows:
            raise NoSuchTableError(table_name)
        return [{"name": row[3], "type": _type(row[4]), "nullable": row[10] != 0, "default": None} for row in rows]

    def get_pk_constraint(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> Any:
        """Empty where the driver does not say."""
        try:
            rows = list(_catalogue(connection, "primaryKeys", table=table_name, schema=schema))
        except self.loaded_dbapi.Error:
            rows = []
        return {"constrained_columns": [row[3] for row in rows], "name": None}

    def get_indexes(self, *_: Any, **__: Any) -> list[Any]:
        """None: drivers tell too many different things of them."""
        return []

    get_unique_constraints = get_indexes


def _catalogue(connection: Any, function: str, **which: Any) -> Iterator[Any]:
    cursor = connection.connection.dbapi_connection.cursor()
    try:
        yield from getattr(cursor, function)(**{name: value for name, value in which.items() if value is not None})
    finally:
        cursor.close()


def _type(number: int) -> Any:
    if number in _DATES:
        return types.Date()
    return types.DateTime() if number in _MOMENTS else types.NullType()
