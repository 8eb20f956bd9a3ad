"""One worker and a service that hangs: the others are checked all the same, and each has its own deadline."""

from __future__ import annotations

import time
from threading import Thread

import pytest
from django.db import connection

from integrations import ops, probe, side_by_side
from integrations.models import HealthCheck, Service, ServiceState
from integrations.side_by_side import run  # before the tests' own takes its place
from tests.transport.server import Reply, ScriptedServer

HANGS_S = 3.0
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hanging(cms: Service, remote: ScriptedServer) -> Service:
    """A service that takes the question and says nothing."""
    remote.answers(Reply(delay_s=2 * HANGS_S))
    return Service.objects.create(slug="slow", name="Slow", system="cms", base_url=remote.url, deadline_s=HANGS_S)


def asked(service: Service) -> HealthCheck:
    return ops.check(service, HealthCheck.Trigger.STAFF)


def seconds(check: HealthCheck) -> float:
    """How long its asker waited for it."""
    check.refresh_from_db()
    assert check.finished_at
    return (check.finished_at - check.created_at).total_seconds()


def test_a_service_that_hangs_delays_no_other(cms: Service, github: Service, hanging: Service) -> None:
    slow, *others = (asked(service) for service in (hanging, cms, github))
    run(slow.pk)
    assert [check.state for check in HealthCheck.objects.order_by("pk")] == ["failed", "succeeded", "succeeded"]
    assert seconds(slow) >= HANGS_S
    assert max(seconds(check) for check in others) < HANGS_S - 1


def test_what_is_asked_for_meanwhile_is_begun_meanwhile(cms: Service, hanging: Service) -> None:
    slow = asked(hanging)

    def work() -> None:
        try:
            run(slow.pk)
        finally:
            connection.close()

    worker = Thread(target=work)
    worker.start()
    time.sleep(0.5)
    late = asked(cms)
    worker.join()
    assert seconds(late) < HANGS_S - 1


def test_a_check_is_made_once_however_many_want_to_make_it(cms: Service, github: Service) -> None:
    checks = [asked(service) for service in (cms, github)]
    for check in checks:
        run(check.pk)
    assert set(HealthCheck.objects.values_list("state", "claims")) == {("succeeded", 1)}
    assert set(ServiceState.objects.values_list("health", flat=True)) == {"healthy"}


def test_no_more_than_a_few_are_made_at_a_time(cms: Service, github: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "AT_A_TIME", 1)
    checks = [asked(service) for service in (cms, github)]
    run(checks[0].pk)
    for check in checks:
        check.refresh_from_db()
    assert checks[0].state == "succeeded"
    assert checks[1].state == "queued", "its own bell is for it"


def test_what_breaks_in_one_breaks_the_task_and_no_other_check(
    cms: Service, github: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, good = asked(cms), asked(github)
    whole = probe.run

    def run_one(lease: object) -> None:
        if lease.pk == broken.pk:  # type: ignore[attr-defined]
            raise RuntimeError("x")
        whole(lease)  # type: ignore[arg-type]

    monkeypatch.setattr(probe, "run", run_one)
    with pytest.raises(RuntimeError):
        run(broken.pk)
    good.refresh_from_db()
    assert good.state == "succeeded"
