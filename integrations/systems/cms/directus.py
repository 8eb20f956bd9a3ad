"""Directus: items of a collection, by offset; permissions decide which fields are seen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from integrations.systems.cms.described import Described
from integrations.systems.cms.product import Listing, in_utc, rows_at, total_remark
from integrations.systems.paths import at
from integrations.systems.stamps import parse_stamp
from integrations.transport.answer import Answer
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked
from integrations.transport.styles import Ask, Listed, Offset

_FILE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
LONGEST_WAIT = timedelta(hours=1)  # nobody believes a limit that is new again later
# Directus sets the second only when an item is changed, not when it is made.
STAMPS = ("date_created", "date_updated")


class Directus(Described):
    """One collection."""

    collection = "articles"

    # https://directus.io/docs/guides/connect/query-parameters
    def listings(self, since: datetime | None) -> Sequence[Listing]:
        """Every item by its key, or what was made or changed since."""
        asked = {"sort": self._id_path} if since is None else self._since(since)
        return [Listing(Offset(self._size), partial(self._fetch, "list_articles", asked), self._article, self._key)]

    def check_health(self) -> str:
        """Ask for a single item."""
        return total_remark(self._fetch("check_health", {}, Ask({"limit": 1})).total)

    def _fetch(self, operation: str, asked: Mapping[str, Any], ask: Ask) -> Listed:
        params = {"fields": "*.*", "meta": "filter_count", **self._extra, **asked, **ask.params}
        answer = self._get(operation, f"/items/{self._place}", params)
        return rows_at("data", answer, "meta.filter_count")

    def _since(self, since: datetime) -> dict[str, str]:
        """A filter by the stamps that the collection has: to name another one is refused."""
        known = at("[0]", self._fetch("list_fields", {"fields": "*"}, Ask({"limit": 1})).items) or {}
        found = [name for name in STAMPS if name in known]
        wanted = {f"filter[_or][{number}][{name}][_gte]": in_utc(since) for number, name in enumerate(found)}
        return {"sort": ",".join([*reversed(found), self._id_path]), **wanted}

    def _get(self, operation: str, path: str, params: Mapping[str, Any] | None) -> Answer:
        """As every product, and waits as long as Directus says in the body where no header says it.

        Raises:
            Parked: the limit of requests is used up.
        """
        try:
            return super()._get(operation, path, params)
        except CallError as error:
            reset = parse_stamp(at("errors[0].extensions.reset", error.answer.json if error.answer else None))
            if error.code is not Code.RATE_LIMITED or error.retry_after is not None or reset is None:
                raise
            raise Parked(min(reset, datetime.now(UTC) + LONGEST_WAIT), str(error)) from error

    def _hint(self, error: CallError) -> str:
        if error.code is Code.FORBIDDEN:
            return (
                f"Directus says the same where nothing is there: check “Collection” ({self._collection}), the fields "
                "in “Further parameters”, and what the role of the token may read."
            )
        return ""

    def _cover(self, value: Any) -> str:
        """A file is known by its id: https://directus.io/docs/guides/files/access."""
        found = value if isinstance(value, str) else at("id", value)
        if isinstance(found, str) and _FILE.fullmatch(found):
            return f"{self._transport.base_url.rstrip('/')}/assets/{quote(found)}"
        return super()._cover(value)
