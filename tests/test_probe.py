"""One health probe and what it leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from integrations import credentials, due, ops, probe, tasks
from integrations.models import Call, HealthCheck, HealthDay, Incident, Service, ServiceState
from integrations.transport.codes import Code
from integrations.transport.errors import Parked
from tests.transport.server import Reply, ScriptedServer
from tests.worker import work_off


def check(service: Service) -> HealthCheck:
    row = ops.check(service, HealthCheck.Trigger.STAFF)
    work_off()
    row.refresh_from_db()
    return row


def state() -> ServiceState:
    return ServiceState.objects.get()


def test_a_good_probe_says_so_everywhere(cms: Service) -> None:
    row = check(cms)
    assert (row.state, row.remark, row.failure_code) == ("succeeded", "240 articles.", "")
    found = state()
    assert (found.health, found.remark, found.response_time_ms) == ("healthy", "240 articles.", row.response_time_ms)
    assert row.response_time_ms
    assert found.checked_at
    assert not Incident.objects.exists()


def test_a_probe_is_one_recorded_call(cms: Service) -> None:
    row = check(cms)
    call = Call.objects.get()
    assert (call.trigger, call.check_row, call.correlation_id) == ("check", row, row.correlation_id)
    assert call.duration_ms == row.response_time_ms


def test_a_probe_tries_once_however_often_the_service_tries(cms: Service) -> None:
    Service.objects.update(base_url="http://127.0.0.1:9", max_attempts=3)
    row = check(cms)
    assert (row.state, row.failure_code, Call.objects.count()) == ("failed", Code.CONNECTION_REFUSED, 1)


def test_a_failed_probe_says_what_to_do_and_opens_an_incident(cms: Service) -> None:
    Service.objects.update(base_url="http://127.0.0.1:9")
    row = check(cms)
    assert row.failure_message == row.remark == state().remark
    assert row.remark.endswith(Code.CONNECTION_REFUSED.advice)
    assert state().health == "unhealthy"
    incident = Incident.objects.get()
    assert (incident.kind, incident.code, incident.message) == ("health", "connection_refused", row.remark)


def test_the_time_since_when_moves_only_when_the_health_changes(cms: Service) -> None:
    check(cms)
    earlier = timezone.now() - timedelta(hours=1)
    ServiceState.objects.update(health_since=earlier)
    check(cms)
    assert state().health_since == earlier
    url = cms.base_url
    Service.objects.update(base_url="http://127.0.0.1:9")
    check(cms)
    check(cms)
    since = state().health_since
    assert since
    assert since > earlier
    Service.objects.update(base_url=url)
    check(cms)
    assert (state().health, Incident.objects.get().state) == ("healthy", "resolved")


def test_one_failure_of_a_healthy_service_is_looked_at_again_soon_and_no_incident(
    cms: Service, caplog: pytest.LogCaptureFixture
) -> None:
    check(cms)
    url, later = cms.base_url, timezone.now() + timedelta(minutes=5)
    ServiceState.objects.update(next_check_at=later)
    Service.objects.update(base_url="http://127.0.0.1:9")
    check(cms)
    assert (state().health, state().failed_checks, Incident.objects.count()) == ("healthy", 1, 0)
    assert state().next_check_at < later
    Service.objects.update(base_url=url)
    check(cms)
    assert (state().health, state().failed_checks, Incident.objects.count()) == ("healthy", 0, 0)
    assert "is unhealthy" not in caplog.text


def test_the_way_down_and_the_way_up_are_logged_once_each(cms: Service, caplog: pytest.LogCaptureFixture) -> None:
    check(cms)
    caplog.clear()
    url = cms.base_url
    Service.objects.update(base_url="http://127.0.0.1:9", max_attempts=1)
    for _ in range(4):
        check(cms)
    Service.objects.update(base_url=url)
    for _ in range(2):
        check(cms)
    said = [record.message for record in caplog.records if record.name == "integrations.probe"]
    assert sum("is unhealthy" in each for each in said) == 1
    assert sum("is healthy" in each for each in said) == 1


def test_each_check_is_counted_with_its_day(cms: Service) -> None:
    check(cms)
    Service.objects.update(base_url="http://127.0.0.1:9")
    check(cms)
    (day,) = HealthDay.objects.all()
    assert (day.service, day.day, day.checks, day.failed) == (cms, timezone.localdate(), 2, 1)


def test_paused_checks_are_made_only_when_asked(cms: Service) -> None:
    ServiceState.objects.update(next_check_at=timezone.now())
    Service.objects.update(check_every_minutes=5)
    ops.pause_checks(cms)
    due.start()
    assert not HealthCheck.objects.exists()
    assert check(cms).state == "succeeded"
    with pytest.raises(ops.Impossible, match="paused already"):
        ops.pause_checks(cms)
    ops.resume_checks(cms)
    due.start()
    assert HealthCheck.objects.filter(trigger="schedule").exists()
    with pytest.raises(ops.Impossible, match="not paused"):
        ops.resume_checks(cms)


def test_a_secret_that_cannot_be_read_is_not_the_fault_of_the_service(cms: Service, settings: Settings) -> None:
    credentials.store(cms, "token", "a token of the tests")
    settings.CREDENTIAL_KEYS = (Fernet.generate_key().decode(),)
    row = check(cms)
    assert (row.state, row.failure_code, row.response_time_ms) == ("failed", "not_configured", None)
    assert "Put the key it was stored with back" in row.remark


def test_a_system_whose_folder_is_gone_is_said(cms: Service) -> None:
    Service.objects.update(system="gone")
    row = check(cms)
    assert (row.state, row.failure_code) == ("failed", "not_configured")
    assert "Put its folder back" in row.remark


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("integrations.systems.cms.client.Client.check_health", fail)


def test_a_mistake_of_the_client_ends_the_check_with_a_sentence(cms: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, KeyError("an inner detail"))
    row = check(cms)
    assert (row.state, row.failure_code) == ("failed", "KeyError")
    assert row.remark == "The console itself failed (KeyError); see its log."


def test_a_long_wait_frees_the_worker_and_the_check_goes_on_by_itself(
    cms: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = timezone.now() + timedelta(minutes=10)
    with monkeypatch.context() as patched:
        failing(patched, Parked(until, "It answered 429."))
        row = check(cms)
    assert (row.state, row.due_at, row.remark) == ("parked", until, "It answered 429. Goes on by itself.")
    assert (state().health, Incident.objects.exists()) == ("unknown", False)
    assert ops.check(cms, HealthCheck.Trigger.STAFF) == row, "it is still the one that is under way"
    HealthCheck.objects.update(due_at=timezone.now())
    tasks.check_health(str(row.pk))
    row.refresh_from_db()
    assert (row.state, state().health) == ("succeeded", "healthy")


def test_a_remote_that_always_asks_for_one_more_pause_ends_the_check(
    cms: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, Parked(timezone.now(), "It answered 429."))
    row = check(cms)
    while row.state == "parked":
        tasks.check_health(str(row.pk))
        row.refresh_from_db()
    assert (row.state, row.failure_code, row.claims) == ("failed", "rate_limited", probe.MOST_CLAIMS)
    assert state().health == "unknown", "who asks for a pause is up"


def test_a_late_probe_writes_nothing(cms: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    close = probe._close

    def late(*args: object) -> None:
        HealthCheck.objects.update(lease_token=F("lease_token") + 1)
        close(*args)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(probe, "_close", late)
    row = check(cms)
    assert (row.state, row.remark) == ("running", "")
    assert (state().health, state().checked_at) == ("unknown", None)


def test_a_probe_that_an_open_circuit_keeps_back_says_nothing_of_the_service(cms: Service) -> None:
    check(cms)
    before = ServiceState.objects.values().get()
    ops.hold_circuit_open(cms)
    row = check(cms)
    assert (row.state, row.failure_code, row.response_time_ms) == ("failed", Code.CIRCUIT_OPEN, None)
    assert row.remark.endswith(
        "Held open on the command line. “Close circuit” on the service lets calls through at once."
    )
    assert (state().health, state().checked_at) == (before["health"], before["checked_at"])
    assert not Incident.objects.exists()


def test_a_probe_that_a_limit_keeps_back_says_nothing_of_the_service(cms: Service) -> None:
    Service.objects.update(per_day=1)
    check(cms)
    before = state().checked_at
    row = check(cms)
    assert (row.state, row.remark) == ("parked", "The limit of 1 call a day is used up. Goes on by itself.")
    assert (state().health, state().checked_at) == ("healthy", before)


def test_a_service_that_asks_for_a_pause_is_up(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(429, headers=(("Retry-After", "5"),)))
    assert check(calling).failure_code == Code.RATE_LIMITED
    assert (state().health, Incident.objects.exists()) == ("unknown", False)
