"""Reads a JSON list of any HTTP API, described by options alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from integrations.systems import rest_list, suggestions
from integrations.systems.base import Options, Position
from integrations.systems.paths import at
from integrations.systems.rest import key_name
from integrations.systems.shapes import Shape
from integrations.systems.stamps import EPOCH, parse_stamp
from integrations.transport.http import Transport
from integrations.transport.pagination import Batch, walk
from integrations.transport.styles import Ask, Listed

UNITS = {"seconds": timedelta(seconds=1), "milliseconds": timedelta(milliseconds=1)}


class Client:
    """One list of one API; what its pages are like is told by whoever publishes the API."""

    def __init__(self, transport: Transport, options: Options) -> None:
        self.options = options
        self._transport = transport
        self._path = str(options["resource_path"])
        self._query = str(options["query"] or "")
        self._secret = (key_name(options),) if options["sign_in"] == "query_key" else ()

    def list_items(self, position: Position) -> Iterator[Batch]:
        """Pages of items as the API sends them, from a position on; only what changed, where the position says so."""
        since = position.get("since")
        style = rest_list.style_of(self.options, self._secret)
        fetch = partial(self._fetch, "list_items", self.options, self._changed_since(since))
        for batch in walk(fetch, style, position, key=self._id):
            yield replace(batch, position={**batch.position, "since": since}) if since else batch

    def check_health(self) -> str:
        """Ask for the first item, as far as the API lets its pages be so small; says how many there are."""
        options = {**self.options, "page_size": 1}
        style = rest_list.style_of(options, self._secret)
        total = self._fetch("check_health", options, {}, style.ask(style.start, anchored=False)).total
        return "The list is there; it does not say how long it is." if total is None else f"{total:,} items."

    def detect_shape(self) -> Shape:
        """What the first page looks like as it comes, with nothing sent but what staff wrote.

        Raises:
            CallError: it cannot be had, or is no JSON.
        """
        params = rest_list.parameters_of({**self.options, "limit_name": ""}, self._query)
        return suggestions.shape_of(
            self._transport.request("detect_shape", "GET", self._path, params=params), self.options
        )

    def _fetch(self, operation: str, options: Options, more: Mapping[str, str], ask: Ask) -> Listed:
        return rest_list.page_or_end(partial(self._page, operation, options, more), ask, options)

    def _page(self, operation: str, options: Options, more: Mapping[str, str], ask: Ask) -> Listed:
        params = rest_list.query_of(ask, {**rest_list.parameters_of(options, self._query), **more})
        return rest_list.listed(
            self._transport.request(operation, "GET", ask.link or self._path, params=params), options
        )

    def _changed_since(self, since: Any) -> dict[str, str]:
        """The parameter that asks for what changed at or after a moment; none where staff named none."""
        name, moment = self.options["since_parameter"], parse_stamp(since)
        if not name or not moment:
            return {}
        unit = UNITS.get(self.options["since_format"])
        age = moment - EPOCH
        return {str(name): str(age // unit) if unit else (EPOCH + age).isoformat().replace("+00:00", "Z")}

    def _id(self, raw: Any) -> Any:
        return at(str(self.options["id_path"]), raw)
