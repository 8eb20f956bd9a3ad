"""One health probe and what it leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from integrations import credentials, ops, probe
from integrations.models import Call, HealthCheck, Incident, Service, ServiceState
from integrations.transport.details import Outcome
from integrations.transport.errors import Parked
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
    assert (row.state, row.failure_code, Call.objects.count()) == ("failed", Outcome.UNREACHABLE, 1)


def test_a_failed_probe_says_what_to_do_and_opens_an_incident(cms: Service) -> None:
    Service.objects.update(base_url="http://127.0.0.1:9")
    row = check(cms)
    assert row.failure_message == row.remark == state().remark
    assert row.remark.endswith(Outcome.UNREACHABLE.advice)
    assert state().health == "unhealthy"
    incident = Incident.objects.get()
    assert (incident.kind, incident.code, incident.message) == ("health", "unreachable", row.remark)


def test_the_time_since_when_moves_only_when_the_health_changes(cms: Service) -> None:
    check(cms)
    earlier = timezone.now() - timedelta(hours=1)
    ServiceState.objects.update(health_since=earlier)
    check(cms)
    assert state().health_since == earlier
    url = cms.base_url
    Service.objects.update(base_url="http://127.0.0.1:9")
    check(cms)
    since = state().health_since
    assert since
    assert since > earlier
    Service.objects.update(base_url=url)
    check(cms)
    assert (state().health, Incident.objects.get().state) == ("healthy", "resolved")


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


@pytest.mark.parametrize(
    ("error", "code", "remark"),
    [
        (Parked(timezone.now(), "It answered 429."), "rate_limited", "It answered 429."),
        (KeyError("an inner detail"), "KeyError", "The console itself failed (KeyError); see its log."),
    ],
)
def test_whatever_else_happens_the_check_ends_with_a_sentence(
    cms: Service, error: Exception, code: str, remark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("integrations.systems.cms.client.Client.check_health", fail)
    row = check(cms)
    assert (row.state, row.failure_code, row.remark) == ("failed", code, remark)


def test_a_late_probe_writes_nothing(cms: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    close = probe._close

    def late(*args: object) -> None:
        HealthCheck.objects.update(lease_token=F("lease_token") + 1)
        close(*args)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(probe, "_close", late)
    row = check(cms)
    assert (row.state, row.remark) == ("running", "")
    assert (state().health, state().checked_at) == ("unknown", None)
