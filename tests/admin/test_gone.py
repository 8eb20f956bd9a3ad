"""What staff see and decide about rows that are gone from their source."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integrations.models import Record, Service, Stream, SyncRun
from tests.admin.asking import SUBMITTED, page, said

AsPerson = Callable[[User], Client]


@pytest.fixture
def client(operator: User, as_person: AsPerson) -> Client:
    return as_person(operator)


@pytest.fixture
def stream(cms: Service) -> Stream:
    return cms.streams.get()


@pytest.fixture
def held(stream: Stream) -> SyncRun:
    """A reading of everything that asks."""
    return SyncRun.objects.create(
        stream=stream,
        trigger="staff",
        state="held",
        items=9,
        withheld=1063,
        failure_message="<b>1,063 rows are missing.</b>",
        warnings=["<b>The list moved.</b>"],
    )


def decided(client: Client, run: SyncRun, verb: str, **data: object) -> SyncRun:
    """The run after the dialog was sent."""
    client.post(page(SyncRun, verb, run.pk), SUBMITTED | data)
    return SyncRun.objects.get(pk=run.pk)


def copied(stream: Stream, key: str, **values: Any) -> Record:
    common = {"service": stream.service, "stream": stream, "synced_at": timezone.now(), "title": f"Title of {key}"}
    return Record.objects.create(**common, external_id=key, **values)


def test_the_dialog_of_everything_asks_nothing_and_says_what_waits_for_approval(client: Client, stream: Stream) -> None:
    address = page(Stream, "sync_everything", stream.pk)
    assert "wait for somebody to approve it" in said(client, address)
    client.post(address, SUBMITTED | {"allowed": "on", "shown": "5"})
    run = SyncRun.objects.get()
    assert (run.mode, run.may_delete) == ("full", None)


def test_approval_needs_a_reason_and_is_kept_with_who_gave_it(client: Client, held: SyncRun, operator: User) -> None:
    assert decided(client, held, "approve", reason="").state == "held"
    run = decided(client, held, "approve", reason="The shop was closed.")
    assert (run.state, run.may_delete) == ("queued", 1063)
    assert (run.decided_by, run.decision) == (operator.username, "The shop was closed.")


def test_rows_are_kept_with_a_reason(client: Client, held: SyncRun, operator: User) -> None:
    assert decided(client, held, "keep", reason=" ").state == "held"
    run = decided(client, held, "keep", reason="The export was broken.")
    assert (run.state, run.may_delete, run.decided_by) == ("warned", None, operator.username)


def test_a_second_decision_is_answered_with_a_sentence(client: Client, held: SyncRun) -> None:
    decided(client, held, "keep", reason="Wait.")
    run = decided(client, held, "approve", reason="Go.")
    assert (run.state, run.decision) == ("warned", "Wait.")
    assert "does not wait for anybody any more" in said(client, run.get_absolute_url())


def test_a_viewer_decides_nothing(viewer: User, as_person: AsPerson, held: SyncRun) -> None:
    for verb in ("approve", "keep"):
        assert as_person(viewer).post(page(SyncRun, verb, held.pk), SUBMITTED | {"reason": "Go."}).status_code == 403
    held.refresh_from_db()
    assert held.state == "held"


def test_only_managers_find_the_way_to_forget_a_position(
    client: Client, manager: User, as_person: AsPerson, stream: Stream
) -> None:
    address = page(Stream, "forget_position", stream.pk)
    assert address not in said(client, stream.get_absolute_url())
    assert address in said(as_person(manager), stream.get_absolute_url())


def test_a_stream_says_what_it_reads_next(client: Client, stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "everything" in said(client, stream.get_absolute_url())
    moment = timezone.now() - timedelta(hours=3)
    monkeypatch.setattr("integrations.sync.plan.since", lambda _stream: moment)
    assert f'what changed since <time datetime="{moment.isoformat()}"' in said(client, stream.get_absolute_url())


def test_the_page_of_a_run_names_what_it_asks_its_warnings_and_what_an_earlier_run_read(
    client: Client, held: SyncRun
) -> None:
    SyncRun.objects.update(carried=1200, deleted=7)
    html = said(client, held.get_absolute_url())
    assert "Waiting for approval" in html
    assert "&lt;b&gt;1,063 rows are missing.&lt;/b&gt;" in html
    assert "&lt;b&gt;The list moved.&lt;/b&gt;" in html
    assert "goes on where an earlier run stopped" in html
    assert "<small>after 1,200</small>" in html
    assert "Some items could not be used" not in html


def test_a_list_says_since_when_a_row_is_gone_and_can_be_narrowed_to_such(client: Client, stream: Stream) -> None:
    copied(stream, "here")
    copied(stream, "there", deleted_at=timezone.now() - timedelta(days=2, hours=1))
    address = page(Record, "changelist")
    assert "Gone from the source 2 d ago" in said(client, address)
    found = {chosen: said(client, f"{address}?gone={chosen}") for chosen in ("yes", "no", "junk")}
    seen = {chosen: {key for key in ("here", "there") if f"Title of {key}" in html} for chosen, html in found.items()}
    assert seen == {"yes": {"there"}, "no": {"here"}, "junk": {"here", "there"}}
