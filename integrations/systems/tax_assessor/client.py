"""Assessed values and parcels of one assessor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from integrations.systems.base import Options, Position
from integrations.systems.tax_assessor import assessments, chosen
from integrations.systems.tax_assessor.assessments import Assessment
from integrations.systems.tax_assessor.rest import Rest
from integrations.systems.tax_assessor.soda import Row, Soda, literal
from integrations.transport.cache import DAY_S, Cache
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.http import Transport
from integrations.transport.pagination import Batch, walk
from integrations.transport.styles import Ask, Listed, Offset

MOST_YEARS = 100
PARCEL_COLUMNS = (
    "parcels_parcel_column",
    "address_column",
    "city_column",
    "postal_code_column",
    "latitude_column",
    "longitude_column",
)
Scope = Mapping[str, Any]


class Client:
    """One assessor, described by its options."""

    def __init__(self, transport: Transport, options: Options) -> None:
        self.options = options
        self._soda = Soda(transport)
        self._rest = Rest(transport, options) if options["source"] == "rest" else None

    # https://dev.socrata.com/docs/filtering.html
    def get_assessment(self, parcel_id: str) -> Assessment | None:
        """What a parcel is assessed at: the latest year that has values, at the last stage that has a total.

        The answer is kept for a day, also that there is none.

        Args:
            parcel_id: with or without dashes and leading zeros where the options say how many digits it has.

        Returns:
            Amounts in the source's currency; None where the source knows no assessment of such a parcel.

        Raises:
            CallError: it failed, or this is no parcel number.
        """
        number = chosen.parcel_number(parcel_id, self.options)
        if number is None:
            raise CallError(Code.NOT_SENDABLE, f"“{str(parcel_id)[:100]}” is no parcel number.")
        if self._rest:
            return self._rest.assessment("get_assessment", number, Cache(ttl_s=DAY_S, keep_not_found=True))
        dataset, params = chosen.dataset(self.options, "assessments_dataset"), self._asking_for(number)
        rows = self._soda.rows("get_assessment", dataset, params, Cache(ttl_s=DAY_S)).rows
        return assessments.latest(rows, number, self.options)

    # https://dev.socrata.com/docs/paging.html
    def list_parcels(self, position: Position) -> Iterator[Batch]:
        """Pages of rows as Socrata sends them with their `:id`, from a position on; of the latest year only.

        Which year that is and how many rows it has is asked once, and stays the same for the whole walk.
        """
        if self._rest:
            raise chosen.refusal("source", "Only Socrata has a list of parcels.")
        scope: Scope = position.get("scope") or self._scope()
        style = Offset(int(self.options["page_size"]), "$limit", "$offset")
        for batch in walk(partial(self._fetch, scope), style, position, key=lambda row: row.get(":id")):
            yield replace(batch, position={**batch.position, "scope": scope})

    # https://dev.socrata.com/docs/response-codes.html
    def check_health(self) -> str:
        """Ask for one row with the columns of the options; says of when the data is."""
        if self._rest:
            return self._check_rest(self._rest)
        columns = (chosen.column(self.options, name) for name in ("parcel_column", "year_column"))
        values = (name for at in assessments.stages(self.options) for name in (at.land, at.building, at.total))
        params = {"$select": ",".join(dict.fromkeys(filter(None, (*columns, *values)))), "$limit": 1}
        found = self._soda.rows("check_health", chosen.dataset(self.options, "assessments_dataset"), params)
        return _age(found.headers) if found.rows else "The data set is empty."

    def _check_rest(self, rest: Rest) -> str:
        number = chosen.parcel_number(self.options["check_parcel_id"] or "", self.options)
        if number is None:
            raise chosen.refusal("check_parcel_id", "There is no parcel number to check with.")
        found = rest.assessment("check_health", number)
        return f"Values of {found.year}." if found else f"It answers, but knows no parcel {number}."

    def _asking_for(self, number: str) -> dict[str, Any]:
        parcel, year = (chosen.column(self.options, name) for name in ("parcel_column", "year_column"))
        return {"$where": f"{parcel} = {literal(number)}", "$order": f"{year} DESC", "$limit": MOST_YEARS}

    def _scope(self) -> Scope:
        """Which rows are read, and how many they are."""
        given = chosen.text(self.options, "parcels_where")
        wheres = [f"({given})"] if given else []
        year = chosen.optional_column(self.options, "parcels_year_column")
        params: dict[str, Any] = {"$select": "count(*) as row_count"}
        if year:  # one call for both: the latest year and its rows
            wheres.append(f"{year} IS NOT NULL")
            params = {"$select": f"{year}, count(*) as row_count", "$group": year, "$order": f"{year} DESC"}
        params |= {"$where": " AND ".join(wheres) or None, "$limit": 1}
        rows = self._soda.rows("count_parcels", self._parcels, params).rows
        if year and rows:
            wheres[-1] = f"{year} = {literal(str(rows[0].get(year, '')))}"
        return {"where": " AND ".join(wheres), "total": _count(rows[0] if rows else {"row_count": 0})}

    @property
    def _parcels(self) -> str:
        return chosen.dataset(self.options, "parcels_dataset")

    def _fetch(self, scope: Scope, ask: Ask) -> Listed:
        # A star must come first in $select, and without an order the rows of two pages overlap.
        params = {"$select": "*,:id", "$where": scope["where"] or None, "$order": ":id", **ask.params}
        found = self._soda.rows("list_parcels", self._parcels, params)
        columns = (chosen.optional_column(self.options, name) for name in PARCEL_COLUMNS)
        for column in columns:
            if column and found.lacks(column):
                raise CallError(Code.HTTP_ERROR, f"The data set of parcels has no column “{column}”.")
        return Listed(found.rows, scope["total"])


def _count(row: Row) -> int:
    text = str(row.get("row_count"))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise CallError(Code.BAD_ANSWER, "The answer does not say how many parcels there are.")
    return int(text)


def _age(headers: Mapping[str, str]) -> str:
    """When the data was changed; the second header is that of the copy which answered."""
    try:
        day = parsedate_to_datetime(headers.get("X-SODA2-Truth-Last-Modified") or headers.get("Last-Modified") or "")
    except ValueError:
        return ""
    return f"Data of {day.day} {day:%B %Y}."
