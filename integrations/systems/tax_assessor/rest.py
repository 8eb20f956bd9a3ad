"""Asks any REST endpoint that has an address for each parcel."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import jmespath

from integrations.systems.base import Options
from integrations.systems.tax_assessor import chosen
from integrations.systems.tax_assessor.assessments import Assessment, amount_of, total_of, year_of
from integrations.transport.cache import Cache
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.http import Transport

PLACE = "{parcel_id}"
NOTHING: tuple[Any, ...] = (None, [], {})


class Rest:
    """One endpoint, described by the options."""

    def __init__(self, transport: Transport, options: Options) -> None:
        self._transport = transport
        self._options = options

    def assessment(self, operation: str, parcel_id: str, cache: Cache | None = None) -> Assessment | None:
        """What the endpoint says of a parcel; None for 404 and 410, and where the answer is empty."""
        try:
            data = self._transport.get_json(operation, self._path(parcel_id), cache=cache)
        except CallError as error:
            if error.code is Code.NOT_FOUND:
                return None
            raise
        return None if data in NOTHING else self._read(data, parcel_id)

    def _path(self, parcel_id: str) -> str:
        template = chosen.text(self._options, "rest_path")
        if PLACE not in template:
            raise chosen.refusal("rest_path", f"{PLACE} is missing in the path.")
        if not parcel_id.strip("."):
            raise CallError(Code.NOT_SENDABLE, f"“{parcel_id}” is no parcel number.")
        return template.replace(PLACE, quote(parcel_id, safe=""))

    def _read(self, data: Any, parcel_id: str) -> Assessment:
        stage = self._found(data, "stage_path")
        return Assessment(
            parcel_id=parcel_id,
            year=year_of(self._found(data, "year_path"), self._at("year_path")),
            land=amount_of(self._found(data, "land_path"), self._at("land_path")),
            building=amount_of(self._found(data, "building_path"), self._at("building_path")),
            total=total_of(self._found(data, "total_path"), self._at("total_path")),
            stage=str(stage) if stage else None,
            raw=data,
        )

    def _at(self, name: str) -> str:
        return chosen.text(self._options, name)

    def _found(self, data: Any, name: str) -> Any:
        try:
            return jmespath.search(self._at(name), data) if self._at(name) else None
        except jmespath.exceptions.JMESPathError as error:
            raise CallError(Code.BAD_ANSWER, f"“{self._at(name)}” cannot be looked up in the answer.") from error
