"""The CMS at Wagtail, its options, and lists that are not as promised."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations import ops, tasks
from integrations.connections import client_for
from integrations.models import Essay, Service, SyncRun
from integrations.recorder import Cause
from integrations.systems.base import BadItem, Item, Page
from integrations.systems.cms import SYSTEM, streams
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.systems.cms import PRODUCTS
from tests.systems.cms import found as items
from tests.systems.examples import Variant
from tests.transport.server import Reply, ScriptedServer

Read = Callable[..., list[Page]]
VARIANTS = {name: Variant(*needed) for name, needed in PRODUCTS.items() if name != "wagtail"}


@pytest.fixture
def read(cms: Service, remote: ScriptedServer) -> Read:
    """What the stream makes of these pages, with these options."""

    def run(*pages: Any, **options: Any) -> list[Page]:
        remote.answers(*(Reply(body=json.dumps(page).encode()) for page in pages))
        cms.base_url, cms.options = remote.url, options
        with client_for(cms, Cause("command", uuid.uuid4())) as client:
            return list(streams.articles(client, {}))  # type: ignore[arg-type]  # the CMS's own client

    return run


def listed(*items: Any, total: Any = None) -> dict[str, Any]:
    return {"meta": {"total_count": len(items) if total is None else total}, "items": list(items)}


def test_the_defaults_read_wagtail(cms: Service) -> None:
    with client_for(cms, Cause("command", uuid.uuid4())) as client:
        first = next(SYSTEM.read("articles")(client, {}))
    item = first.items[0]
    assert isinstance(item, Item)
    assert (item.external_id, first.total, len(first.items)) == ("1", 240, 20)
    assert item.fields["title"].endswith("part 1")
    assert item.fields["published_at"] == datetime(2026, 1, 5, 15, tzinfo=UTC)
    assert str(item.fields["body"]).startswith("<p>")


def test_options_name_everything_that_differs(read: Read, remote: ScriptedServer) -> None:
    (page,) = read(
        {"data": {"posts": [{"key": {"id": "x-1"}, "head": {"line": "A title"}, "when": "2026-03-01T10:00:00"}]}},
        [],
        {"data": {"posts": []}},
        product="rest",
        resource_path="posts",
        query="status=live&fields=body",
        limit_name="first",
        offset_name="skip",
        page_size=5,
        items_path="data.posts",
        total_path="data.total || `1`",
        id_path="key.id",
        title_path="head.line",
        modified_path="when",
    )
    assert remote.asked[0].target == "/posts?status=live&fields=body&first=5&skip=0"
    (item,) = page.items
    assert isinstance(item, Item)
    assert (item.external_id, item.fields["title"]) == ("x-1", "A title")
    assert item.fields["source_modified_at"] == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert (item.fields["author"], item.fields["published_at"]) == ("", None)


def test_wagtail_is_asked_for_a_page_type_and_the_fields_staff_name(read: Read, remote: ScriptedServer) -> None:
    read(listed(), collection="blog.BlogPage")
    read(listed(), query="type=blog.BlogPage&fields=body,author&order=id", resource_path="/api/v2/posts/")
    assert [asked.target for asked in remote.asked] == [
        "/api/v2/posts/?fields=body%2Cauthor&type=blog.BlogPage&order=id&limit=20&offset=0"
    ]


def test_since_a_moment_wagtail_is_asked_for_everything_and_what_is_older_is_left_out(
    cms: Service, remote: ScriptedServer
) -> None:
    stamps = ("2026-03-01T10:00:00Z", None, "2026-02-01T00:00:00+00:00")
    pages = [{"id": n, "title": "t", "meta": {"last_published_at": stamp}} for n, stamp in enumerate(stamps)]
    remote.answers(Reply(body=json.dumps(listed(*pages)).encode()))
    cms.base_url = remote.url
    with client_for(cms, Cause("command", uuid.uuid4())) as client:
        (page,) = streams.articles(client, {"since": "2026-03-01T12:00:00+02:00"})  # type: ignore[arg-type]  # the CMS's own
    assert [item.external_id for item in items([page])] == ["0", "1"]


@pytest.mark.parametrize("missing", [{}, {"id": None}, {"id": ""}, "a string", 7, None, []])
def test_an_item_without_an_id_is_set_aside_with_the_mend(read: Read, missing: Any) -> None:
    good, bad = items(read(listed({"id": 1, "title": "good"}, missing)))
    assert isinstance(good, Item)
    assert isinstance(bad, BadItem)
    assert (bad.external_id, bad.field, bad.raw) == ("", "id", missing)
    assert "Correct the path of the id" in bad.reason


@pytest.mark.parametrize("number", [0, 2**63, 1.5, True])
def test_ids_are_taken_as_text(read: Read, number: Any) -> None:
    (item,) = items(read(listed({"id": number, "title": "t"})))
    assert item.external_id == str(number)


def test_a_path_that_does_not_fit_what_came_finds_nothing(read: Read) -> None:
    (item,) = items(read(listed({"id": 1, "title": "t", "author": {"name": "x"}}), author_path="join(', ', author)"))
    assert isinstance(item, Item)
    assert (item.fields["title"], item.fields["author"]) == ("t", "")


@pytest.mark.parametrize("stamp", ["", "yesterday", 0, None, {}, "2026-13-45", "9999-99"])
def test_a_stamp_that_is_none_is_left_out(read: Read, stamp: Any) -> None:
    (item,) = items(read(listed({"id": 1, "meta": {"last_published_at": stamp}})))
    assert isinstance(item, Item)
    assert item.fields["source_modified_at"] is None


def test_entities_and_markup_are_kept_as_they_are_sent(read: Read) -> None:
    (item,) = items(read(listed({"id": 1, "title": "Fish &amp; chips", "body": "<p>a &lt; b</p>\N{PILE OF POO}"})))
    assert isinstance(item, Item)
    assert (item.fields["title"], item.fields["body"]) == ("Fish &amp; chips", "<p>a &lt; b</p>\N{PILE OF POO}")


@pytest.mark.parametrize("total", ["3", -1, 1.5, True, [], {}, 10**30])
def test_a_strange_total_loses_no_item(read: Read, total: Any) -> None:
    pages = read(listed({"id": 1}, {"id": 2}, total=total), listed({"id": 3}, total=total), listed(total=total))
    assert [item.external_id for item in items(pages)] == ["1", "2", "3"]
    assert {page.total for page in pages} == {None}


@pytest.mark.parametrize("total", [True, "240", -1, 10**30, 0.5])
def test_a_strange_total_fails_no_run(cms: Service, remote: ScriptedServer, total: Any) -> None:
    article = {"id": 1, "title": "t"}
    pages = (listed(article, total=total), listed(article, total=total), listed(total=total))
    remote.answers(*(Reply(body=json.dumps(page).encode()) for page in pages))
    Service.objects.update(base_url=remote.url)
    run = ops.sync(cms.streams.get(), SyncRun.Trigger.COMMAND)
    tasks.run_sync(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.created, run.failure_message, run.warnings) == ("succeeded", 1, "", [])
    assert Essay.objects.get().external_id == "1"


def test_a_list_that_is_shorter_than_declared_fails_the_run_and_keeps_what_came(
    cms: Service, remote: ScriptedServer
) -> None:
    pages = (listed({"id": 1, "title": "t"}, total=3), listed({"id": 1, "title": "t"}, total=3), listed(total=3))
    remote.answers(*(Reply(body=json.dumps(page).encode()) for page in pages))
    Service.objects.update(base_url=remote.url)
    run = ops.sync(cms.streams.get(), SyncRun.Trigger.COMMAND)
    tasks.run_sync(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.failure_origin, run.created) == ("failed", "source", 1)
    assert run.failure_message.startswith("The service said that there are 3 items, but 1 came. What came is kept.")


def test_a_list_that_changes_while_it_is_read_is_remarked(read: Read, remote: ScriptedServer) -> None:
    first, second = read(
        listed({"id": 1}, {"id": 2}, total=4), listed({"id": 3}, {"id": 4}, total=3), listed({"id": 2}), page_size=2
    )
    assert [asked.target.partition("?")[2] for asked in remote.asked] == [
        "fields=%2A&limit=2&offset=0",
        "fields=%2A&limit=2&offset=1",
        "fields=%2A&limit=1&offset=0",
    ]
    assert [item.external_id for item in items([first, second])] == ["1", "2", "2", "3", "4"]
    assert first.remark == ""
    assert second.remark.startswith("The list changed while it was read (1 of its items came twice). Sync again")


@pytest.mark.parametrize("answer", [{}, [], None, {"items": {}}, {"items": "none"}, "text", 5])
def test_a_list_that_is_none_says_where_it_was_looked_for(read: Read, answer: Any) -> None:
    with pytest.raises(CallError, match="no list at “items”") as failure:
        read(answer)
    assert failure.value.code is Code.BAD_ANSWER


def test_what_the_cms_says_of_a_limit_reaches_staff(cms: Service) -> None:
    Service.objects.update(options={"page_size": 500})
    run = ops.sync(cms.streams.get(), SyncRun.Trigger.COMMAND)
    tasks.run_sync(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.failure_origin) == ("failed", "source")
    assert run.failure_message.startswith("It answered 400: limit cannot be higher than 20. Check the options")


def test_an_unknown_parameter_reaches_staff(cms: Service) -> None:
    cms.options = {"query": "colour=red"}
    with pytest.raises(CallError, match="colour"), client_for(cms, Cause("command", uuid.uuid4())) as client:
        client.check_health()


def test_health_counts_the_articles(cms: Service) -> None:
    with client_for(cms, Cause("command", uuid.uuid4())) as client:
        assert client.check_health() == "240 articles."
