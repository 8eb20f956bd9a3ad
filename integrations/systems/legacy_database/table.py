"""What the catalogue says of the table, as far as reading it page by page needs that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import Date, DateTime, Inspector
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.types import TypeEngine

from integrations.transport.codes import Code
from integrations.transport.errors import CallError


class Kind(Enum):
    """How the values of a column say when something happened."""

    NO_MOMENT = "no moment"
    LOCAL = "a time without its zone"
    UTC = "a time without its zone, which is UTC"
    ZONED = "a time with its zone"
    DATE = "a date"
    TEXT = "a time in ISO 8601, as text"


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        may_be_null: as far as the catalogue knows; it does not know it of views.
    """

    kind: Kind
    may_be_null: bool


@dataclass(frozen=True)
class Table:
    """The table or view of a service.

    Attributes:
        unique: sets of columns of which the catalogue says that no two rows agree in them.
    """

    name: str
    schema: str | None
    columns: Mapping[str, Column]
    unique: frozenset[frozenset[str]]

    def check(self, option: str, names: tuple[str, ...]) -> None:
        """The columns that an option names are there.

        Raises:
            CallError: one is not.
        """
        for name in names:
            if name not in self.columns:
                raise CallError(
                    Code.NOT_FOUND,
                    f"“{self.name}” has no column “{name}” (option “{option}”). It has: {', '.join(self.columns)}.",
                )

    def is_key(self, names: tuple[str, ...]) -> bool:
        """Whether the catalogue says that these are unique."""
        return any(unique <= set(names) for unique in self.unique)


def described(inspector: Inspector, name: str, schema: str | None) -> Table:
    """The table as it is now.

    Raises:
        CallError: there is none of that name.
    """
    try:
        found = inspector.get_columns(name, schema)
    except NoSuchTableError as error:
        where = f" in the schema “{schema}”" if schema else ""
        raise CallError(
            Code.NOT_FOUND, f"There is no table or view “{name}”{where}, or the account may not see it."
        ) from error
    dialect = inspector.dialect.name
    columns = {each["name"]: Column(_kind(each["type"], dialect), bool(each["nullable"])) for each in found}
    return Table(name, schema, columns, _unique(inspector, name, schema))


def _kind(type_: TypeEngine[object], dialect: str) -> Kind:
    if dialect == "sqlite":
        return Kind.TEXT if isinstance(type_, DateTime | Date) else Kind.NO_MOMENT
    if isinstance(type_, Date):
        return Kind.DATE
    if not isinstance(type_, DateTime):
        return Kind.NO_MOMENT
    if dialect in {"mysql", "mariadb"} and type_.__visit_name__ == "TIMESTAMP":
        return Kind.UTC
    return Kind.ZONED if type_.timezone else Kind.LOCAL


def _unique(inspector: Inspector, name: str, schema: str | None) -> frozenset[frozenset[str]]:
    sets: list[list[Any]] = [inspector.get_pk_constraint(name, schema)["constrained_columns"]]
    sets += [list(each["column_names"]) for each in inspector.get_indexes(name, schema) if each["unique"]]
    sets += [each["column_names"] for each in inspector.get_unique_constraints(name, schema)]
    return frozenset(frozenset(names) for names in sets if names and None not in names)
