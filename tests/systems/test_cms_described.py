"""The CMS at Directus and Strapi, whose fields somebody named, and at any REST list."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations import credentials
from integrations.models import Call, Service
from integrations.systems.base import BadItem, Item
from integrations.systems.cms import sandbox_directus, sandbox_strapi
from integrations.systems.cms.sandbox_articles import ARTICLES
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked
from tests.systems.cms import found, health, items, read, reply, service_at
from tests.transport.server import ScriptedServer

FILE = "8cbb43fe-4cdf-4991-8352-c461779cec02"
SINCE = "2026-03-01T10:00:00.5+02:00"
DIRECTUS = pytest.mark.parametrize("product", ["directus"])
STRAPI = pytest.mark.parametrize("product", ["strapi"])
ONE = {"filter_count": 1, "pagination": {"total": 1}}
REST = pytest.mark.parametrize("product", ["rest"])


@pytest.fixture
def service(db: None, sandbox_url: str, product: str) -> Service:
    return service_at(f"{sandbox_url}/cms", product)


@pytest.fixture
def scripted(service: Service, remote: ScriptedServer) -> ScriptedServer:
    service.base_url = remote.url
    service.save()
    return remote


def queries(remote: ScriptedServer) -> list[dict[str, str]]:
    asked = [parse_qs(urlsplit(each.target).query) for each in remote.asked]
    return [{name: values[0] for name, values in each.items()} for each in asked]


def only(service: Service, scripted: ScriptedServer, **values: Any) -> Item:
    """The item that this article becomes."""
    scripted.answers(reply({"data": [{"id": 1, "documentId": "d1", "title": "t", **values}], "meta": ONE}))
    return items(read(service))[0]


@DIRECTUS
def test_directus_is_asked_as_its_documentation_wants(service: Service, scripted: ScriptedServer) -> None:
    scripted.answers(reply({"data": [], "meta": {"filter_count": 0}}))
    service.options |= {
        "collection": "news items",
        "query": "filter[status][_eq]=published&fields=id,title",
        "id_path": "key",
    }
    assert read(service) == []
    assert urlsplit(scripted.asked[0].target).path == "/items/news%20items"
    assert scripted.asked[0].headers["authorization"].startswith("Bearer ")
    assert queries(scripted) == [
        {
            "fields": "id,title",
            "filter[status][_eq]": "published",
            "meta": "filter_count",
            "sort": "key",
            "limit": "100",
            "offset": "0",
        }
    ]


@DIRECTUS
@pytest.mark.parametrize(
    ("stamps", "wanted"),
    [
        (
            {"date_created": "2026-01-01T00:00:00Z", "date_updated": None},
            {
                "filter[_or][0][date_created][_gte]": "2026-03-01T08:00:00Z",
                "filter[_or][1][date_updated][_gte]": "2026-03-01T08:00:00Z",
                "sort": "date_updated,date_created,id",
            },
        ),
        (
            {"date_updated": None},
            {"filter[_or][0][date_updated][_gte]": "2026-03-01T08:00:00Z", "sort": "date_updated,id"},
        ),
        ({}, {"sort": "id"}),
    ],
)
def test_directus_filters_by_the_stamps_that_a_collection_has(
    service: Service, scripted: ScriptedServer, stamps: Any, wanted: dict[str, str]
) -> None:
    scripted.answers(reply({"data": [{"id": 1, **stamps}], "meta": {}}), reply({"data": [], "meta": {}}))
    assert read(service, {"since": SINCE}) == []
    given = queries(scripted)[1]
    assert {name: given[name] for name in given if name.startswith("filter") or name == "sort"} == wanted


@DIRECTUS
def test_directus_without_stamps_gives_everything_since_any_moment(service: Service, scripted: ScriptedServer) -> None:
    answer = reply({"data": [{"id": 1, "title": "t"}], "meta": {"filter_count": 1}})
    scripted.answers(answer, answer, reply({"data": [], "meta": {"filter_count": 1}}))
    assert [item.external_id for item in items(read(service, {"since": SINCE}))] == ["1"]


@DIRECTUS
@pytest.mark.parametrize("cover", [FILE, FILE.upper(), {"id": FILE, "type": "image/png"}])
def test_a_file_of_directus_is_an_asset(service: Service, scripted: ScriptedServer, cover: Any) -> None:
    item = only(service, scripted, cover=cover)
    assert item.fields["cover_url"].lower() == f"{scripted.url}/assets/{FILE}"


@DIRECTUS
def test_another_picture_of_directus_is_an_address(service: Service, scripted: ScriptedServer) -> None:
    assert only(service, scripted, image="https://a.example/b.jpg").fields["cover_url"] == "https://a.example/b.jpg"
    assert only(service, scripted, cover=7).fields["cover_url"] == ""


@DIRECTUS
def test_an_item_that_was_never_changed_was_modified_when_it_was_made(
    service: Service, scripted: ScriptedServer
) -> None:
    item = only(service, scripted, date_created="2026-03-01T10:00:00.000Z", date_updated=None)
    assert item.fields["source_modified_at"] == datetime(2026, 3, 1, 10, tzinfo=UTC)


@DIRECTUS
def test_a_limit_that_is_told_in_the_body_alone_parks(service: Service) -> None:
    credentials.store(service, "token", sandbox_directus.BUSY)
    began = datetime.now(UTC)
    for ask in (read, health):
        with pytest.raises(Parked, match="Too many requests, retry after 50s") as parked:
            ask(service)
        assert began + timedelta(seconds=40) < parked.value.until <= datetime.now(UTC) + timedelta(seconds=50)


@DIRECTUS
@pytest.mark.parametrize(("reset", "hours"), [("2099-01-01T00:00:00.000Z", 1), (None, None), ("soon", None), (7, None)])
def test_a_reset_is_believed_for_an_hour_at_the_most(
    service: Service, scripted: ScriptedServer, reset: Any, hours: int | None
) -> None:
    error = {"message": "Too many requests.", "extensions": {"code": "REQUESTS_EXCEEDED", "reset": reset}}
    scripted.answers(reply({"errors": [error]}, 429))
    with pytest.raises((Parked, CallError)) as failure:
        health(service)
    assert isinstance(failure.value, Parked) is bool(hours)
    if isinstance(failure.value, Parked):
        assert failure.value.until <= datetime.now(UTC) + timedelta(hours=1)


@STRAPI
def test_strapi_is_asked_as_its_documentation_wants(service: Service, scripted: ScriptedServer) -> None:
    scripted.answers(reply({"data": [], "meta": {"pagination": {"total": 0}}}))
    service.options |= {"collection": "blog-posts", "query": "locale=de"}
    assert read(service) == []
    assert read(service, {"since": SINCE}) == []
    assert urlsplit(scripted.asked[0].target).path == "/api/blog-posts"
    common = {"populate": "*", "locale": "de", "pagination[start]": "0", "pagination[limit]": "100"}
    assert queries(scripted) == [
        {**common, "sort[0]": "createdAt:asc", "sort[1]": "documentId:asc"},
        {
            **common,
            "sort[0]": "updatedAt:asc",
            "sort[1]": "documentId:asc",
            "filters[updatedAt][$gte]": "2026-03-01T08:00:00Z",
        },
    ]


@STRAPI
@pytest.mark.parametrize("most", [7, 25, 100])
def test_a_limit_that_strapi_clamps_without_a_word_loses_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(sandbox_strapi, "LIMIT_MAX", most)
    service.options |= {"page_size": 500}
    assert len({item.external_id for item in items(read(service))}) == ARTICLES


@STRAPI
def test_an_entry_is_known_by_its_document_whatever_its_id_becomes(service: Service, scripted: ScriptedServer) -> None:
    assert only(service, scripted, id=3).external_id == only(service, scripted, id=4).external_id == "d1"


@STRAPI
def test_an_older_strapi_is_named(service: Service, scripted: ScriptedServer) -> None:
    scripted.answers(reply({"data": [{"id": 1, "attributes": {"title": "t"}}], "meta": ONE}))
    (bad,) = found(read(service))
    assert isinstance(bad, BadItem)
    assert bad.reason.startswith("There is no value at “documentId”. Strapi 5 has one in every entry")


@STRAPI
def test_without_a_token_strapi_says_what_to_allow(service: Service) -> None:
    credentials.remove(service, "token")
    with pytest.raises(CallError, match="Allow “find” for the content type") as failure:
        health(service)
    assert failure.value.code is Code.FORBIDDEN


@STRAPI
def test_media_of_strapi_are_at_strapi_whatever_shows_the_article(service: Service, scripted: ScriptedServer) -> None:
    item = only(
        service,
        scripted,
        url="https://www.example.org/a/",
        body='<img src="/uploads/a.jpg">',
        cover={"id": 1, "url": "/uploads/c.jpg"},
    )
    assert item.fields["url"] == "https://www.example.org/a/"
    assert item.fields["body"] == f'<img src="{scripted.url}/uploads/a.jpg">'
    assert item.fields["cover_url"] == f"{scripted.url}/uploads/c.jpg"


@STRAPI
@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("# A title\n\n*text*", "# A title\n\n*text*"),
        ([{"type": "paragraph", "children": [{"text": "ä"}]}], '[{"type": "paragraph", "children": [{"text": "ä"}]}]'),
        (None, ""),
        (7, "7"),
    ],
)
def test_a_body_of_blocks_is_kept_as_it_is(service: Service, scripted: ScriptedServer, body: Any, kept: str) -> None:
    assert only(service, scripted, body=body).fields["body"] == kept


@STRAPI
@pytest.mark.parametrize("value", [{"x": 1}, ["a"], {}])
def test_a_field_that_is_no_text_is_left_out(service: Service, scripted: ScriptedServer, value: Any) -> None:
    item = only(service, scripted, author=value, slug=value, publishedAt=value)
    assert (item.fields["author"], item.fields["slug"], item.fields["published_at"]) == ("", "", None)


PAGED: dict[str, dict[str, Any]] = {
    "offset": {},
    "page": {"page_name": "page", "limit_name": "per_page"},
    "cursor": {"next_path": "following.token", "cursor_name": "after"},
    "link": {},
    "next_url": {"next_path": "following.url"},
}


@REST
@pytest.mark.parametrize("pagination", PAGED)
def test_any_list_is_read_in_every_style(service: Service, scripted: ScriptedServer, pagination: str) -> None:
    first = {"following": {"token": "t2", "url": f"{scripted.url}/posts?token=2"}, "data": [{"id": 1, "title": "a"}]}
    link = f'<{scripted.url}/posts?token=2>; rel="next"'
    pages = [reply(first, Link=link), reply({"data": [{"id": 2, "title": "b"}]})]
    look_back = [reply(first)] if pagination == "page" else []
    ends = [reply({"data": []})] * 3 if pagination in {"offset", "page"} else []
    scripted.answers(*pages, *look_back, *ends)
    if pagination == "offset":  # each page begins with the last article of the one before
        scripted.answers(
            pages[0], reply({"data": [{"id": 1}, {"id": 2, "title": "b"}]}), reply({"data": [{"id": 2}]}), *ends
        )
    if pagination == "page":
        scripted.answers(*pages, *look_back, ends[0], pages[1])
    service.options |= {"resource_path": "/posts", "pagination": pagination, **PAGED[pagination]}
    assert [item.external_id for item in items(read(service))] == ["1", "2"]
    assert {urlsplit(asked.target).path for asked in scripted.asked} == {"/posts"}


@REST
@pytest.mark.parametrize(
    ("name", "sent"), [("changed_after", {"changed_after": "2026-03-01T08:00:00Z"}), ("", {}), (None, {})]
)
def test_any_list_is_asked_for_changes_where_staff_name_the_parameter(
    service: Service, scripted: ScriptedServer, name: str | None, sent: dict[str, str]
) -> None:
    old, new = ({"id": n, "title": "t", "updated_at": f"2026-0{n}-01T00:00:00Z"} for n in (1, 4))
    scripted.answers(reply({"data": [old, new]}), reply({"data": [new]}), reply({"data": []}))
    service.options |= {"since_name": name, "query": "", "page_size": 50}
    pages = read(service, {"since": SINCE})
    assert [item.external_id for item in items(pages)] == ["4"]
    assert all(each.position["since"] == SINCE for each in pages)
    given = queries(scripted)[0]
    assert {name: given[name] for name in given if name not in {"limit", "offset"}} == sent


@REST
@pytest.mark.parametrize(("status", "told"), [("404", "404"), ("400", "400"), ("empty", "404")])
def test_a_page_past_the_end_may_be_an_error(
    service: Service, scripted: ScriptedServer, status: str, told: str
) -> None:
    first, past = reply({"data": [{"id": 1, "title": "a"}]}), reply({"message": "Invalid page."}, int(told))
    scripted.answers(first, past, first)
    service.options |= {"pagination": "page", "past_end": status}
    if status == "empty":
        with pytest.raises(CallError, match="Invalid page"):
            read(service)
    else:
        assert [item.external_id for item in items(read(service))] == ["1"]


@REST
def test_a_full_page_that_names_no_next_one_is_remarked(service: Service, scripted: ScriptedServer) -> None:
    scripted.answers(reply({"data": [{"id": n, "title": "t"} for n in range(20)]}))
    service.options |= {"pagination": "cursor", "total_path": ""}
    (page,) = read(service)
    assert page.remark.startswith("The first page is full, and the answer names no next one.")


@REST
def test_media_of_any_list_are_where_the_article_is(service: Service, scripted: ScriptedServer) -> None:
    body = '<img src="a.jpg">'
    assert (
        only(service, scripted, url="https://w.example/a/", body=body).fields["body"]
        == '<img src="https://w.example/a/a.jpg">'
    )
    assert only(service, scripted, body=body).fields["body"] == f'<img src="{scripted.url}/a.jpg">'


@REST
def test_a_moment_that_is_none_reads_everything(service: Service) -> None:
    assert len(items(read(service, {"since": "whenever"}))) == ARTICLES
    assert Call.objects.exclude(outcome="ok").count() == 0


@REST
@pytest.mark.parametrize("hostile", ["[[[[]]]]", '[{"id": {"a": 1}}]', "[true]", "[1e400]", '["\\ud800"]', "[null]"])
def test_what_is_no_article_is_set_aside(service: Service, scripted: ScriptedServer, hostile: str) -> None:
    scripted.answers(reply({"data": json.loads(hostile), "meta": ONE}))
    (bad,) = found(read(service))
    assert isinstance(bad, BadItem)
