"""The CMS at Ghost: pages by number, a next page for ever, and a key in the query."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations import credentials
from integrations.models import Call, Service
from integrations.systems.base import BadItem
from integrations.systems.cms import sandbox_articles
from integrations.systems.cms.sandbox_articles import ARTICLES, KEY, Article, article
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.systems.cms import found, health, items, read, reply, service_at
from tests.transport.server import ScriptedServer


@pytest.fixture
def service(db: None, sandbox_url: str) -> Service:
    return service_at(f"{sandbox_url}/cms", "ghost")


@pytest.fixture
def scripted(service: Service, remote: ScriptedServer) -> ScriptedServer:
    service.base_url = remote.url
    service.save()
    return remote


def page(*posts: Any, total: int | None = None, following: int | None = None) -> dict[str, Any]:
    return {"posts": list(posts), "meta": {"pagination": {"total": total, "next": following}}}


def post(number: int, **values: Any) -> dict[str, Any]:
    return {"id": f"{number:024x}", "title": f"Title {number}", **values}


def queries(remote: ScriptedServer) -> list[dict[str, str]]:
    asked = [parse_qs(urlsplit(each.target).query) for each in remote.asked]
    return [{name: values[0] for name, values in each.items()} for each in asked]


def test_it_is_asked_as_its_documentation_wants(service: Service, scripted: ScriptedServer) -> None:
    scripted.answers(reply({"pages": [], "meta": {}}))
    service.options |= {"collection": "pages", "query": "filter=tag:news"}
    assert read(service) == []
    assert read(service, {"since": "2026-03-01T10:00:00.5+00:00"}) == []
    assert urlsplit(scripted.asked[0].target).path == "/ghost/api/content/pages/"
    common = {"include": "authors", "limit": "100", "page": "1", "key": KEY}
    assert queries(scripted) == [
        {**common, "filter": "tag:news", "order": "published_at asc,id asc"},
        {**common, "filter": "(tag:news)+updated_at:>='2026-03-01 10:00:00'", "order": "updated_at asc,id asc"},
    ]


def test_a_next_page_that_is_named_for_ever_is_not_followed(service: Service, scripted: ScriptedServer) -> None:
    scripted.answers(
        reply(page(post(1), following=2)), reply(page(following=3)), reply(page(post(1), following=2)), reply(page())
    )
    assert [item.external_id for item in items(read(service))] == [f"{1:024x}"]
    assert [query["page"] for query in queries(scripted)] == ["1", "2", "1"]


@pytest.mark.parametrize("size", [101, 500, 1000])
def test_more_than_ghost_gives_is_not_asked_for(service: Service, size: int) -> None:
    service.options |= {"page_size": size}
    assert len(items(read(service))) == ARTICLES
    assert Call.objects.filter(url__contains="limit=100&").count() == Call.objects.count()


@pytest.mark.parametrize(("first", "second"), [(1, 2), (11, 1), (20, 1)])
def test_posts_that_move_from_page_to_page_are_noticed_and_none_is_missed(
    service: Service, monkeypatch: pytest.MonkeyPatch, first: int, second: int
) -> None:
    asked = iter(range(100))

    def posts() -> list[Article]:
        return [article(number) for number in range(first if next(asked) < 1 else second, 61)]

    monkeypatch.setattr(sandbox_articles, "all_articles", posts)
    service.options |= {"page_size": 20}
    pages = read(service)
    came = {int(item.external_id, 16) for item in items(pages)}
    assert came >= set(range(second, 61))
    assert any(each.remark for each in pages)


def test_the_key_is_in_no_position_and_in_no_row(service: Service, scripted: ScriptedServer) -> None:
    service.body_policy = Service.BodyPolicy.ALL
    service.save()
    scripted.answers(reply(page(post(1, url="/first/", html='<a href="?x=1">x</a><a href="">y</a>'))), reply(page()))
    pages = read(service)
    assert f"key={KEY}" in scripted.asked[0].target
    kept = [str(dict(each.position)) + str(each.items) for each in pages]
    kept += [str(row) for row in Call.objects.values("url", "error", "body__response_body")]
    assert [text for text in kept if KEY in text] == []


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_key_that_is_missing_or_wrong_says_which_one_is_wanted(service: Service, key: str) -> None:
    credentials.remove(service, "token")
    if key:
        credentials.store(service, "token", key)
    with pytest.raises(CallError, match=r"Content API key \(26 characters\) of a custom integration") as failure:
        health(service)
    assert failure.value.code is Code.AUTH_FAILED


@pytest.mark.parametrize("answer", [{}, [], None, {"posts": None}, {"pages": []}, {"posts": {"0": {}}}, "text"])
def test_an_answer_without_posts_is_unreadable(service: Service, scripted: ScriptedServer, answer: Any) -> None:
    scripted.answers(reply(answer))
    for ask in (read, health):
        with pytest.raises(CallError, match="There is no list at") as failure:
            ask(service)
        assert failure.value.code is Code.BAD_ANSWER


def test_what_is_no_post_is_set_aside(service: Service, scripted: ScriptedServer) -> None:
    scripted.answers(reply(page({"title": "without an id"}, total=1)))
    (bad,) = found(read(service))
    assert isinstance(bad, BadItem)
    assert bad.field == "id"
