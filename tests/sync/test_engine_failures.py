"""Runs that cannot go on: who is to blame, what to do, and what stays."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone
from pytest_django import Settings

from integrations import credentials, due, ops
from integrations.models import Essay, Incident, Service, Stream, SyncRun
from integrations.sync import engine, failures, plan
from integrations.transport.codes import Code
from tests.sync.remote import ARTICLES, PAGES, THIRD_PAGE, TWO_PAGES, Mishap, Remote, article
from tests.worker import make_due, work_off

STAFF = SyncRun.Trigger.STAFF


def sync(stream: Stream) -> SyncRun:
    run = ops.sync(stream, STAFF)
    work_off()
    run.refresh_from_db()
    return run


def go_on(run: SyncRun) -> SyncRun:
    """As by itself when its time has come."""
    make_due(run)
    due.start()
    work_off()
    run.refresh_from_db()
    return run


MISHAPS = [
    (Mishap(500), Code.SERVER_ERROR),
    (Mishap(401, b'{"message": "Bad token"}'), Code.AUTH_FAILED),
    (Mishap(404), Code.NOT_FOUND),
    (Mishap(400), Code.HTTP_ERROR),
    (Mishap(302, headers={"Location": "https://elsewhere.example/"}), Code.REDIRECTED),
    (Mishap(200, b"<html>", {"Content-Type": "text/html"}), Code.BAD_ANSWER),
    (Mishap(200, b'{"pages": []}'), Code.BAD_ANSWER),
    (Mishap(429, headers={"Retry-After": "1"}), Code.RATE_LIMITED),
]


@pytest.mark.parametrize(("mishap", "code"), MISHAPS)
def test_a_failure_of_the_source_names_it_and_says_what_to_do(
    remote: Remote, articles: Stream, mishap: Mishap, code: Code
) -> None:
    remote.mishaps[0] = mishap
    run = sync(articles)
    passes = code in failures.PASSING
    assert (run.state, run.failure_origin, run.failure_code) == ("parked" if passes else "failed", "source", code)
    assert run.failure_message.endswith(code.advice)
    assert (run.finished_at is None) == passes


def test_a_source_that_is_not_there_is_asked_again(articles: Stream) -> None:
    Service.objects.update(base_url="http://127.0.0.1:9")
    run = sync(articles)
    assert (run.state, run.failure_code, run.stalls) == ("parked", Code.CONNECTION_REFUSED, 1)


def test_an_incident_is_opened_counted_and_resolved_by_the_next_success(remote: Remote, articles: Stream) -> None:
    remote.mishaps[0] = Mishap(500)
    run = sync(articles)
    incident = Incident.objects.get()
    assert (incident.state, incident.kind, incident.code, incident.count) == ("open", "sync", "server_error", 1)
    assert incident.message == run.failure_message
    go_on(run)
    incident.refresh_from_db()
    assert incident.count == 2
    remote.mishaps.clear()
    assert go_on(run).state == "succeeded"
    incident.refresh_from_db()
    assert incident.state == "resolved"
    assert incident.resolved_at


def test_a_stream_that_fails_on_its_third_page_keeps_two_and_deletes_nothing(remote: Remote, articles: Stream) -> None:
    sync(articles)
    before = set(Essay.objects.values_list("external_id", flat=True))
    remote.articles = [article(1000 + n) for n in range(ARTICLES)]
    remote.mishaps[THIRD_PAGE] = Mishap(401)
    run = sync(articles)
    assert (run.state, run.created, run.deleted, run.pages) == ("failed", TWO_PAGES, 0, 2)
    assert run.checkpoint["at"] == TWO_PAGES
    after = set(Essay.objects.values_list("external_id", flat=True))
    assert after == before | {str(1000 + n) for n in range(TWO_PAGES)}
    assert not Essay.objects.exclude(deleted_at=None).exists()


def test_a_retry_after_a_failure_reads_the_rest(remote: Remote, articles: Stream) -> None:
    remote.mishaps[THIRD_PAGE] = Mishap(401)
    failed = sync(articles)
    remote.mishaps.clear()
    remote.asked.clear()
    run = ops.retry(failed)
    work_off()
    run.refresh_from_db()
    assert (run.state, run.carried, run.created, run.percent) == ("succeeded", TWO_PAGES, ARTICLES - TWO_PAGES, 100)
    assert remote.asked == [THIRD_PAGE, 57, 76, 95]
    assert not Essay.objects.exclude(deleted_at=None).exists()


def test_a_retry_of_a_list_that_ended_too_soon_reads_it_anew(remote: Remote, articles: Stream) -> None:
    remote.mishaps[THIRD_PAGE] = Mishap(200, b'{"meta": {"total_count": 100}, "items": []}')
    failed = sync(articles)
    assert failed.failure_code in plan.BEGINS_ANEW
    remote.mishaps.clear()
    run = ops.retry(failed)
    work_off()
    run.refresh_from_db()
    assert (run.state, run.items, run.unchanged) == ("succeeded", ARTICLES, TWO_PAGES)


def test_a_bug_of_the_console_is_said_without_a_traceback(
    articles: Stream, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("an inner detail")

    monkeypatch.setattr(engine, "upsert", broken)
    run = sync(articles)
    assert (run.state, run.failure_origin, run.failure_code) == ("failed", "console", "KeyError")
    assert run.failure_message.startswith("The console itself failed (KeyError). Tell the programmers")
    assert "inner detail" not in run.failure_message
    assert [record.exc_info is not None for record in caplog.records if record.levelno == logging.ERROR] == [True]
    assert Incident.objects.get().code == "KeyError"


def test_a_secret_that_cannot_be_read_is_a_matter_of_configuration(articles: Stream, settings: Settings) -> None:
    credentials.store(articles.service, "token", "a token of the tests")
    settings.CREDENTIAL_KEYS = (Fernet.generate_key().decode(),)
    run = sync(articles)
    assert (run.state, run.failure_origin, run.failure_code) == ("failed", "configuration", "not_configured")
    assert "Put the key it was stored with back" in run.failure_message


def test_a_system_whose_folder_is_gone_is_a_matter_of_configuration(articles: Stream) -> None:
    Service.objects.update(system="gone")
    run = sync(articles)
    assert (run.state, run.failure_origin) == ("failed", "configuration")
    assert "Put its folder back" in run.failure_message


def test_a_source_that_asks_for_a_long_wait_parks_the_run(remote: Remote, articles: Stream) -> None:
    remote.mishaps[THIRD_PAGE] = Mishap(429, headers={"Retry-After": "600"})
    asked = timezone.now()
    run = sync(articles)
    assert (run.state, run.pages, run.lease_until, run.enqueued_at) == ("parked", 2, None, None)
    assert timedelta(seconds=599) < run.due_at - asked < timedelta(seconds=660)
    assert "Goes on by itself." in run.failure_message
    assert not Incident.objects.exists()


def test_a_parked_run_stays_parked_until_it_is_due_and_then_goes_on_by_itself(remote: Remote, articles: Stream) -> None:
    remote.mishaps[THIRD_PAGE] = Mishap(503, headers={"Retry-After": "600"})
    run = sync(articles)
    due.start()
    assert work_off() == 0
    remote.mishaps.clear()
    remote.asked.clear()
    go_on(run)
    assert (run.state, run.created, run.pages, run.lost) == ("succeeded", ARTICLES, PAGES, 0)
    assert remote.asked == [THIRD_PAGE, 57, 76, 95]
    assert run.failure_message == ""


def test_a_run_parked_before_its_end_succeeds_without_an_old_failure(remote: Remote, articles: Stream) -> None:
    remote.tells_total = False
    remote.mishaps[ARTICLES] = Mishap(429, headers={"Retry-After": "600"})
    run = sync(articles)
    assert run.state == "parked"
    remote.mishaps.clear()
    go_on(run)
    assert (run.state, run.failure_message) == ("succeeded", "")
