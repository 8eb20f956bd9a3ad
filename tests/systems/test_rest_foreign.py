"""The shape of answers over sockets: its own sandbox, other APIs, recorded answers and hostile ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from integrations import credentials
from integrations.systems.base import Item
from integrations.systems.rest import SYSTEM, sandbox
from integrations.systems.rest.client import Client
from integrations.systems.salesforce.sandbox import CONSUMER_KEY, CONSUMER_SECRET
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.http import Transport
from integrations.transport.settings import Settings
from tests.systems import contract
from tests.systems import rest_api as api
from tests.systems.test_rest_shapes import suggested
from tests.transport.server import Reply, ScriptedServer


@pytest.mark.parametrize("way", api.WAYS)
def test_what_is_suggested_for_the_sandbox_reads_it_whole(db: None, sandbox_url: str, way: str) -> None:
    """A page past the end cannot be seen on the first, and that the list is all there is neither."""
    service = api.plain(f"{sandbox_url}/rest", resource_path=f"/open/{way}/trees")
    more = {"past_end": "404"} if way == "page" else {"pagination": "none"} if way == "none" else {}
    found = api.shape(service).suggestions
    assert (found["id_path"], found["modified_path"]) == ("id", "updated_at")
    pages = api.read(api.changed(service, **{**_typed(found), **more}))
    assert len(contract.ids(pages)) == sandbox.TREES


def _typed(found: Mapping[str, str]) -> dict[str, Any]:
    """As the form would store them."""
    kinds = {option.name: option.kind for option in SYSTEM.options}
    return {name: int(value) if kinds[name] == "integer" else value for name, value in found.items()}


FOREIGN: dict[str, tuple[dict[str, Any], dict[str, Any], int]] = {  # what is set before, what after, how many there are
    "cms": (
        {"resource_path": "/api/v2/pages/"},
        {},
        240,
    ),
    "tax_assessor": (
        {"resource_path": "/resource/3723-97qp.json", "query": "$order=pin&$where=year = '2026'&$select=*,:id"},
        {"pagination": "offset", "limit_name": "$limit", "offset_name": "$offset", "page_size": 40},
        110,
    ),
    "salesforce": (
        {
            "resource_path": "/services/data/v67.0/query",
            "query": "q=SELECT Id, Name, SystemModstamp FROM Contact",
            "sign_in": "client_credentials",
            "client_id": CONSUMER_KEY,
            "token_url": "/services/oauth2/token",
            "client_in_form": True,
        },
        {"limit_name": ""},
        -1,
    ),
}


@pytest.mark.parametrize("slug", FOREIGN)
def test_other_apis_are_read_whole_with_what_is_suggested(db: None, sandbox_url: str, slug: str) -> None:
    before, after, count = FOREIGN[slug]
    service = api.plain(f"{sandbox_url}/{slug}", **before)
    credentials.store(service, "client_secret", CONSUMER_SECRET)
    api.changed(service, **{**_typed(api.shape(service).suggestions), **after})
    pages = api.read(service)
    assert len(contract.ids(pages)) == (pages[0].total if count < 0 else count)
    assert {type(item) for item in api.items(pages)} == {Item}


def test_an_empty_answer_is_told(db: None, remote: ScriptedServer) -> None:
    remote.answers(Reply(204, b""))
    with pytest.raises(CallError, match="The answer is empty") as failure:
        api.shape(api.plain(remote.url))
    assert failure.value.code is Code.BAD_ANSWER


def test_a_page_for_people_has_no_shape(db: None, sandbox_url: str) -> None:
    with pytest.raises(CallError, match="not JSON"):
        api.shape(api.plain(f"{sandbox_url}/rest", resource_path="/portal/trees"))


def test_the_first_page_is_asked_for_as_it_is(db: None, remote: ScriptedServer) -> None:
    api.said(remote, [])
    api.shape(api.plain(remote.url, resource_path="list", query="a=1", pagination="cursor"))
    assert remote.asked[0].target == "/list?a=1"


def test_recorded_answers_are_understood(shared_data: Path) -> None:
    bodies = [_json(each["body"]) for each in _exchanges(shared_data)]
    found = [suggested(body) for body in bodies if body is not None]
    assert len(found) > 50
    rows = [body for body in bodies if isinstance(body, list) and body and isinstance(body[0], dict)]
    assert len(rows) > 10
    assert {suggested(each)["items_path"] for each in rows} == {"@"}


def _exchanges(shared_data: Path) -> list[Any]:
    names = ("socrata_recordings", "census_recordings")
    return [each for name in names for each in json.loads((shared_data / "recorded" / f"{name}.json").read_text())]


def _json(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


@pytest.mark.parametrize("folder", ["test_parsing", "test_transform"])
def test_hostile_json_breaks_nothing(remote: ScriptedServer, shared_data: Path, folder: str) -> None:
    files = sorted((shared_data / "json" / folder).glob("*.json"))
    assert len(files) > 10
    options = {"pagination": "none", "items_path": "@", "title_path": "@", "id_path": "@"}
    outcomes = set()
    with Transport(Settings(remote.url, attempts=1)) as transport:  # without a circuit, which would open
        client = Client(transport, {**SYSTEM.defaults, **options})
        for file in files:
            remote.answers(Reply(body=file.read_bytes()))
            outcomes |= {_outcome(client.detect_shape), _outcome(lambda: list(SYSTEM.read("records")(client, {})))}
    assert outcomes <= {"Shape", "list", "BAD_ANSWER"}
    assert {"Shape", "list"} <= outcomes


def _outcome(work: Callable[[], Any]) -> str:
    try:
        return type(work()).__name__
    except CallError as error:
        return error.code.name
