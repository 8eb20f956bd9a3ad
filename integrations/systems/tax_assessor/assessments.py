"""Assessed values, read from whatever a source answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.systems.base import Options
from integrations.systems.tax_assessor import chosen
from integrations.transport.codes import Code
from integrations.transport.errors import CallError

_YEAR = re.compile(r"\d{4}(?!\d)", re.ASCII)  # also of 2026.0, and of 2026-01-01T00:00:00.000


@dataclass(frozen=True)
class Assessment:
    """What a parcel is assessed at: not its market value, of which it may be a tenth.

    Attributes:
        parcel_id: as the source writes it.
        year: the tax year.
        land, building: in the source's currency, None where it does not divide the total.
        stage: how final the values are, in the source's word; None where it says nothing of that.
        raw: what the source answered.
    """

    parcel_id: str
    year: int
    land: Decimal | None
    building: Decimal | None
    total: Decimal
    stage: str | None
    raw: Any


@dataclass(frozen=True)
class Columns:
    """Where the values of one stage are; empty where there are none."""

    stage: str | None
    land: str
    building: str
    total: str


def stages(options: Options) -> tuple[Columns, ...]:
    """The columns of each stage, the last stage first.

    Raises:
        CallError: one of them is no name of a column.
    """
    names = [name.strip() for name in chosen.text(options, "stages").split(",") if name.strip()]
    return tuple(_columns(options, name) for name in reversed(names)) or (_columns(options, ""),)


def _columns(options: Options, stage: str) -> Columns:
    return Columns(
        stage or None,
        chosen.optional_column(options, "land_column", stage),
        chosen.optional_column(options, "building_column", stage),
        chosen.column(options, "total_column", stage),
    )


def latest(rows: Iterable[Mapping[str, Any]], parcel_id: str, options: Options) -> Assessment | None:
    """The latest year that has a total, at its last stage; None where no year has one.

    Raises:
        CallError: the rows are of another parcel, or hold values that are none.
    """
    columns = stages(options)
    found = [one for row in rows if (one := _of_row(row, parcel_id, options, columns))]
    return max(found, key=lambda one: one.year, default=None)


def _of_row(
    row: Mapping[str, Any], parcel_id: str, options: Options, columns: tuple[Columns, ...]
) -> Assessment | None:
    if chosen.parcel_number(row.get(chosen.column(options, "parcel_column"), ""), options) != parcel_id:
        raise CallError(Code.BAD_ANSWER, f"A row of the answer is not of the parcel {parcel_id}.")
    at = next((each for each in columns if row.get(each.total) is not None), None)
    if at is None:
        return None  # the new year is prepared, and nothing is assessed yet
    year_column = chosen.column(options, "year_column")
    return Assessment(
        parcel_id=parcel_id,
        year=year_of(row.get(year_column), year_column),
        land=amount_of(row.get(at.land), at.land),
        building=amount_of(row.get(at.building), at.building),
        total=total_of(row.get(at.total), at.total),
        stage=at.stage,
        raw=row,
    )


def year_of(value: Any, where: str) -> int:
    """The year of a number, a text or a stamp.

    Raises:
        CallError: it holds none.
    """
    found = None if isinstance(value, bool) else _YEAR.match(str(value))
    if not found:
        raise CallError(Code.BAD_ANSWER, f"There is no year at “{where}” in the answer.")
    return int(found[0])


def amount_of(value: Any, where: str) -> Decimal | None:
    """An amount that came as text or number; None for nothing.

    Raises:
        CallError: it is no amount.
    """
    if value is None:
        return None
    try:
        found = Decimal(str(value)) if isinstance(value, str | int | float) else Decimal("nan")
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite():
        raise CallError(Code.BAD_ANSWER, f"What is at “{where}” in the answer is no amount.")
    return found


def total_of(value: Any, where: str) -> Decimal:
    """The same where it must not be missing."""
    found = amount_of(value, where)
    if found is None:
        raise CallError(Code.BAD_ANSWER, f"There is no amount at “{where}” in the answer.")
    return found
