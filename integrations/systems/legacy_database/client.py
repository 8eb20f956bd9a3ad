"""Reads one table of an old database. Nothing is written, and no text of others becomes SQL.

How SQLAlchemy reads catalogues: https://docs.sqlalchemy.org/en/21/core/reflection.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Inspector, literal, select

from integrations.systems.base import Options, Position
from integrations.systems.legacy_database.keyset import Keyset, Place, Row
from integrations.systems.legacy_database.privileges import may_write
from integrations.systems.legacy_database.table import Table, described
from integrations.transport.codes import Code
from integrations.transport.database import DatabaseTransport
from integrations.transport.errors import CallError


@dataclass(frozen=True)
class TablePage:
    """Some rows in their order.

    Attributes:
        rows: values in the order of `keyset.table.columns`, as the driver gives them.
        position: behind the last of them.
        is_last: there are no more.
        remark: what is left out, in a sentence; on the first page alone.
    """

    keyset: Keyset
    rows: Sequence[Row]
    position: Position
    is_last: bool
    remark: str = ""


class Client:
    """One database, with the rights of one account."""

    def __init__(self, transport: DatabaseTransport, options: Options) -> None:
        self.options = options
        self._transport = transport

    def list_tables(self) -> list[str]:
        """Tables and views of the schema, as the option wants them."""

        def look(inspector: Inspector) -> list[str]:
            return sorted({*inspector.get_table_names(self._schema), *inspector.get_view_names(self._schema)})

        return self._transport.inspect("list_tables", look)

    def list_columns(self) -> list[str]:
        """Columns of the table, in its order."""
        return list(self._table.columns)

    def read_page(self, position: Position) -> TablePage:
        """The rows behind a position; an empty one is the beginning, `since` alone is everything changed since."""
        keyset, size = self._keyset, int(self.options["page_size"])
        place = keyset.place(position)
        wanted = size + 1 if place.after else size
        came = self._transport.select("read_rows", keyset.page(place, wanted), wanted).rows
        found, is_full = keyset.behind(place, came), len(came) == wanted
        if found is None:
            found = came
            self._prove(keyset, place)
        # Behind the last of the nulls the others begin; of these a page that is not full is the last.
        onward = keyset.next(place, found[-1] if found and (is_full or not place.nulls) else None)
        if is_full and (not found or onward == place):
            names = ", ".join(keyset.order(place))
            raise CallError(Code.BAD_PAGING, f"All rows of a page agree in {names}: choose a key that is unique.")
        is_last = not is_full and not place.nulls
        remark = "" if "after" in position else self._left_out(keyset)
        return TablePage(keyset, found, (place if is_last and not found else onward).position, is_last, remark)

    def _prove(self, keyset: Keyset, place: Place) -> None:
        """The last row of the page before did not come again: somebody deleted or changed it meanwhile.

        Raises:
            CallError: it is still there, but not found by its own values, so that others might be left out.
        """
        same = self._transport.select("find_row", keyset.same(place), 1).rows
        if same and keyset.next(place, same[0]) == place:
            names = ", ".join(keyset.order(place))
            raise CallError(
                Code.BAD_PAGING,
                f"A row is not found by its own values of {names}, since the driver rounds them: choose other columns.",
            )

    def check_health(self) -> str:
        """Whether it answers, and whether the account could do more than read."""
        self._transport.select("check_health", select(literal(1)), 1)
        if not self.options["table"]:
            return "It answers. Choose the table in the options."
        keyset = Keyset(self._table, (), "", nulls_first=False, zone=ZoneInfo("UTC"))
        if self._transport.is_writable("try_to_write", keyset.no_row()):
            return (
                f"“{self._table.name}” is writable! Nothing keeps the console from it: give the account SELECT alone."
            )
        asked = may_write(str(self.options["engine"]), self._table)
        if asked is not None and self._transport.select("read_privileges", asked, 1).rows[0][0]:
            return f"It answers, but the account could write to “{self._table.name}”: give it SELECT alone."
        return f"“{self._table.name}” can be read; writing is refused."

    @property
    def _schema(self) -> str | None:
        return str(self.options["schema"] or "").strip() or None

    @cached_property
    def _table(self) -> Table:
        name = str(self.options["table"] or "").strip()
        if not name:
            raise CallError(Code.NOT_SENDABLE, "Choose the table in the options of the service first.")
        return self._transport.inspect("list_columns", partial(described, name=name, schema=self._schema))

    @cached_property
    def _keyset(self) -> Keyset:
        key, modified = self.columns_of("key_column"), str(self.options["modified_column"] or "").strip()
        if not key:
            raise CallError(Code.NOT_SENDABLE, "Choose the key column in the options of the service first.")
        if modified:
            self._table.check("Column of the last change", (modified,))
        return Keyset(self._table, key, modified, self.options["null_modified"] == "first", self.zone)

    def columns_of(self, option: str) -> tuple[str, ...]:
        """The columns that an option names, with commas between them.

        Raises:
            CallError: the table has no such column.
        """
        names = tuple(filter(None, (name.strip() for name in str(self.options[option] or "").split(","))))
        self._table.check(option.replace("_", " ").capitalize(), names)
        return names

    @cached_property
    def zone(self) -> ZoneInfo:
        """Of times that have none.

        Raises:
            CallError: nobody knows it.
        """
        try:
            return ZoneInfo(str(self.options["zone"]))
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise CallError(
                Code.NOT_SENDABLE, f"“{self.options['zone']}” is no time zone: write one such as Europe/Berlin."
            ) from error

    def _left_out(self, keyset: Keyset) -> str:
        """Rows that no page can hold, and what cannot be known."""
        remarks = []
        if not keyset.table.is_key(keyset.key):
            remarks.append("The database does not say that the key is unique: of rows with the same one is kept.")
        skipped = [keyset.modified] if keyset.has_nulls and not keyset.nulls_first else []
        for name in dict.fromkeys((*keyset.key, *skipped)):
            if keyset.table.columns[name].may_be_null:
                count = self._transport.select("count_rows", keyset.count_without(name), 1).rows[0][0]
                remarks += [f"{count} rows without “{name}” are left out."] if count else []
        return " ".join(remarks)
