"""Settings are tried before they are saved: what a trial finds, what it forgets, and all that it must not touch."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from integrations import candidates, credentials, due, latency, leases, ops, retention, systems, tasks
from integrations.candidates import Candidate
from integrations.connections import candidate_transport, client_for
from integrations.models import AccessToken, CachedAnswer, Call, Incident, Service, ServiceState, Trial
from integrations.systems.base import Option
from integrations.systems.cms.client import Client
from integrations.systems.filemaker.sandbox_data import DATABASE
from integrations.systems.shapes import Finding, Shape
from integrations.transport.cache import Cache
from integrations.transport.http import Transport
from integrations.windows import Window
from tests.calling import at_once, cause
from tests.systems.contract import service_of
from tests.tables import places_of
from tests.transport.server import Reply, ScriptedServer
from tests.worker import expire, queued, work_off

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "typed-and-not-saved-3141592653"
ARTICLES = {
    "meta": {"total_count": 7},
    "items": [{"id": 1, "title": "One", "meta": {"slug": "one"}}, {"title": "without an id"}, {"id": 3, "title": None}],
}


def listing(answer: Any) -> Reply:
    return Reply(body=json.dumps(answer).encode())


def asked_for(candidate: Candidate, kind: str = "connection", subject: str = "", by: User | None = None) -> Trial:
    return ops.try_settings(candidate.trial(kind, subject, by))


def tried(candidate: Candidate, kind: str = "connection", subject: str = "", by: User | None = None) -> Trial:
    trial = asked_for(candidate, kind, subject, by)
    work_off()
    trial.refresh_from_db()
    return trial


@pytest.fixture
def filemaker(sandbox_url: str) -> Iterator[Service]:
    yield service_of(systems.get("filemaker"), sandbox_url)
    DATABASE.reset()


def test_what_was_typed_is_tried_and_nothing_is_saved(
    cms: Service, remote: ScriptedServer, manager: User, sandbox_url: str
) -> None:
    remote.answers(listing(ARTICLES))
    cms.base_url, cms.options = remote.url, {"resource_path": "/typed/"}
    trial = tried(Candidate(cms, {"token": SECRET}), by=manager)
    assert (trial.state, trial.failure_message, trial.result["remark"]) == ("succeeded", "", "7 articles.")
    assert remote.asked[0].target.startswith("/typed/")
    assert remote.asked[0].headers["authorization"] == f"Bearer {SECRET}"
    saved = Service.objects.get()
    assert (saved.base_url, saved.options, credentials.by_field(saved)) == (f"{sandbox_url}/cms", {}, {})
    call = Call.objects.get()
    assert (call.trigger, call.actor, call.correlation_id) == ("trial", manager, trial.correlation_id)


def test_a_secret_left_empty_is_the_stored_one_and_a_removed_one_is_none(
    calling: Service, remote: ScriptedServer
) -> None:
    credentials.store(calling, "token", "the stored one")
    remote.answers(listing(ARTICLES))
    for typed in ({}, {"token": ""}):
        assert tried(Candidate(calling, typed)).state == "succeeded"
    assert [asked.headers.get("authorization") for asked in remote.asked] == ["Bearer the stored one", None]


def test_a_reference_is_followed_where_the_worker_runs(
    calling: Service, remote: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = asked_for(Candidate(calling, {"token": "env:TOKEN_OF_A_TRIAL"}))
    work_off()
    trial.refresh_from_db()
    assert trial.failure_message.startswith("The secret “token” is to be read from env:TOKEN_OF_A_TRIAL. Nothing is")
    monkeypatch.setenv("TOKEN_OF_A_TRIAL", SECRET)
    remote.answers(listing(ARTICLES))
    assert tried(Candidate(calling, {"token": "env:TOKEN_OF_A_TRIAL"})).state == "succeeded"
    assert remote.asked[-1].headers["authorization"] == f"Bearer {SECRET}"


def test_a_typed_secret_mends_one_that_cannot_be_read(
    calling: Service, remote: ScriptedServer, settings: Settings
) -> None:
    credentials.store(calling, "token", "of a lost key")
    settings.CREDENTIAL_KEYS = ["Z" * 43 + "="]
    remote.answers(listing(ARTICLES))
    assert "cannot be decrypted" in tried(Candidate(calling)).failure_message
    assert tried(Candidate(calling, {"token": SECRET})).state == "succeeded"


def test_failures_say_why_and_are_nobody_elses(calling: Service, remote: ScriptedServer) -> None:
    before = ServiceState.objects.values().get()
    remote.answers(Reply(503, b'{"message": "down"}', (("Retry-After", "3000"),)))
    for _ in range(12):  # ten would open the circuit
        trial = tried(Candidate(calling))
    assert (trial.state, trial.failure_code) == ("failed", "rate_limited")
    assert len(remote.asked) == 12
    assert ServiceState.objects.values().get() == before
    remote.answers(Reply(500))
    trial = tried(Candidate(calling))
    assert trial.failure_message.startswith("It answered 500")
    assert ServiceState.objects.values().get() == before
    assert not Incident.objects.exists()
    assert latency.figures_of(calling.pk, Window.last("1h")).calls == 0
    with pytest.raises(Exception, match="It answered 500"), client_for(calling, cause(), attempts=1) as client:
        client.check_health()
    assert ServiceState.objects.get().circuit == "closed", "failures of trials are not counted with others"


def test_an_open_circuit_does_not_keep_a_trial_back_and_stays_as_it_is(
    calling: Service, remote: ScriptedServer
) -> None:
    ServiceState.objects.update(circuit="open", circuit_since=timezone.now())
    remote.answers(listing(ARTICLES))
    assert tried(Candidate(calling)).state == "succeeded"
    assert ServiceState.objects.get().circuit == "open"


def test_a_circuit_that_is_held_open_keeps_a_trial_back(calling: Service, remote: ScriptedServer) -> None:
    ops.hold_circuit_open(calling)
    trial = tried(Candidate(calling))
    assert (trial.failure_code, remote.asked) == ("circuit_open", [])


def test_the_limits_of_the_service_hold_and_nothing_is_parked(calling: Service, remote: ScriptedServer) -> None:
    Service.objects.update(per_hour=1)
    calling.refresh_from_db()
    remote.answers(listing(ARTICLES))
    assert tried(Candidate(calling)).state == "succeeded"
    trial = tried(Candidate(calling))
    assert (trial.state, trial.failure_code) == ("failed", "rate_limited")
    assert "Try again in" in trial.failure_message
    assert len(remote.asked) == 1


def test_cached_answers_are_neither_taken_nor_left(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(body=b"1"), Reply(body=b"2"))
    for wanted in (1, 2):
        with candidate_transport(Candidate(calling), cause()) as transport:
            assert isinstance(transport, Transport)
            assert transport.get_json("look", "/", cache=Cache(ttl_s=900)) == wanted
    assert not CachedAnswer.objects.exists()


def test_a_session_is_its_own_and_ended_and_the_other_one_stays(filemaker: Service) -> None:
    with client_for(filemaker, cause()) as client:
        client.check_health()
    session = AccessToken.objects.values().get()
    wrong = tried(Candidate(filemaker, {"password": "wrong password"}))
    assert wrong.failure_code == "auth_failed"
    assert tried(Candidate(filemaker)).state == "succeeded"
    assert AccessToken.objects.values().get() == session
    made = Call.objects.filter(trigger="trial").order_by("pk").values_list("operation", flat=True)
    assert list(made) == ["log_in", "check_health", "log_in", "check_health", "log_out"]
    with client_for(filemaker, cause()) as client:
        client.check_health()
    assert Call.objects.exclude(trigger="trial").filter(operation="log_in").count() == 1


def test_the_first_page_is_shown_as_it_would_be_stored(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(listing(ARTICLES))
    trial = tried(Candidate(calling), "stream", "articles")
    found = trial.result
    assert (trial.state, found["read"], found["rejected"], found["total"]) == ("succeeded", 3, 2, 7)
    good, without_id, without_title = found["items"]
    assert (good["id"], good["fields"][:2]) == ("1", [["title", "One"], ["slug", "one"]])
    assert (without_id["field"], without_title["field"]) == ("id", "title")
    assert "Correct the path of the id" in without_id["reason"]
    assert json.loads(found["raw"]) == ARTICLES["items"][0]  # type: ignore[index]  # of mixed kinds
    assert [call["came"] for call in found["calls"]] == [200, 200], "the shape of the answer, then the page"
    assert not calling.streams.get().runs.exists()


def test_the_shape_of_an_answer_is_told_also_where_nothing_can_be_read(
    calling: Service, remote: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def detect_shape(client: Client) -> Shape:
        client.check_health()
        findings = [Finding("results", "list of 2 objects"), Finding("results[0].api_key", "text", "of-the-vendor")]
        findings += [Finding("results[0].echo", "text", f"you sent {SECRET[:9]}…"), Finding("a", "text", "no secret…")]
        return Shape(findings, {"items_path": "results", "token": f"x {SECRET}"})

    monkeypatch.setattr(Client, "detect_shape", detect_shape, raising=False)
    remote.answers(listing({"items": []}), listing({"results": [{}, {}]}))
    trial = tried(Candidate(calling, {"token": SECRET}), "stream", "articles")
    assert (trial.state, trial.failure_code) == ("failed", "bad_answer")
    assert trial.result["shape"]["suggestions"] == {"items_path": "results", "token": "x [redacted]"}
    assert [found["example"] for found in trial.result["shape"]["findings"]] == [
        "",
        "[redacted]",
        "you sent …",
        "no secret…",
    ]


def test_what_an_option_may_be_is_looked_up(filemaker: Service) -> None:
    filemaker.options = {**filemaker.options, "layout": ""}
    trial = tried(Candidate(filemaker), "lookup", "layout")
    assert trial.result["choices"] == ["Entry", "Parcels & Owners", "Streets"]


def test_a_service_that_is_not_saved_is_tried_and_leaves_no_call(remote: ScriptedServer, manager: User) -> None:
    remote.answers(listing(ARTICLES))
    new = Service(system="cms", name="New", base_url=remote.url)
    trial = tried(Candidate(new, {"token": SECRET}), by=manager)
    assert (trial.state, trial.service, trial.result["remark"]) == ("succeeded", None, "7 articles.")
    assert [call["came"] for call in trial.result["calls"]] == [200]
    assert [Call.objects.count(), Service.objects.count()] == [0, 0]


def test_a_typed_secret_is_sealed_while_it_waits_and_gone_when_it_was_tried(
    calling: Service, remote: ScriptedServer
) -> None:
    remote.answers(listing({"items": [{"id": SECRET, "title": f"is {SECRET}"}], "meta": {"total_count": SECRET}}))
    trial = asked_for(Candidate(calling, {"token": SECRET}), "stream", "articles")
    assert trial.sealed
    assert places_of(SECRET) == []
    other = asked_for(Candidate(calling, {"token": "another secret"}))
    Trial.objects.filter(pk=other.pk).update(sealed=trial.sealed)
    work_off()
    trial.refresh_from_db()
    other.refresh_from_db()
    assert (trial.state, trial.sealed, other.sealed) == ("succeeded", "", "")
    assert trial.result["items"][0]["fields"][0] == ["title", "is [redacted]"]
    assert other.failure_message == "What was typed was stored for another place. Type it again."
    assert places_of(SECRET) == []


@pytest.mark.parametrize("is_saved", [True, False])
def test_the_same_pressed_twice_is_one_trial_and_another_one_replaces_it(
    calling: Service, manager: User, operator: User, remote: ScriptedServer, is_saved: bool
) -> None:
    service = calling if is_saved else Service(system="cms", name="New", base_url=remote.url)
    typed = Candidate(service, {"token": SECRET})
    first = asked_for(typed, by=manager)
    assert asked_for(typed, by=manager) == first
    asked_for(typed, by=operator)
    assert len(queued()) == 2
    lease = leases.claim(Trial, first.pk)
    second = asked_for(Candidate(service, {"token": "corrected"}), by=manager)
    first.refresh_from_db()
    assert (first.state, first.failure_message, first.sealed) == ("failed", "Other settings are tried instead.", "")
    assert lease
    with pytest.raises(leases.LostLease):
        lease.renew()
    assert second.state == "queued"


@pytest.mark.parametrize("is_saved", [True, False])
def test_pressed_in_the_same_moment_it_is_one_trial(
    calling: Service, manager: User, remote: ScriptedServer, is_saved: bool
) -> None:
    service = calling if is_saved else Service(system="cms", name="New", base_url=remote.url)
    made = at_once(6, lambda: asked_for(Candidate(service, {"token": SECRET}), by=manager).pk)
    assert made == [Trial.objects.get().pk] * 6
    assert len(queued()) == 1


def test_a_service_that_was_deleted_meanwhile_cannot_be_tried(calling: Service) -> None:
    trial = Candidate(calling).trial("connection")
    Service.objects.all().delete()
    with pytest.raises(ops.Impossible, match="is gone"):
        ops.try_settings(trial)


def test_a_trial_whose_worker_died_is_tried_again_with_its_secrets(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(listing(ARTICLES))
    trial = asked_for(Candidate(calling, {"token": SECRET}))
    assert leases.claim(Trial, trial.pk)
    expire(trial)
    due.start()
    work_off()
    trial.refresh_from_db()
    assert (trial.state, trial.claims, trial.sealed) == ("succeeded", 2, "")
    assert remote.asked[0].headers["authorization"] == f"Bearer {SECRET}"


def test_a_trial_that_kills_its_workers_is_given_up_and_forgets_its_secrets(calling: Service) -> None:
    trial = asked_for(Candidate(calling, {"token": SECRET}))
    for _ in range(due.MOST_DEATHS):
        assert leases.claim(Trial, trial.pk)
        expire(trial)
        due.start()
    trial.refresh_from_db()
    assert (trial.state, trial.failure_code, trial.sealed) == ("failed", "worker_died", "")


def test_a_trial_is_kept_for_a_day_also_one_that_never_ran(calling: Service, manager: User) -> None:
    old = asked_for(Candidate(calling, {"token": SECRET}))
    young = asked_for(Candidate(calling, {"token": SECRET}), by=manager)
    Trial.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=1, minutes=1))
    tasks.tick()
    assert list(Trial.objects.values_list("pk", flat=True)) == [young.pk]
    Trial.objects.update(created_at=timezone.now() - timedelta(hours=23))
    retention.forget_old_trials()
    assert Trial.objects.count() == 1


def test_a_clients_own_mistake_is_said_without_its_words(
    calling: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(client: Client) -> str:
        raise KeyError(SECRET)

    monkeypatch.setattr(Client, "check_health", breaks)
    trial = tried(Candidate(calling, {"token": SECRET}))
    assert trial.failure_message == "The console itself failed (KeyError); see the log of the worker."
    assert "failed" in caplog.text
    assert SECRET not in caplog.text


def test_what_can_be_tried_is_what_the_system_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    found = candidates.subjects(systems.get("filemaker"))
    assert found == {"connection": {""}, "stream": {"records", "properties"}, "lookup": {"layout"}}
    assert candidates.subjects(None) == {}


@pytest.mark.parametrize("system", [each for each in systems.all_systems().values() if each.options])
def test_whatever_is_looked_up_the_client_can(system: Any) -> None:
    looked_up: list[Option] = [option for option in system.options if option.suggest]
    client = system.module("client").Client
    assert [option for option in looked_up if not callable(getattr(client, option.suggest, None))] == []
    assert {option.kind for option in looked_up} <= {"text"}


def test_two_rows_never_share_a_place_for_their_secrets(calling: Service) -> None:
    one, other = (Candidate(calling, {"token": SECRET}).trial("connection") for _ in range(2))
    assert one.correlation_id != other.correlation_id != uuid.UUID(int=0)
    assert (one.fingerprint, one.sealed != other.sealed) == (other.fingerprint, True)
