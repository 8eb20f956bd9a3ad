"""Rows marked as gone are restored: one, or all that a run marked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from integrations import ops
from integrations.models import Change, Record, RunEvent, Stream, SyncRun
from integrations.sync import gone
from tests.admin.asking import SUBMITTED, messages_of, page, said
from tests.sync.source import Source, sync

AsPerson = Callable[[User], Client]


@pytest.fixture
def marked(source: Source, things: Stream) -> SyncRun:
    """A run that marked “b”, “c” and “d” as gone; “a” stands."""
    source.put("a", "b", "c", "d")
    sync(things)
    source.remove("b", "c", "d")
    return sync(things, full=True)


def still_gone() -> set[str]:
    return set(Record.objects.exclude(deleted_at=None).values_list("external_id", flat=True))


def restorations() -> list[Any]:
    found = Change.objects.filter(kind="restored").order_by("external_id")
    return list(found.values_list("external_id", "actor__username", "run_id", "object_id"))


def test_one_row_is_restored_and_its_history_says_by_whom(marked: SyncRun, operator: User) -> None:
    row = Record.objects.get(external_id="b")
    ops.restore(row, operator)
    assert still_gone() == {"c", "d"}
    assert restorations() == [("b", "operator", marked.pk, row.pk)]


def test_restoring_twice_does_nothing_the_second_time(marked: SyncRun) -> None:
    row = Record.objects.get(external_id="b")
    ops.restore(row)
    with pytest.raises(ops.Impossible, match=r"is not marked as gone \(any more\)"):
        ops.restore(row)
    assert len(restorations()) == 1


def test_all_that_a_run_marked_is_restored_and_its_story_says_so(
    marked: SyncRun, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gone, "AT_ONCE", 2)
    assert (ops.count_marked(marked), ops.restore_marked(marked, operator)) == (3, 3)
    assert (still_gone(), ops.count_marked(marked)) == (set(), 0)
    assert [each[0] for each in restorations()] == ["b", "c", "d"]
    told = RunEvent.objects.filter(run=marked, kind="decided").get()
    assert told.note == "3 rows that it had marked as gone were restored by operator."
    with pytest.raises(ops.Impossible, match="No row is marked as gone by"):
        ops.restore_marked(marked, operator)


def test_what_another_run_marked_or_what_came_back_is_left_alone(
    marked: SyncRun, source: Source, things: Stream
) -> None:
    source.put("b")
    source.remove("a")
    other = sync(things, full=True)
    assert (still_gone(), ops.count_marked(other)) == ({"a", "c", "d"}, 1)
    ops.restore_marked(marked)
    assert still_gone() == {"a"}


def test_what_is_still_missing_is_marked_again_by_the_next_run_that_reads_everything(
    marked: SyncRun,
    source: Source,
    things: Stream,
) -> None:
    ops.restore_marked(marked)
    source.put("d")
    sync(things, full=True)
    assert still_gone() == {"b", "c"}


def test_more_than_a_page_can_wait_for_is_referred_to_the_command(
    marked: SyncRun, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ops.Impossible, match=f"marked 3 rows as gone.*manage.py restore_gone {marked.pk}"):
        ops.restore_marked(marked, at_most=2)
    assert still_gone() == {"b", "c", "d"}
    call_command("restore_gone", str(marked.pk))
    assert capsys.readouterr().out.startswith("3 rows restored.")
    with pytest.raises(CommandError, match="No row is marked as gone"):
        call_command("restore_gone", str(marked.pk))
    with pytest.raises(CommandError, match="There is no run 0"):
        call_command("restore_gone", "0")


def press(client: Client, row: Record | SyncRun, verb: str) -> str:
    response = client.post(page(type(row), verb, row.pk), SUBMITTED)
    assert response.headers["HX-Redirect"] == row.get_absolute_url()
    return messages_of(response)[-1]


def test_the_page_of_a_run_says_how_many_it_would_restore_and_restores_them(
    marked: SyncRun, operator: User, as_person: AsPerson
) -> None:
    client, address = as_person(operator), page(SyncRun, "restore_marked", marked.pk)
    assert "3 rows." in said(client, address)
    assert "marks them again if they are still missing" in said(client, address)
    assert press(client, marked, "restore_marked") == "3 rows restored."
    assert "None of the rows it marked is gone any more." in said(client, address)
    assert "No row is marked as gone by" in press(client, marked, "restore_marked")


def test_only_the_page_of_a_row_that_is_gone_offers_to_restore_it(
    marked: SyncRun, operator: User, as_person: AsPerson
) -> None:
    client = as_person(operator)
    here, away = Record.objects.get(external_id="a"), Record.objects.get(external_id="b")
    offered = [page(Record, "restore", row.pk) in said(client, row.get_absolute_url()) for row in (here, away)]
    assert offered == [False, True]
    assert press(client, away, "restore") == "A title is restored."
    assert "is not marked as gone" in press(client, away, "restore")


def test_the_history_of_a_row_tells_it_all_newest_first(
    marked: SyncRun,
    operator: User,
    as_person: AsPerson,
    source: Source,
    things: Stream,
) -> None:
    row = Record.objects.get(external_id="b")
    ops.restore(row, operator)
    source.put("b", title="Another <title>")
    last = sync(things)
    html = said(as_person(operator), row.get_absolute_url())
    told = ["Another &lt;title&gt;", "restored by operator", "Gone", "Came", row.first_run.get_absolute_url()]  # type: ignore[union-attr]
    places = [html.rindex(word) for word in told]
    assert places == sorted(places)
    assert all(run.get_absolute_url() in html for run in (last, marked))
    assert "all changes of this row" not in html


def test_a_long_history_is_cut_and_leads_to_the_rest(marked: SyncRun, operator: User, as_person: AsPerson) -> None:
    row = Record.objects.get(external_id="a")
    common = {"run": marked, "model": "Record", "object_id": row.pk, "external_id": "a", "kind": "updated"}
    Change.objects.bulk_create(Change(**common, diff={"title": [f"t{n}.", f"t{n + 1}."]}) for n in range(12))
    client = as_person(operator)
    html = said(client, row.get_absolute_url())
    assert ("t12." in html, "<del>t1.</del>" in html) == (True, False)
    rest = page(Change, "changelist", model="Record", object_id=row.pk)
    assert rest.replace("&", "&amp;") in html
    assert said(client, rest).count("Updated") >= 12


@pytest.mark.parametrize("name", ["viewer", "stranger"])
def test_others_restore_nothing(
    marked: SyncRun, name: str, request: pytest.FixtureRequest, as_person: AsPerson
) -> None:
    client = as_person(request.getfixturevalue(name))
    row = Record.objects.get(external_id="b")
    for target in (page(Record, "restore", row.pk), page(SyncRun, "restore_marked", marked.pk)):
        assert client.post(target, SUBMITTED).status_code == 403
    assert still_gone() == {"b", "c", "d"}
