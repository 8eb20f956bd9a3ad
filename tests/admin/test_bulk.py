"""Many streams synced, many runs retried: what it would come to is said before, and what it came to after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from integrations import forecast
from integrations.models import Service, ServiceState, Stream, SyncRun
from tests.admin.asking import TOKEN, messages_of, page, strict

AsPerson = Callable[[User], Client]


@pytest.fixture
def client(operator: User, as_person: AsPerson) -> Client:
    return as_person(operator)


@pytest.fixture
def streams(db: None) -> list[Stream]:
    """One each of three services."""
    names = ("Alpha", "Beta", "Gamma")
    made = [
        Service.objects.create(slug=name.lower(), name=name, system="cms", base_url="http://127.0.0.1:9")
        for name in names
    ]
    return [service.streams.get() for service in made]


def ran(stream: Stream, mode: str = "full", state: str = "succeeded", **values: Any) -> SyncRun:
    """A run of 40 pages and 400 items that read for two minutes, and was approved an hour later."""
    began = timezone.now() - timedelta(hours=5)
    read = {"started_at": began, "read_at": began + timedelta(minutes=2), "finished_at": began + timedelta(hours=1)}
    common = {"trigger": "staff", "pages": 40, "items": 400, **read}
    return SyncRun.objects.create(stream=stream, mode=mode, state=state, **common | values)


def choose(client: Client, rows: list[Any], **more: object) -> Any:
    model: type[Model] = type(rows[0])
    action = "sync_chosen" if model is Stream else "retry_chosen"
    data = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    return client.post(page(model, "changelist"), data)


def asked(client: Client, rows: list[Any]) -> str:
    response = choose(client, rows)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def confirmed(client: Client, rows: list[Any]) -> list[str]:
    response = choose(client, rows, confirmed="yes")
    assert (response.status_code, response.headers["Location"]) == (302, page(type(rows[0]), "changelist"))
    return messages_of(response)


def test_it_is_said_before_what_a_sync_of_each_reads_and_costs(client: Client, streams: list[Stream]) -> None:
    alpha, beta, _ = streams
    ran(alpha)
    now = timezone.now()
    Stream.objects.filter(pk=beta.pk).update(watermark=now, last_full_at=now)
    ran(beta)
    ran(beta, "incremental", pages=1, items=3)
    html = asked(client, streams)
    assert "Sync 3 streams</button>" in html
    assert "3 of 3 would start: about 41 calls and 4 min of work; of 1 nobody knows yet." in html
    assert "reads everything" in html
    assert "about 40 calls, 2 min as the last time" in html
    assert not OrmQ.objects.exists()


def test_what_changed_is_judged_by_runs_that_read_what_changed(
    client: Client, streams: list[Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.sync.plan.since", lambda _stream: timezone.now())
    ran(streams[0], "incremental", pages=1, items=3)
    ran(streams[0])
    html = asked(client, streams[:1])
    assert "reads what changed" in html
    assert "about 1 call, 2 min as the last time" in html


def test_what_the_service_says_is_left_is_shown_and_too_little_is_warned_of(
    client: Client, streams: list[Stream]
) -> None:
    alpha, beta, gamma = streams
    for stream in streams:
        ran(stream)
    later, earlier = timezone.now() + timedelta(hours=1), timezone.now() - timedelta(hours=1)
    quotas = ((alpha, 39, 1000, later), (beta, 40, None, None), (gamma, 0, 5000, earlier))
    for stream, left, limit, reset in quotas:
        ServiceState.objects.filter(service=stream.service).update(
            quota_left=left, quota_limit=limit, quota_reset_at=reset
        )
    html = asked(client, streams)
    assert "Alpha says that 39 calls are left, and about 40 would be made." in html
    assert "Beta says that" not in html
    assert "Gamma says that" not in html
    assert ": 39 calls</li>" in html
    assert ": 5,000 calls</li>" in html


def test_what_cannot_start_is_said_with_the_reason_and_not_counted(client: Client, streams: list[Stream]) -> None:
    alpha, beta, gamma = streams
    busy = ran(alpha, state="running")
    Stream.objects.filter(pk=beta.pk).update(paused_at=timezone.now(), paused_by="manager")
    html = asked(client, streams)
    assert "1 of 3 would start" in html
    assert "Sync 1 stream</button>" in html
    assert "It is being synced already." in html
    assert busy.get_absolute_url() in html
    assert f"{beta} is paused by manager. Resume it first." in html
    Service.objects.filter(pk=gamma.service_id).update(enabled=False)
    html = asked(client, streams)
    assert "None of them can start now." in html
    assert "</button>" not in html[html.index("None of them can start") :].split("Cancel")[0]


def test_each_is_started_once_and_linked(client: Client, streams: list[Stream], operator: User) -> None:
    [message] = confirmed(client, streams)
    runs = SyncRun.objects.all()
    assert {(run.stream, run.actor, run.trigger) for run in runs} == {(s, operator, "staff") for s in streams}
    assert all(run.get_absolute_url() in message for run in runs)
    assert OrmQ.objects.count() == 3


def test_of_two_who_press_at_once_each_is_told_what_runs(
    client: Client, streams: list[Stream], manager: User, as_person: AsPerson
) -> None:
    confirmed(client, streams[:2])
    said = confirmed(as_person(manager), streams)
    assert SyncRun.objects.count() == 3
    assert said[0].startswith("Started: ")
    runs = [SyncRun.objects.get(stream=stream) for stream in streams]
    for run, message in zip(runs[:2], said[1:], strict=True):
        assert message.startswith(f"{run.stream} is already being synced. Wait for that run to end.")
        assert run.get_absolute_url() in message


def test_runs_are_retried_where_they_stopped(client: Client, streams: list[Stream]) -> None:
    alpha, beta, gamma = streams
    ran(alpha)
    failed = ran(alpha, state="failed", read_at=None, items=300, pages=30)
    parked = ran(beta, state="parked", read_at=None)
    busy = ran(gamma, state="running", read_at=None)
    html = asked(client, [failed, parked, busy])
    assert "2 of 3 would start" in html
    assert 'goes on after 300 items <span class="c-faint">· about 10 calls, 30 s as the last time' in html
    assert "goes on at once" in html
    assert "Retry 2 runs</button>" in html
    said = confirmed(client, [failed, parked, busy])
    again = SyncRun.objects.get(retry_of=failed)
    assert again.get_absolute_url() in said[0]
    assert parked.get_absolute_url() in said[0]
    assert said[1].startswith(f"{busy} has not ended yet.")


def test_of_two_runs_of_one_stream_one_is_retried(client: Client, streams: list[Stream]) -> None:
    runs = [ran(streams[0], state="failed"), ran(streams[0], state="failed")]
    html = asked(client, runs)
    assert "Another run of the same stream is chosen too" in html
    assert "Retry 1 run</button>" in html
    confirmed(client, runs)
    assert SyncRun.objects.get(state="queued").retry_of == runs[1]


def test_a_retry_of_chosen_items_is_judged_by_a_reading_of_everything(client: Client, streams: list[Stream]) -> None:
    ran(streams[0])
    some = ran(streams[0], "items", chosen=["a"])
    assert "reads until 0 chosen items have come" in asked(client, [some])


def test_too_many_at_once_start_nothing(client: Client, streams: list[Stream], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "MOST_AT_ONCE", 2)
    assert "Up to 2 at once. Go back and choose fewer." in asked(client, streams)
    assert choose(client, streams, confirmed="yes").status_code == 200
    assert not SyncRun.objects.exists()


def test_the_question_asks_the_database_no_more_for_many(client: Client, streams: list[Stream]) -> None:
    for stream in streams:
        ran(stream)
    counts = []
    for chosen in (streams[:1], streams):
        with CaptureQueriesContext(connection) as queries:
            asked(client, chosen)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("name", ["viewer", "stranger"])
def test_others_start_nothing(
    streams: list[Stream], name: str, request: pytest.FixtureRequest, as_person: AsPerson
) -> None:
    client = as_person(request.getfixturevalue(name))
    run = ran(streams[0], state="failed")
    choose(client, streams, confirmed="yes")
    choose(client, [run], confirmed="yes")
    assert SyncRun.objects.get() == run


def test_without_the_token_nothing_starts(streams: list[Stream], operator: User) -> None:
    client = strict(operator)
    assert choose(client, streams, confirmed="yes").status_code == 403
    assert not SyncRun.objects.exists()
    assert choose(client, streams, confirmed="yes", csrfmiddlewaretoken=TOKEN).status_code == 302
