"""The CMS at WordPress: how it is asked, what it says of times, titles and credentials, and what is gone."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations.models import Call, Service
from integrations.systems.base import BadItem, Gone, Item
from integrations.systems.cms import sandbox_articles, sandbox_wordpress
from integrations.systems.cms.sandbox_articles import ARTICLES, Article, article
from integrations.systems.cms.wordpress import HIDDEN
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.systems.cms import found, health, items, read, reply, service_at
from tests.transport.server import ScriptedServer


@pytest.fixture
def service(db: None, sandbox_url: str) -> Service:
    return service_at(f"{sandbox_url}/cms", "wordpress")


@pytest.fixture
def scripted(service: Service, remote: ScriptedServer) -> ScriptedServer:
    service.base_url = remote.url
    service.save()
    return remote


def post(number: int, **values: Any) -> dict[str, Any]:
    return {"id": number, "title": {"rendered": f"Title {number}"}, **values}


def query(target: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


def test_it_is_asked_as_its_documentation_wants(service: Service, scripted: ScriptedServer) -> None:
    scripted.answers(reply([], X_WP_Total="0"))
    service.options |= {"collection": "pages", "query": "categories[]=3&categories[]=4&lang=en"}
    assert read(service) == []
    asked = scripted.asked[0]
    assert urlsplit(asked.target).path == "/wp-json/wp/v2/pages"
    assert parse_qs(urlsplit(asked.target).query)["categories[]"] == ["3", "4"]
    wanted = {"per_page": "100", "offset": "0", "orderby": "id", "order": "asc", "_embed": "author,wp:featuredmedia"}
    assert wanted.items() <= query(asked.target).items()
    account = f"{sandbox_wordpress.USERNAME}:{sandbox_wordpress.PASSWORD}".encode()
    assert asked.headers["authorization"] == f"Basic {base64.b64encode(account).decode()}"


@pytest.mark.parametrize(
    ("rendered", "title"),
    [
        ("Fish &amp; chips &#8211; a &#8220;feast&#8221;", "Fish & chips – a “feast”"),
        ("<em>Read</em> this", "Read this"),
        ("a &lt;b&gt; c", "a <b> c"),
        ("&amp;amp;", "&amp;"),
        ("", "its-slug"),
        ("  ", "its-slug"),
    ],
)
def test_a_title_is_what_a_person_reads(service: Service, scripted: ScriptedServer, rendered: str, title: str) -> None:
    scripted.answers(reply([post(1, title={"rendered": rendered}, slug="its-slug")], X_WP_Total="1"))
    (item,) = items(read(service))
    assert item.fields["title"] == title


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("2026-03-01T10:00:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        *[(nothing, None) for nothing in ("0000-00-00T00:00:00", "", None, "yesterday", 7)],
    ],
)
def test_a_stamp_has_no_zone_and_is_utc(
    service: Service, scripted: ScriptedServer, stamp: Any, moment: datetime | None
) -> None:
    scripted.answers(reply([post(1, date_gmt=stamp, modified_gmt=stamp)], X_WP_Total="1"))
    (item,) = items(read(service))
    assert (item.fields["published_at"], item.fields["source_modified_at"]) == (moment, moment)


def test_pictures_in_the_body_and_the_cover_are_absolute(service: Service, scripted: ScriptedServer) -> None:
    media = [{"source_url": "/wp-content/c.jpg"}]
    body = {"rendered": '<img src="/wp-content/a.jpg"><img src="b.jpg">'}
    linked = post(1, link="https://www.example.org/x/", content=body, _embedded={"wp:featuredmedia": media})
    scripted.answers(reply([linked], X_WP_Total="1"))
    (item,) = items(read(service))
    assert item.fields["cover_url"] == "https://www.example.org/wp-content/c.jpg"
    assert item.fields["body"] == (
        '<img src="https://www.example.org/wp-content/a.jpg"><img src="https://www.example.org/x/b.jpg">'
    )


@pytest.mark.parametrize(
    "embedded",
    [
        None,
        {},
        {"author": [{"code": "rest_user_invalid_id", "message": "Invalid user ID.", "data": {"status": 404}}]},
        {"author": [], "wp:featuredmedia": [{"code": "rest_forbidden"}]},
    ],
)
def test_an_author_or_picture_that_may_not_be_seen_is_none(
    service: Service, scripted: ScriptedServer, embedded: Any
) -> None:
    scripted.answers(reply([post(1, _embedded=embedded)], X_WP_Total="1"))
    (item,) = items(read(service))
    assert (item.fields["author"], item.fields["cover_url"]) == ("", "")


@pytest.mark.parametrize("raw", [{}, {"id": None}, "text", 7, None, []])
def test_what_is_no_post_is_set_aside(service: Service, scripted: ScriptedServer, raw: Any) -> None:
    scripted.answers(reply([raw], X_WP_Total="1"))
    (bad,) = found(read(service))
    assert isinstance(bad, BadItem)
    assert "Check that the base URL points at a WordPress" in bad.reason


@pytest.mark.parametrize("total", ["", "many", "-1", "1.5", "9" * 30, "٣"])
def test_a_strange_total_loses_no_post(service: Service, scripted: ScriptedServer, total: str) -> None:
    scripted.answers(*(reply(page, X_WP_Total=total.encode().decode("latin-1")) for page in ([post(1)], [])))
    assert [item.external_id for item in items(read(service))] == ["1"]


def test_wrong_credentials_are_ignored_by_the_list_and_found_by_the_check(service: Service) -> None:
    service.options |= {"username": "somebody else"}
    assert len(items(read(service))) == ARTICLES
    with pytest.raises(CallError, match=r"not currently logged in\. Check “WordPress user”") as failure:
        health(service)
    assert failure.value.code is Code.AUTH_FAILED


def test_without_a_user_the_check_asks_for_a_post_alone(service: Service) -> None:
    service.options |= {"username": ""}
    assert health(service) == "240 articles."
    assert list(Call.objects.values_list("operation", "status")) == [("check_health", 200)]


def test_the_check_says_who_is_signed_in_and_what_that_is_good_for(service: Service, scripted: ScriptedServer) -> None:
    me = {"id": 1, "name": "Reader", "capabilities": {"read": True}}
    scripted.answers(reply([post(1)], X_WP_Total="7"), reply(me))
    assert health(service) == "7 articles. Reader may not edit posts, so that only a full sync sees deletions."
    scripted.answers(reply([post(1)], X_WP_Total="7"), reply({**me, "capabilities": {"edit_posts": True}}))
    assert health(service) == "7 articles. Signed in as Reader."


def test_what_is_in_the_trash_is_gone(service: Service) -> None:
    since = article(ARTICLES).modified.isoformat()
    last, gone = found(read(service, {"since": since}))
    assert isinstance(last, Item)
    assert isinstance(gone, Gone)
    assert gone.external_id == str(sandbox_wordpress.TRASH[0])


def test_changes_are_read_by_id_since_many_may_have_the_same_second(service: Service, scripted: ScriptedServer) -> None:
    scripted.answers(reply([], X_WP_Total="0"))
    read(service, {"since": "2026-03-01T10:00:00.9+00:00"})
    assert [query(asked.target).get("status") for asked in scripted.asked] == [None, HIDDEN]
    for asked in scripted.asked:
        wanted = {"orderby": "id", "order": "asc", "modified_after": "2026-03-01T08:59:59Z"}
        assert wanted.items() <= query(asked.target).items()


def test_without_a_user_nobody_looks_into_the_trash(service: Service) -> None:
    service.options |= {"username": ""}
    assert [type(each) for each in found(read(service, {"since": article(239).modified.isoformat()}))] == [Item, Item]
    assert Call.objects.count() == 1


def test_an_account_that_may_not_see_the_trash_reads_what_changed(service: Service) -> None:
    service.options |= {"username": "somebody else"}
    assert [type(each) for each in found(read(service, {"since": article(239).modified.isoformat()}))] == [Item, Item]
    assert set(Call.objects.values_list("status", flat=True)) == {200, 400}


def test_another_refusal_of_the_trash_fails_the_run(service: Service, scripted: ScriptedServer) -> None:
    scripted.answers(reply([], X_WP_Total="0"), reply({"code": "rest_forbidden", "message": "No."}, 403))
    with pytest.raises(CallError, match="No") as failure:
        read(service, {"since": "2026-01-01T00:00:00+00:00"})
    assert failure.value.code is Code.FORBIDDEN


def test_what_was_modified_in_the_hour_that_autumn_repeats_is_not_missed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 00:45 and 01:15 UTC are 02:45 and 02:15 on the clocks of the site.
    moments = [datetime(2026, 10, 25, hour, minute, tzinfo=UTC) for hour, minute in ((0, 30), (0, 45), (1, 15))]

    def posts() -> list[Article]:
        known = (article(number) for number in (1, 2, 3))
        return [Article(**{**vars(each), "modified": moment}) for each, moment in zip(known, moments, strict=True)]

    monkeypatch.setattr(sandbox_wordpress, "all_articles", posts)
    service.options |= {"username": ""}
    ids = [item.external_id for item in items(read(service, {"since": moments[1].isoformat()}))]
    assert sorted(ids) == ["2", "3"]


def test_posts_that_move_while_they_are_read_are_noticed(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = iter(range(100))

    def posts() -> list[Article]:
        # The first one is taken away once it was read.
        return [article(number) for number in range(1 if next(asked) < 1 else 2, 51)]

    monkeypatch.setattr(sandbox_wordpress, "all_articles", posts)
    service.options |= {"page_size": 20}
    pages = read(service)
    assert {item.external_id for item in items(pages)} == {str(number) for number in range(1, 51)}
    assert pages[1].remark.startswith("The list changed while it was read")
    assert sandbox_articles.ARTICLES == ARTICLES


def test_a_page_past_the_end_is_never_asked_for(service: Service) -> None:
    service.options |= {"page_size": 80, "username": ""}
    assert len(items(read(service))) == ARTICLES
    assert set(Call.objects.values_list("status", flat=True)) == {200}
