"""FileMaker's Data API, for the records of one layout."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Unpack

from integrations.systems.base import Options, Position
from integrations.systems.filemaker import messages, records, values
from integrations.systems.filemaker.records import Found, Record, ScriptRun, Written
from integrations.transport.errors import CallError
from integrations.transport.exchange import Content
from integrations.transport.http import Transport
from integrations.transport.pagination import Batch, walk
from integrations.transport.retry import retry_with_backoff
from integrations.transport.styles import Ask, Listed, Offset

ISO_DATES = 2
# Running a script is a GET that may change anything. The transport repeats a method it knows to be harmless, and this
# spelling it does not know; on the wire it is GET.
GET_ONCE = "get"


class Client:
    """One layout of one database, with the account of the service."""

    def __init__(self, transport: Transport, options: Options) -> None:
        self.options = options
        self._transport = transport
        self._style = Offset(int(options["page_size"]), "_limit", "_offset", first=1)

    # https://help.claris.com/en/data-api-guide/content/get-range-of-records.html
    def list_records(self, position: Position) -> Iterator[Batch]:
        """Pages of all records of the layout as FileMaker sends them, from a position on."""
        return walk(partial(self._list, "list_records", self._order()), self._style, position, key=_id)

    # https://help.claris.com/en/data-api-guide/content/perform-find-request.html
    def find_records(
        self,
        query: Sequence[Mapping[str, str]],
        sort: Mapping[str, str] | None = None,
        limit: int = 100,
        offset: int = 1,
    ) -> Found:
        """The records that match any of the requests; none is no error.

        Args:
            query: requests of criteria by field, all of which must match, such as {"City": "==Ulm"}. One with
                "omit": "true" takes away what it matches. Text of others goes through `values.literal`.
            sort: "ascend" or "descend" by field.
            offset: of the first record to send; FileMaker counts from 1.

        Raises:
            CallError: a field is not on the layout, or FileMaker does not understand the query.
        """
        payload = {
            "query": [dict(request) for request in query],
            "limit": str(limit),
            "offset": str(offset),
            "dateformats": ISO_DATES,
        }
        if sort:
            payload["sort"] = _sorting(sort)
        try:
            response = self._ask("find_records", "POST", "_find", payload=payload, repeatable=True)
        except messages.NoMatch:
            return Found((), 0)
        found, total = records.listed(response)
        return Found(tuple(records.record_of(raw) for raw in found), total)

    # https://help.claris.com/en/data-api-guide/content/get-single-record.html
    def get_record(self, record_id: str) -> Record:
        """One record.

        Raises:
            CallError: NOT_FOUND where there is none of that id.
        """
        response = self._ask("get_record", "GET", _path(record_id), params={"dateformats": ISO_DATES})
        found, _ = records.listed(response)
        return records.record_of(found[0] if len(found) == 1 else None)

    # https://help.claris.com/en/data-api-guide/content/create-record.html
    def create_record(self, fields: Mapping[str, Any]) -> Written:
        """A new record; FileMaker has no key against making it twice, so that it is never sent again by itself.

        Args:
            fields: text, numbers, dates, times, or None for nothing; dates as text are month/day/year.

        Raises:
            CallError: CONFLICT where a value must be unique and is not.
        """
        payload = {"fieldData": values.field_data(fields)}
        response = self._ask("create_record", "POST", "records", payload=payload)
        return Written(records.number(response, "recordId"), records.number(response, "modId"))

    # https://help.claris.com/en/data-api-guide/content/edit-record.html
    @retry_with_backoff(max_retries=2, base_delay=0.5, exceptions=messages.RecordInUse)
    def update_record(self, record_id: str, fields: Mapping[str, Any], mod_id: str) -> Written:
        """Change these fields of a record and no others, if nobody changed it since it was read.

        Args:
            fields: as for `create_record`.
            mod_id: of the record as it was read. It is always sent, “0” too: without it FileMaker overwrites.

        Raises:
            CallError: CONFLICT where the record was changed meanwhile, or somebody is editing it.
        """
        payload = {"fieldData": values.field_data(fields), "modId": values.digits(mod_id, "modification id")}
        response = self._ask("update_record", "PATCH", _path(record_id), payload=payload)
        return Written(record_id, records.number(response, "modId"))

    # https://help.claris.com/en/data-api-guide/content/delete-record.html
    def delete_record(self, record_id: str) -> None:
        """Delete a record, whatever was changed in it; FileMaker takes no modification id here.

        Raises:
            CallError: NOT_FOUND where it is gone already, CONFLICT where somebody is editing it.
        """
        self._ask("delete_record", "DELETE", _path(record_id))

    # https://help.claris.com/en/data-api-guide/content/run-a-script.html
    def run_script(self, name: str, parameter: str = "") -> ScriptRun:
        """Run a script of the database; it is never run again by itself. An error in the script raises nothing."""
        path = f"script/{values.segment(name, 'script')}"
        params = {"script.param": parameter or None}
        return records.script_run(self._ask("run_script", GET_ONCE, path, params=params))

    # https://help.claris.com/en/data-api-guide/content/get-layout-names.html
    def list_layouts(self) -> list[str]:
        """The layouts of the database that the account sees, those in folders too."""
        return records.layout_names(self._ask_at("list_layouts", "GET", "layouts"))

    def check_health(self) -> str:
        """Ask for one record, which proves the session and that the account sees the layout."""
        style = replace(self._style, size=1)
        total = self._list("check_health", {}, style.ask(style.start, anchored=False)).total
        return "" if total is None else f"{total:,} records on the layout “{self.options['layout']}”."

    def _order(self) -> dict[str, str]:
        field = self.options["sort_field"]
        return {"_sort": json.dumps(_sorting({field: "ascend"}))} if field else {}

    def _list(self, operation: str, order: Mapping[str, str], ask: Ask) -> Listed:
        params = {**ask.params, **order, "dateformats": ISO_DATES}
        try:
            return Listed(*records.listed(self._ask(operation, "GET", "records", params=params)))
        except (messages.NoMatch, messages.NoRecord):  # the table is empty, or has become shorter
            return Listed([], 0)

    def _ask(self, operation: str, method: str, path: str, **content: Unpack[Content]) -> Mapping[str, Any]:
        """What FileMaker responds with to a request at something of the layout."""
        layout = values.segment(str(self.options["layout"] or ""), "layout")
        return self._ask_at(operation, method, f"layouts/{layout}/{path}", **content)

    def _ask_at(self, operation: str, method: str, path: str, **content: Unpack[Content]) -> Mapping[str, Any]:
        """The same at something of the database."""
        database = values.segment(str(self.options["database"] or ""), "database")
        root = f"/fmi/data/{self.options['version']}/databases/{database}"
        try:
            answer = self._transport.request(operation, method, f"{root}/{path}", **content)
        except CallError as error:
            if meant := messages.meaning(error):
                raise meant from error
            raise
        return messages.response(answer)


def _path(record_id: str) -> str:
    return f"records/{values.digits(record_id, 'record id')}"


def _sorting(sort: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"fieldName": field, "sortOrder": order} for field, order in sort.items()]


def _id(raw: Any) -> Any:
    return raw.get("recordId") if isinstance(raw, Mapping) else None
