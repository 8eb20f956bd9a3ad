"""How a value is asked for: once for all who want it, again when it has had its time, and never for another question."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from threading import Event, Thread

import pytest
import requests
from django.contrib.auth.models import User
from django.db import Error, connection
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from integrations import due, leases, ops, tasks
from integrations.models import CachedAnswer, Call, Enrichment, Essay, Property, Service
from integrations.ops import bells
from integrations.pages import fragments, refreshing
from integrations.pages.kinds import KINDS
from tests.calling import at_once
from tests.listening import serving
from tests.pages.conftest import Connect
from tests.pages.showing import QUIET, asked, hours_pass, looked, settled, words
from tests.transport.server import Reply, ScriptedServer
from tests.worker import expire, queued, run_next, work_off

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = b'{"pageviews": 45000, "visits": 10, "totaltime": 800}'


@pytest.fixture
def counted(essay: Essay, connect: Connect, sandbox_url: str) -> Essay:
    """An essay whose page somebody counts."""
    connect("analytics", max_attempts=3)
    essay.url = f"{sandbox_url}/about"
    essay.save()
    return essay


def refresh(row: Essay | Property, kind: str = "analytics") -> Enrichment:
    return ops.refresh_enrichment(kind, row, KINDS[kind].question(row))


def refreshed(row: Essay | Property, kind: str = "analytics") -> Enrichment:
    refresh(row, kind)
    work_off()
    return Enrichment.objects.get(kind=kind)


@pytest.mark.parametrize("is_first", [True, False], ids=["the first time", "again"])
def test_however_many_want_it_at_once_one_asks(counted: Essay, is_first: bool) -> None:
    if not is_first:
        refreshed(counted)
        hours_pass(1)
        CachedAnswer.objects.all().delete()
    calls = Call.objects.count()
    rows = at_once(6, lambda: refresh(counted))
    assert {row.pk for row in rows} == {Enrichment.objects.get().pk}
    assert len(queued()) == 1
    work_off()
    assert Call.objects.count() == calls + 1
    assert Enrichment.objects.get().state == "succeeded"


def test_nobody_asks_again_before_the_value_has_had_its_time(counted: Essay) -> None:
    first = refreshed(counted)
    assert first.due_at == pytest.approx(timezone.now() + timedelta(minutes=15), abs=timedelta(seconds=30))
    assert refreshed(counted).asked_at == first.asked_at
    Enrichment.objects.update(due_at=timezone.now())
    assert refreshed(counted).asked_at > first.asked_at


@pytest.mark.parametrize(("kind", "ttl"), [("preview", 1440), ("assessment", 1440), ("place", 1440)])
def test_each_kind_has_its_time(essay: Essay, land: Property, connect: Connect, kind: str, ttl: int) -> None:
    connect(KINDS[kind].system)
    row = refreshed(essay if kind == "preview" else land, kind)
    assert row.state == "succeeded", row.failure_message
    assert row.due_at == pytest.approx(timezone.now() + timedelta(minutes=ttl), abs=timedelta(seconds=30))


def test_after_a_failure_there_is_a_pause_and_one_attempt_each_time(counted: Essay, remote: ScriptedServer) -> None:
    Service.objects.filter(system="analytics").update(base_url=remote.url)
    remote.answers(Reply(500))
    failed = refreshed(counted)
    assert (failed.state, failed.failure_code, len(remote.asked)) == ("failed", "server_error", 1)
    assert failed.due_at == pytest.approx(timezone.now() + refreshing.PAUSE, abs=timedelta(seconds=20))
    assert refreshed(counted).asked_at == failed.asked_at
    assert len(remote.asked) == 1


def test_a_pause_that_the_remote_asks_for_is_kept(counted: Essay, remote: ScriptedServer) -> None:
    Service.objects.filter(system="analytics").update(base_url=remote.url)
    remote.answers(Reply(429, headers=(("Retry-After", "300"),)))
    failed = refreshed(counted)
    assert (failed.state, failed.failure_code) == ("failed", "rate_limited")
    assert failed.due_at == pytest.approx(timezone.now() + timedelta(minutes=5), abs=timedelta(seconds=30))


def test_what_stands_in_for_a_service_that_fails_has_its_own_age(counted: Essay, sandbox_url: str) -> None:
    """The transport keeps figures for a week; they are shown as what they are, and asked for again soon."""
    refreshed(counted)
    then = timezone.now() - timedelta(hours=5)
    CachedAnswer.objects.update(stored_at=then, fresh_until=then)
    Enrichment.objects.update(due_at=then)
    requests.post(f"{sandbox_url}/_faults/analytics/", json={"status": 500, "times": 1}, timeout=10)
    stood_in = refreshed(counted)
    assert (stood_in.state, stood_in.as_of) == ("succeeded", then)
    assert stood_in.due_at < timezone.now() + timedelta(minutes=1)


def test_a_value_that_answers_another_question_is_never_shown(counted: Essay, reader: Client, sandbox_url: str) -> None:
    assert "40 s" in settled(reader, "analytics", counted)
    counted.url = f"{sandbox_url}/elsewhere"
    counted.save()
    assert "40 s" not in looked(reader, "analytics", counted)
    assert "40 s" not in asked(reader, "analytics", counted)
    assert Enrichment.objects.get().value is None
    assert "Page views 0 Average visit –" in settled(reader, "analytics", counted)


def test_the_first_service_by_name_is_asked(counted: Essay, remote: ScriptedServer) -> None:
    Service.objects.create(slug="a", name="A", system="analytics", base_url=remote.url, enabled=False)
    other = Service.objects.create(
        slug="b", name="B", system="analytics", base_url=remote.url, options={"site": "x", "umami_access": "api_key"}
    )
    remote.answers(Reply(body=GOOD))
    assert refreshed(counted).value == {"page_views": 45000, "average_visit_s": 80}
    assert Call.objects.get().service == other


def test_numbers_are_written_for_people(counted: Essay, remote: ScriptedServer, reader: Client) -> None:
    Service.objects.filter(system="analytics").update(base_url=remote.url)
    remote.answers(Reply(body=GOOD))
    assert "Page views 45,000 Average visit 1 min 20 s" in settled(reader, "analytics", counted)


def test_a_slow_answer_comes_late_for_the_page_and_in_time_for_the_next(counted: Essay, reader: Client) -> None:
    """A worker waits for the service while the page does not."""
    asked_for, may_answer = Event(), Event()

    def answer(_target: str) -> tuple[int, Mapping[str, str], bytes]:
        asked_for.set()
        may_answer.wait(60)
        return 200, {}, GOOD

    def work() -> None:
        try:
            run_next()
        finally:
            connection.close()

    with serving(answer) as url:
        Service.objects.filter(system="analytics").update(base_url=url, deadline_s=100)
        assert "hx-get" in asked(reader, "analytics", counted)
        worker = Thread(target=work)
        worker.start()
        assert asked_for.wait(30)
        while "hx-get" in (left := looked(reader, "analytics", counted)):
            assert Enrichment.objects.get().state == "running"
        assert words(left).endswith(QUIET)
        may_answer.set()
        worker.join()
    assert "45,000" in words(looked(reader, "analytics", counted))


def test_a_dead_worker_is_followed_by_another(counted: Essay) -> None:
    refresh(counted)
    OrmQ.objects.all().delete()
    leases.claim(Enrichment, Enrichment.objects.get().pk)
    expire(Enrichment.objects.get())
    due.start()
    work_off()
    assert Enrichment.objects.get().state == "succeeded"


def test_one_that_kills_its_workers_is_given_up(counted: Essay) -> None:
    refresh(counted)
    for _ in range(due.MOST_DEATHS):
        OrmQ.objects.all().delete()
        leases.claim(Enrichment, Enrichment.objects.get().pk)
        expire(Enrichment.objects.get())
        due.start()
    row = Enrichment.objects.get()
    assert (row.state, row.failure_code) == ("failed", "worker_died")


def test_a_second_delivery_finds_nothing_to_do(counted: Essay) -> None:
    row = refreshed(counted)
    tasks.refresh_enrichment(str(row.pk))
    assert Call.objects.count() == 1


def test_a_worker_that_was_overtaken_writes_nothing(counted: Essay) -> None:
    refresh(counted)
    lease = leases.claim(Enrichment, Enrichment.objects.get().pk)
    assert lease
    expire(Enrichment.objects.get())
    due.start()
    refreshing.run(lease)
    assert Enrichment.objects.get().value is None


def test_a_database_that_takes_no_row_leaves_what_is_there(
    counted: Essay, reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(reader, "analytics", counted)
    hours_pass(3)
    monkeypatch.setattr(bells, "async_task", _locked)
    left = words(asked(reader, "analytics", counted))
    assert "40 s" in left
    assert "as of 3 hours ago" in left
    assert Enrichment.objects.get().state == "succeeded", "the row was not changed without its bell"


def test_a_database_that_answers_nothing_leaves_the_quiet_sentence(
    counted: Essay, viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ops, "refresh_enrichment", _locked)
    monkeypatch.setattr(fragments, "look", _locked)
    made = fragments.ask(KINDS["analytics"], counted, viewer)
    assert (made.state, made.value) == ("over", None)


def _locked(*_: object) -> None:
    raise Error("database is locked")


def test_previews_are_fetched_by_the_rules_for_strangers(essay: Essay, connect: Connect, settings: object) -> None:
    settings.UNTRUSTED_NETWORKS = ()  # type: ignore[attr-defined]
    connect("opengraph")
    failed = refreshed(essay, "preview")
    assert (failed.state, failed.failure_code) == ("failed", "blocked_address")
    assert not requests.get(essay.url, timeout=10).history, "the page itself is there"


def test_a_deadline_of_the_service_that_is_longer_does_not_hold(counted: Essay, remote: ScriptedServer) -> None:
    Service.objects.filter(system="analytics").update(base_url=remote.url, deadline_s=60)
    remote.answers(Reply(delay_s=1.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refreshing, "LONGEST_S", 0.3)
        failed = refreshed(counted)
    assert failed.failure_code in {"timeout", "deadline"}
