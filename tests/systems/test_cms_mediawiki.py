"""The CMS at MediaWiki: objects to continue with, answers in parts, errors with status 200, and what is gone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations import credentials
from integrations.models import Call, Service
from integrations.systems.base import BadItem, Gone, Item
from integrations.systems.cms import sandbox_mediawiki
from integrations.systems.cms.sandbox_articles import ARTICLES, article
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.systems.cms import found, health, items, read, reply, service_at
from tests.transport.server import ScriptedServer


@pytest.fixture
def service(db: None, sandbox_url: str) -> Service:
    return service_at(f"{sandbox_url}/cms", "mediawiki")


@pytest.fixture
def scripted(service: Service, remote: ScriptedServer) -> ScriptedServer:
    service.base_url = f"{remote.url}/w"
    service.save()
    return remote


def pages(*shown: Any, **more: Any) -> dict[str, Any]:
    return {"query": {"pages": list(shown)}, **more}


def page(number: int, **values: Any) -> dict[str, Any]:
    return {"pageid": number, "ns": 0, "title": f"Page {number}", **values}


def revision(text: str = "text") -> dict[str, Any]:
    return {"revisions": [{"user": "A", "timestamp": "2026-03-01T10:00:00Z", "slots": {"main": {"content": text}}}]}


def all_pages(*numbers: int, **more: Any) -> dict[str, Any]:
    return {"query": {"allpages": [page(number) for number in numbers]}, **more}


def queries(remote: ScriptedServer) -> list[dict[str, str]]:
    asked = [parse_qs(urlsplit(each.target).query) for each in remote.asked]
    return [{name: values[0] for name, values in each.items()} for each in asked]


def test_it_is_asked_as_its_documentation_wants(service: Service, scripted: ScriptedServer) -> None:
    scripted.answers(reply(all_pages(7)), reply(pages(page(7, **revision()))))
    service.options |= {"collection": "0"}
    (item,) = items(read(service))
    assert (item.external_id, item.fields["title"], item.fields["slug"]) == ("7", "Page 7", "Page_7")
    assert (item.fields["body"], item.fields["author"]) == ("text", "A")
    assert {urlsplit(each.target).path for each in scripted.asked} == {"/w/api.php"}
    first, second = queries(scripted)
    assert {
        "list": "allpages",
        "apnamespace": "0",
        "apfilterredir": "nonredirects",
        "aplimit": "50",
    }.items() <= first.items()
    assert second["pageids"] == "7"
    assert {(each["action"], each["format"], each["formatversion"]) for each in (first, second)} == {
        ("query", "json", "2")
    }


def test_what_it_says_of_going_on_is_copied_whole(service: Service, scripted: ScriptedServer) -> None:
    following = {"apcontinue": "Ü_&_x", "continue": "-||", "something": "new"}
    contents = reply(pages(page(1, **revision()), page(2, **revision())))
    scripted.answers(reply(all_pages(1, **{"continue": following})), contents, reply(all_pages(2)), contents)
    read_pages = read(service)
    assert read_pages[0].position["at"] == following
    assert following.items() <= queries(scripted)[2].items()


def test_a_page_that_comes_in_parts_is_put_together(service: Service, scripted: ScriptedServer) -> None:
    following = {"rvcontinue": "1|2", "continue": "||info|pageimages"}
    scripted.answers(
        reply(all_pages(1, 2)),
        reply(pages(page(1, **revision("one")), page(2, original={"source": "/two.jpg"}), **{"continue": following})),
        reply(pages(page(1), page(2, **revision("two")), batchcomplete=True)),
    )
    first, second = items(read(service))
    assert (first.fields["body"], second.fields["body"]) == ("one", "two")
    assert second.fields["cover_url"] == f"{scripted.url}/two.jpg"
    assert following.items() <= queries(scripted)[2].items()


def test_the_sandbox_sends_contents_in_parts(service: Service) -> None:
    read(service)
    lists, contents = (Call.objects.filter(operation=name).count() for name in ("list_articles", "get_pages"))
    assert (lists, contents) == (5, 4 * 2 + 2)


def test_parts_that_never_end_are_told(
    service: Service, scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.systems.cms.mediawiki.MOST_PARTS", 5)
    scripted.answers(reply(all_pages(1)), reply(pages(page(1), **{"continue": {"rvcontinue": "1"}})))
    with pytest.raises(CallError, match="did not send 1 pages within 5 answers") as failure:
        read(service)
    assert failure.value.code is Code.BAD_PAGING


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("readapidenied", Code.AUTH_FAILED),
        ("mwoauth-invalid-authorization", Code.AUTH_FAILED),
        ("permissiondenied", Code.FORBIDDEN),
        ("ratelimited", Code.RATE_LIMITED),
        ("readonly", Code.SERVER_ERROR),
        ("badvalue", Code.HTTP_ERROR),
        ("something-new", Code.HTTP_ERROR),
    ],
)
@pytest.mark.parametrize("by_header", [True, False])
def test_an_error_has_status_200_and_is_one(
    service: Service, scripted: ScriptedServer, code: str, kind: Code, by_header: bool
) -> None:
    error = reply({"error": {"code": code, "info": "It says why."}})
    scripted.answers(replace(error, headers=(("MediaWiki-API-Error", code),)) if by_header else error)
    for ask in (read, health):
        with pytest.raises(CallError, match=f"error {code}: It says why.") as failure:
            ask(service)
        assert failure.value.code is kind


def test_a_closed_wiki_is_not_healthy_though_it_tells_its_name(service: Service) -> None:
    credentials.store(service, "token", sandbox_mediawiki.CLOSED)
    with pytest.raises(CallError, match="You need read permission") as failure:
        health(service)
    assert failure.value.code is Code.AUTH_FAILED


def test_the_check_says_which_wiki_it_is(service: Service) -> None:
    assert health(service) == "Sandbox: 240 articles by its own count."
    assert Call.objects.count() == 1


def test_pages_that_were_deleted_are_gone_and_those_that_were_restored_are_back(service: Service) -> None:
    *edited, first, second, back = found(read(service, {"since": article(239).modified.isoformat()}))
    assert [each.external_id for each in edited] == ["239", "240"]
    assert [each.external_id for each in (first, second) if isinstance(each, Gone)] == ["241", "242"]
    assert isinstance(back, Item)
    assert (back.external_id, back.fields["title"]) == ("3", article(3).title)


@pytest.mark.parametrize("now", [{"missing": True}, {"redirect": True, **revision()}, {"ns": 4, **revision()}])
def test_a_page_that_is_no_article_any_more_is_gone(service: Service, scripted: ScriptedServer, now: Any) -> None:
    scripted.answers(reply(all_pages(5)), reply(pages({**page(5), **now})))
    (gone,) = found(read(service))
    assert isinstance(gone, Gone)
    assert gone.external_id == "5"


@pytest.mark.parametrize("shown", [[], [page(5)], [page(6, **revision())]])
def test_a_page_of_which_nothing_is_said_is_not_taken_for_gone(
    service: Service, scripted: ScriptedServer, shown: Any
) -> None:
    scripted.answers(reply(all_pages(5)), reply(pages(*shown)))
    (bad,) = found(read(service))
    assert isinstance(bad, BadItem)
    assert (bad.external_id, bad.reason) == ("5", "MediaWiki named this page and sent nothing of it. Sync again.")


def test_a_page_that_is_edited_again_and_again_is_no_list_in_a_circle(
    service: Service, scripted: ScriptedServer
) -> None:
    def edits(revision_id: int, **more: Any) -> Any:
        edit = {"revid": revision_id, "timestamp": "2026-03-01T10:00:00Z"}
        return reply({"query": {"allrevisions": [{**page(1), "revisions": [edit]}]}, **more})

    contents = reply(pages(page(1, **revision())))
    goes_on = [edits(n, **{"continue": {"arvcontinue": str(n), "continue": "-||"}}) for n in (1, 2)]
    deletions = reply({"query": {"logevents": []}})
    scripted.answers(goes_on[0], contents, goes_on[1], contents, edits(3), contents, deletions)
    read_pages = read(service, {"since": "2026-03-01T00:00:00+00:00"})
    assert [item.external_id for item in items(read_pages)] == ["1", "1", "1"]
    assert {each.remark for each in read_pages} == {""}


def test_entries_of_the_log_that_name_no_page_are_left_out(service: Service, scripted: ScriptedServer) -> None:
    log = [{"logid": 1, "ns": 0, "title": "Old", "pageid": 0, "logpage": 0}, {"logid": 2, "actionhidden": True}]
    scripted.answers(reply({"query": {"allrevisions": []}}), reply({"query": {"logevents": log}}))
    assert found(read(service, {"since": "2026-03-01T00:00:00+00:00"})) == []
    assert len(scripted.asked) == 2


def test_empty_answers_of_a_wiki_that_filters_after_cutting_are_passed_over(
    service: Service, scripted: ScriptedServer
) -> None:
    empty = [all_pages(**{"continue": {"apcontinue": name, "continue": "-||"}}) for name in "abc"]
    scripted.answers(*map(reply, empty), reply(all_pages(1)), reply(pages(page(1, **revision()))))
    assert [item.external_id for item in items(read(service))] == ["1"]
    assert [each.get("apcontinue") for each in queries(scripted)] == [None, "a", "b", "c", None]


def test_an_older_mediawiki_without_slots_is_read(service: Service, scripted: ScriptedServer) -> None:
    old = {"revisions": [{"timestamp": "2026-03-01T10:00:00Z", "content": "old text"}]}
    scripted.answers(reply(all_pages(1)), reply(pages(page(1, **old))))
    assert items(read(service))[0].fields["body"] == "old text"


@pytest.mark.parametrize("answer", [{}, [], None, {"query": []}, {"query": {"allpages": {}}}, {"batchcomplete": True}])
def test_an_answer_without_the_list_is_unreadable(service: Service, scripted: ScriptedServer, answer: Any) -> None:
    scripted.answers(reply(answer))
    for ask in (read, health):
        with pytest.raises(CallError, match="There is no list at") as failure:
            ask(service)
        assert failure.value.code is Code.BAD_ANSWER


def test_reading_goes_on_in_the_log_of_deletions(service: Service) -> None:
    since = {"since": article(200).modified.isoformat()}
    read_pages = read(service, since)
    numbers = [each.position["list"] for each in read_pages]
    assert numbers == sorted(numbers)
    assert set(numbers) == {0, 1}
    last_of_edits = read_pages[numbers.index(1) - 1]
    rest = found(read(service, json.loads(json.dumps(dict(last_of_edits.position)))))
    assert [each.external_id for each in rest] == ["241", "242", "3"]
    assert article(ARTICLES).number == ARTICLES
