"""Any REST list: every way of cutting it, what changed, and answers that are not as promised."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from integrations import ops, tasks
from integrations.models import Call, Essay, Property, Record, SyncedModel, SyncRun
from integrations.systems.base import Item
from integrations.systems.deliveries import Delivery
from integrations.systems.rest import SYSTEM, sandbox
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked
from tests.systems import contract
from tests.systems import rest_api as api
from tests.transport.server import ScriptedServer

TREES = [sandbox.tree(number)["id"] for number in range(1, sandbox.TREES + 1)]
HOOK = {
    "hook_scheme": "hmac",
    "hook_header": "X-Trees-Signature",
    "hook_type_header": "X-Trees-Event",
    "hook_id_path": "delivery",
}
PLANTED = b'{"delivery": "d-1", "tree": "tree-007"}'
EPOCH_S = 1_770_271_200  # 5 February 2026, 06:00 UTC


def signed_delivery(secrets: Mapping[str, str]) -> Delivery:
    """For the contract tests: as an API with a signature of its own sends it."""
    signature = hmac.new(secrets["webhook_secret"].encode(), PLANTED, hashlib.sha256).hexdigest()
    return Delivery({"x-trees-signature": signature, "x-trees-event": "planted"}, PLANTED, {**SYSTEM.defaults, **HOOK})


@pytest.mark.parametrize("way", api.WAYS)
@pytest.mark.parametrize("page_size", [7, 19, 50])
def test_each_way_reads_every_item_once(db: None, sandbox_url: str, way: str, page_size: int) -> None:
    pages = api.read(api.at_sandbox(sandbox_url, way, page_size=page_size))
    assert [item.external_id for item in api.items(pages)] == TREES
    assert {page.remark for page in pages} == {""}
    assert len(pages) >= (1 if way == "none" else sandbox.TREES // page_size)


@pytest.mark.parametrize("way", api.WAYS)
def test_each_way_goes_on_from_any_page_with_exactly_the_rest(db: None, sandbox_url: str, way: str) -> None:
    service = api.at_sandbox(sandbox_url, way, page_size=19)
    pages = api.read(service)
    for number, page in enumerate(pages, start=1):
        rest = api.read(service, position=contract.through_json(page.position))
        assert contract.ids(rest) == contract.ids(pages[number:])


@pytest.mark.parametrize("way", api.WAYS)
def test_health_is_one_small_call(db: None, sandbox_url: str, way: str) -> None:
    with contract.client_of(api.at_sandbox(sandbox_url, way)) as client:
        remark = client.check_health()
    assert remark == (
        "95 items." if "total_path" in api.WAYS[way] else "The list is there; it does not say how long it is."
    )
    call = Call.objects.get()
    assert ("limit=1" in call.url) is (way != "none")


@pytest.mark.parametrize(("stream", "model"), [("records", Record), ("essays", Essay), ("properties", Property)])
def test_items_become_rows_once(db: None, sandbox_url: str, stream: str, model: type[SyncedModel]) -> None:
    service = api.at_sandbox(sandbox_url)
    first, second = (_synced(service, stream) for _ in range(2))
    assert (first.state, first.created, first.rejected, first.failure_message) == ("succeeded", 95, 0, "")
    assert (second.state, second.mode, second.unchanged) == ("succeeded", "incremental", 1)
    assert model._default_manager.filter(source_modified_at__isnull=False).count() == 95


def _synced(service: Any, stream: str) -> SyncRun:
    service.streams.update(enabled=True)
    run = ops.sync(service.streams.get(name=stream), SyncRun.Trigger.COMMAND)
    tasks.run_sync(str(run.pk))
    run.refresh_from_db()
    return run


def test_an_item_has_what_the_paths_say(db: None, sandbox_url: str) -> None:
    service = api.at_sandbox(sandbox_url, page_size=1)
    record, essay, plot = (
        next(iter(api.items(api.read(service, stream)))) for stream in ("records", "essays", "properties")
    )
    assert isinstance(record, Item)
    assert record.fields["data"] == sandbox.tree(1)
    assert (record.fields["title"], record.fields["source_modified_at"].hour) == ("Plane", 7)
    assert isinstance(essay, Item)
    assert essay.fields["url"] == "https://trees.example/1"
    assert essay.fields["published_at"] == datetime(2026, 1, 2, tzinfo=UTC)
    assert isinstance(plot, Item)
    assert (plot.fields["parcel_id"], str(plot.fields["longitude"])) == ("08-00001", "9.981000")


@pytest.mark.parametrize("way", api.WAYS)
@pytest.mark.parametrize("form", ["iso", "seconds", "milliseconds"])
def test_only_what_changed_is_read_and_every_position_knows_since_when(
    db: None, sandbox_url: str, way: str, form: str
) -> None:
    service = api.at_sandbox(sandbox_url, way, since_format=form, page_size=4)
    since = sandbox.tree(86)["updated_at"]
    pages = api.read(service, position={"since": since})
    assert contract.ids(pages) == TREES[85:]
    assert {page.position["since"] for page in pages} == {since}
    again = api.read(service, position=contract.through_json(pages[0].position))
    assert contract.ids(again) == contract.ids(pages[1:])


@pytest.mark.parametrize(
    ("form", "sent"),
    [("iso", "2026-02-05T06:00:00.250000Z"), ("seconds", str(EPOCH_S)), ("milliseconds", f"{EPOCH_S}250")],
)
def test_a_moment_is_sent_as_the_api_wants_it_and_never_later(
    db: None, remote: ScriptedServer, form: str, sent: str
) -> None:
    api.said(remote, {"items": []})
    service = api.plain(remote.url, since_parameter="changed", since_format=form)
    api.read(service, position={"since": "2026-02-05T07:00:00.250000+01:00"})
    assert parse_qs(urlsplit(remote.asked[0].target).query)["changed"] == [sent]


def test_without_a_parameter_everything_is_read(db: None, sandbox_url: str) -> None:
    service = api.at_sandbox(sandbox_url, since_parameter="")
    pages = api.read(service, position={"since": sandbox.tree(86)["updated_at"]})
    assert contract.ids(pages) == TREES
    assert all("since" in page.position for page in pages)


def test_further_parameters_go_along_with_every_page_but_linked_ones(db: None, remote: ScriptedServer) -> None:
    api.said(remote, {"items": [{"id": 1}], "next": "/more?after=1"}, {"items": [{"id": 2}]})
    service = api.plain(remote.url, resource_path="list", query="tag=a&tag=b&empty=", pagination="next_url")
    assert contract.ids(api.read(service)) == ["1", "2"]
    assert [asked.target for asked in remote.asked] == ["/list?limit=20&tag=a&tag=b&empty=", "/more?after=1"]


def test_a_limit_without_a_name_is_not_sent(db: None, remote: ScriptedServer) -> None:
    api.said(remote, {"items": [{"id": 1}]}, {"items": []})
    api.read(api.plain(remote.url, limit_name="", pagination="page"))
    assert [asked.target for asked in remote.asked[:2]] == ["/?page=1", "/?page=2"]


def test_a_page_past_the_end_is_an_error_only_where_nobody_said_so(db: None, sandbox_url: str) -> None:
    with pytest.raises(CallError, match="Invalid page"):
        api.read(api.at_sandbox(sandbox_url, "page", past_end="empty"))


def test_a_first_page_that_is_not_found_is_no_empty_list(db: None, sandbox_url: str) -> None:
    with pytest.raises(CallError, match="No such list") as failure:
        api.read(api.at_sandbox(sandbox_url, "page", resource_path="/open/nowhere/trees"))
    assert failure.value.code is Code.NOT_FOUND


@pytest.mark.parametrize("way", ["page", "offset"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_list_that_is_gone_between_two_pages_has_not_ended(db: None, sandbox_url: str, way: str, number: int) -> None:
    service = api.at_sandbox(sandbox_url, way, page_size=19, past_end="404", total_path="")
    position = api.read(service)[number].position
    api.changed(service, resource_path="/open/nowhere/trees")
    with pytest.raises(CallError, match="No such list"):
        api.read(service, position=position)


def test_a_page_for_people_is_told(db: None, sandbox_url: str) -> None:
    with pytest.raises(CallError, match="The answer is not JSON") as failure:
        api.read(api.at_sandbox(sandbox_url, resource_path="/portal/trees"))
    assert failure.value.code is Code.BAD_ANSWER


def test_what_the_api_says_of_a_parameter_reaches_staff(db: None, sandbox_url: str) -> None:
    with pytest.raises(CallError, match="limit must be a whole number up to 50"):
        api.read(api.at_sandbox(sandbox_url, page_size=500))


def test_a_long_pause_that_is_asked_for_parks(db: None, sandbox_url: str) -> None:
    service = api.at_sandbox(sandbox_url)
    fault = {"status": 429, "headers": {"Retry-After": "300"}, "times": 1}
    requests.post(f"{sandbox_url}/_faults/rest/", json=fault, timeout=5).raise_for_status()
    with pytest.raises(Parked):
        api.read(service)


@pytest.mark.parametrize("way", ["cursor", "next_url"])
@pytest.mark.parametrize("following", ["length(next)", "next.none[", "items", "", None])
def test_a_path_that_leads_to_no_next_page_is_an_error_of_the_call(
    db: None, remote: ScriptedServer, way: str, following: Any
) -> None:
    api.said(remote, {"items": [{"id": 1}], "next": None})
    with pytest.raises(CallError) as failure:
        api.read(api.plain(remote.url, pagination=way, next_path=following))
    assert failure.value.code is Code.BAD_PAGING
    assert f"“{following or ''}”" in str(failure.value)


@pytest.mark.parametrize("way", ["cursor", "link", "next_url"])
@pytest.mark.parametrize(("count", "more", "remark"), [(2, {}, True), (1, {}, False), (2, {"limit_name": ""}, False)])
def test_a_full_page_without_a_next_one_is_remarked(
    db: None, remote: ScriptedServer, way: str, count: int, more: dict[str, str], remark: bool
) -> None:
    api.said(remote, {"items": [{"id": number} for number in range(count)]})
    service = api.plain(remote.url, pagination=way, next_path="somewhere.else", page_size=2, **more)
    (page,) = api.read(service)
    assert page.remark.startswith("The first page is full, and the answer names no next one.") is remark


def test_a_full_page_is_all_where_the_total_says_so(db: None, remote: ScriptedServer) -> None:
    api.said(remote, {"items": [{"id": 1}, {"id": 2}], "total": 2, "next": None})
    (page,) = api.read(api.plain(remote.url, pagination="cursor", page_size=2, total_path="total"))
    assert page.remark == ""


def test_a_key_in_the_query_is_in_no_position_and_no_row(db: None, sandbox_url: str) -> None:
    for way in ("link", "next_url"):
        service = api.at_sandbox(sandbox_url, way, sign_in="query_key")
        pages = api.read(service)
        assert contract.ids(pages) == TREES
        assert sandbox.TOKEN not in json.dumps([page.position for page in pages])
        assert not Call.objects.filter(url__contains=sandbox.TOKEN).exists()
        Call.objects.all().delete()
        service.streams.all().delete()
        service.delete()
