"""Pages by key: each begins with the last row of the one before, so that nothing is counted and nothing slips.

Where that row does not come again it is gone, or the database does not find a value by what its driver made of it
(fractions of a second, floating point): rows would be lost, and the reader must know.

With a column of the last change, rows are read in its order and by key where it is equal; rows that have none come
before all others, or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any, cast

from sqlalchemy import ColumnElement, Delete, and_, bindparam, column, delete, false, func, or_, select, table
from sqlalchemy.types import NullType

from integrations.systems.base import Position
from integrations.systems.legacy_database.table import Kind, Table
from integrations.systems.legacy_database.values import Stored, as_stored, from_stored, local_start, utc_start
from integrations.systems.stamps import parse_stamp
from integrations.transport.database import Question

Row = Sequence[Any]  # in the order of the table's columns


@dataclass(frozen=True)
class Place:
    """Where reading goes on.

    Attributes:
        since: only what changed then or later, as the position says it; empty for everything.
        nulls: among the rows without a last change.
        after: of the last row that was read: its last change (not among the nulls), then its key.
    """

    since: str = ""
    nulls: bool = False
    after: tuple[Stored, ...] = ()

    @property
    def position(self) -> Position:
        """As it is stored."""
        since = {"since": self.since} if self.since else {}
        return {**since, "nulls": self.nulls, "after": [list(stored) for stored in self.after]}


@dataclass(frozen=True)
class Keyset:
    """How one table is read.

    Attributes:
        key: its columns; `modified` is the column of the last change, empty where there is none.
        nulls_first: rows without a last change are read.
        zone: of times that have none.
    """

    table: Table
    key: tuple[str, ...]
    modified: str
    nulls_first: bool
    zone: tzinfo

    @property
    def has_nulls(self) -> bool:
        """Whether there may be rows without a last change."""
        return bool(self.modified) and self.table.columns[self.modified].may_be_null

    def place(self, position: Position) -> Place:
        """The place of a position; an empty one, or one with `since` alone, is the beginning."""
        beginning = Place(str(position.get("since") or ""), nulls=self.has_nulls and self.nulls_first)
        if "after" not in position:
            return beginning
        return replace(beginning, nulls=bool(position["nulls"]), after=tuple(map(list, position["after"])))

    def next(self, place: Place, last: Row | None) -> Place:
        """Behind this row of the page; None: there was none left among the nulls, so the others follow."""
        if last is None:
            return replace(place, nulls=False, after=())
        return replace(place, after=self._stored(place, last))

    def page(self, place: Place, size: int) -> Question:
        """The next rows with all columns, in the order of the table's; the row of the place itself comes first."""
        order = map(_column, self.order(place))
        rows = select(*map(_column, self.table.columns)).select_from(self._named)
        return rows.where(*self._conditions(place)).order_by(*order).limit(size)

    def behind(self, place: Place, rows: Sequence[Row]) -> Sequence[Row] | None:
        """Those behind the row of the place; None where that is not among them."""
        if not place.after:
            return rows
        came = (number for number, row in enumerate(rows, start=1) if self._stored(place, row) == place.after)
        number = next(came, None)
        return None if number is None else rows[number:]

    def same(self, place: Place) -> Question:
        """The row whose key is that of the place, if there is one."""
        values = [from_stored(stored) for stored in place.after[-len(self.key) :]]
        rows = select(*map(_column, self.table.columns)).select_from(self._named)
        conditions = [column(name) == _bound(value) for name, value in zip(self.key, values, strict=True)]
        return rows.where(*conditions, *([column(self.modified).is_(None)] if place.nulls else []))

    def count_without(self, name: str) -> Question:
        """How many rows have nothing in a column."""
        return select(func.count()).select_from(self._named).where(column(name).is_(None))

    def no_row(self) -> Delete:
        """What deletes nothing, to see whether it would be refused."""
        return delete(self._named).where(false())

    @property
    def _named(self) -> Any:
        # Without types: values come as the driver gives them, and go back into conditions as they came.
        return table(self.table.name, *map(column, self.table.columns), schema=self.table.schema)

    def _stored(self, place: Place, row: Row) -> tuple[Stored, ...]:
        names = list(self.table.columns)
        return tuple(as_stored(row[names.index(name)]) for name in self.order(place))

    def order(self, place: Place) -> tuple[str, ...]:
        """The columns that rows are ordered by there."""
        return self.key if place.nulls or not self.modified else (self.modified, *self.key)

    def _conditions(self, place: Place) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = [
            column(name).is_not(None) for name in self.key if self.table.columns[name].may_be_null
        ]
        if place.nulls:
            conditions.append(column(self.modified).is_(None))
        elif self.modified:
            conditions += [column(self.modified).is_not(None)] if self.has_nulls else []
            conditions += self._since(place)
        if place.after:
            values = [from_stored(stored) for stored in place.after]
            conditions.append(_from(self.order(place), values))
        return conditions

    def _since(self, place: Place) -> list[ColumnElement[bool]]:
        since = parse_stamp(place.since)
        kind = self.table.columns[self.modified].kind
        if since is None or kind is Kind.NO_MOMENT:
            return []
        changed = column(self.modified) >= _bound(_start(since, kind, self.zone))
        # SQLite's columns hold what they like: what is no text is older than all text to it, but not to us.
        return [or_(changed, func.typeof(column(self.modified)) != "text") if kind is Kind.TEXT else changed]


def _start(since: datetime, kind: Kind, zone: tzinfo) -> Any:
    """In whole seconds, since many columns hold no more."""
    since = since.replace(microsecond=0)
    if kind is Kind.ZONED:
        return since
    if kind is Kind.UTC:
        return utc_start(since)
    local = local_start(since, zone)
    if kind is Kind.DATE:
        return local.date()
    # The blank sorts before the “T” that may stand there, and the date alone before both.
    return str(local.date()) if kind is Kind.TEXT else local


def _from(names: Sequence[str], values: Sequence[Any]) -> ColumnElement[bool]:
    """`(a, b) >= (x, y)`, which not every database knows, so that an index on the first can be used."""
    first, value = _column(names[0]), _bound(values[0])
    if len(names) == 1:
        return cast("ColumnElement[bool]", first >= value)
    return and_(first >= value, or_(first > value, _from(names[1:], values[1:])))


def _column(name: str) -> ColumnElement[Any]:
    return column(name)


def _bound(value: Any) -> Any:
    """A parameter whose type is the column's business: a cast might keep an index from being used."""
    return bindparam(None, value, type_=NullType())
