"""Salesforce's REST API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Unpack
from urllib.parse import quote

from integrations.systems.base import Options, Position
from integrations.systems.salesforce import answers, refusals, soql
from integrations.systems.salesforce.answers import Deleted, Limit, Upserted
from integrations.transport.answer import Answer
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.exchange import Content
from integrations.transport.http import Transport
from integrations.transport.pagination import Batch, walk
from integrations.transport.pointers import Cursor
from integrations.transport.retry import retry_with_backoff
from integrations.transport.styles import Ask, Listed

BEGINNING: Position = MappingProxyType({})
ALWAYS = ("Id", "SystemModstamp")
_STYLE = Cursor("cursor")


class Client:
    """One org, with the rights of one user.

    Every method raises a CallError whose text says in Salesforce's words and ours what is wrong, and NOT_SENDABLE
    for names that cannot be API names, before anything is sent.
    """

    def __init__(self, transport: Transport, options: Options) -> None:
        self.options = options
        self._transport = transport
        self._object, self._where = str(options["object"]), str(options["where"] or "")
        # Salesforce may send fewer: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_queryoptions.htm
        self._sized = {"Sforce-Query-Options": f"batchSize={int(options['batch_size'])}"}

    # https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm
    def query(self, query: str, position: Position = BEGINNING) -> Iterator[Batch]:
        """Pages of rows as Salesforce sends them, without deleted ones, from a position on.

        Args:
            query: in SOQL, with `Id` among the fields; texts of others go through `soql.literal`. Not `COUNT()`.
        """
        return walk(partial(self._rows, "query", "query", query), _STYLE, position, key=answers.id_of)

    # https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_queryall.htm
    def query_all(self, query: str, position: Position = BEGINNING) -> Iterator[Batch]:
        """As `query`, with what is in the recycle bin or was merged: `WHERE IsDeleted = TRUE` gives that alone."""
        return walk(partial(self._rows, "query_all", "queryAll", query), _STYLE, position, key=answers.id_of)

    def find(self, sobject: str, field: str, value: str, fields: Iterable[str] = ALWAYS) -> Iterator[Batch]:
        """Pages of the rows whose field has exactly this value; Salesforce ignores case in most fields."""
        condition = f"{soql.field_path(field)} = {soql.literal(value)}"
        return self.query(soql.select(sobject, fields, condition))

    def list_records(self, position: Position) -> Iterator[Batch]:
        """Pages of what the options name, with `Id` and `SystemModstamp`, in the order of the ids."""
        return self.query(soql.select(self._object, self._fields(), self._where), position)

    def list_changes(self, since: datetime, position: Position) -> Iterator[Batch]:
        """The same of what changed at a moment or later, with what was deleted since: its `IsDeleted` is true."""
        changed = soql.and_changed(self._where, since)
        return self.query_all(soql.select(self._object, [*self._fields(), "IsDeleted"], changed), position)

    def _fields(self) -> list[str]:
        named = [*ALWAYS, *str(self.options["fields"]).split(","), str(self.options["title_field"] or "")]
        return [name.strip() for name in named if name.strip()]

    # https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_upsert.htm
    @retry_with_backoff(max_retries=3, base_delay=0.5, exceptions=refusals.RowLocked)
    def upsert(self, sobject: str, external_field: str, value: str, fields: Mapping[str, Any]) -> Upserted:
        """Create the record with this value of an external id field, or change the one that has it.

        Doing it twice is as good as once, so it is tried again as reading is.

        Args:
            fields: by API name, without `Id` and the external id field; values as JSON has them.

        Raises:
            CallError: CONFLICT where several records have the value, a unique field or duplicate rule objects, or the
                record stayed locked.
        """
        where = f"{soql.api_name(sobject)}/{soql.api_name(external_field)}/{_segment(value)}"
        return answers.upserted(
            self._ask("upsert", "PATCH", f"sobjects/{where}", payload=dict(fields), repeatable=True)
        )

    # https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getdeleted.htm
    def get_deleted(self, sobject: str, start: datetime, end: datetime) -> Deleted:
        """What was deleted between two moments of the last 30 days, which have a zone; Salesforce ignores seconds.

        Ask the next time from `covered_until` on, since Salesforce lags behind.
        """
        span = {"start": _stamp(start), "end": _stamp(end)}
        return answers.deleted(
            self._ask("get_deleted", "GET", f"sobjects/{soql.api_name(sobject)}/deleted/", params=span)
        )

    # https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_limits.htm
    def limits(self) -> Mapping[str, Limit]:
        """The org's limits by Salesforce's names, such as `DailyApiRequests`, as far as the user may see them."""
        return answers.limits(self._ask("limits", "GET", "limits"))

    # https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_versions.htm
    def list_versions(self) -> tuple[str, ...]:
        """The API versions of the org, as the option wants them, oldest first."""
        return answers.versions(self._request("list_versions", "GET", answers.DATA))

    # https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_describeGlobal.htm
    def list_objects(self) -> list[str]:
        """API names of the objects that the user may query."""
        return answers.queryable(self._ask("list_objects", "GET", "sobjects"))

    def check_health(self) -> str:
        """What is left of the API calls of 24 hours; asking costs one, and proves token, address and version."""
        calls = self.limits().get("DailyApiRequests")
        if calls is None:
            raise CallError(Code.BAD_ANSWER, "There are no “DailyApiRequests” in the answer.")
        return f"{calls.remaining:,} of {calls.maximum:,} API calls left today."

    def _rows(self, operation: str, resource: str, query: str, ask: Ask) -> Listed:
        if cursor := ask.params.get("cursor"):
            answer = self._request(operation, "GET", f"{answers.DATA}{cursor}", headers=self._sized)
        else:
            answer = self._ask(operation, "GET", resource, params={"q": query}, headers=self._sized)
        return answers.listed(answer)

    def _ask(self, operation: str, method: str, resource: str, **content: Unpack[Content]) -> Answer:
        path = f"{answers.DATA}{soql.version(str(self.options['version']))}/{resource}"
        return self._request(operation, method, path, **content)

    def _request(self, operation: str, method: str, path: str, **content: Unpack[Content]) -> Answer:
        try:
            return self._transport.request(operation, method, path, **content)
        except CallError as error:
            if told := refusals.meaning(error):
                raise told from error
            raise


def _segment(value: str) -> str:
    if value in {"", ".", ".."}:  # would be another address
        raise CallError(Code.NOT_SENDABLE, f"“{value}” cannot be an external id.")
    return quote(value, safe="")


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
