"""What the gate learns from answers: pauses, what is left, and whether trying again does harm."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from integrations import ops, systems
from integrations.connections import client_for, transport_for
from integrations.gates import ServiceGate
from integrations.models import Call, Service, ServiceState
from integrations.transport import retry
from integrations.transport.breaker import Position
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked, TransportError
from integrations.transport.limits import Limits
from integrations.transport.quota import Quota
from tests.calling import LIST, ask, cause, details, seconds_until, state
from tests.transport.server import Reply, ScriptedServer

NO_LIMITS = Limits()


@pytest.fixture
def link(calling: Service, remote: ScriptedServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service that fetches what strangers name, which is the scripted remote."""
    settings.UNTRUSTED_NETWORKS, settings.UNTRUSTED_PORTS = (ip_network("127.0.0.1/32"),), (remote.port,)
    declared = replace(systems.get("cms"), untrusted_urls=True)
    monkeypatch.setattr(systems, "get", lambda _: declared)
    return calling


def fetch(service: Service) -> None:
    with transport_for(service, cause(), attempts=1) as transport:
        transport.request("fetch", "GET", service.base_url)


def fetch_in_vain(service: Service) -> TransportError:
    with pytest.raises(TransportError) as failure:
        fetch(service)
    return failure.value


def test_a_pause_that_one_was_asked_for_holds_for_all(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(429, headers=(("Retry-After", "60"),)), LIST)
    with pytest.raises(Parked):
        ask(calling)
    with pytest.raises(Parked, match="asked for a pause") as parked:
        ask(calling)
    assert parked.value.until == state().limited_until
    assert len(remote.asked) == 1
    ServiceState.objects.update(limited_until=timezone.now() + timedelta(seconds=1))
    ask(calling)
    assert seconds_until("limited_until") <= 0
    waited_ms = Call.objects.latest("pk").queue_ms
    assert waited_ms
    assert waited_ms > 100


def test_a_shorter_pause_does_not_end_a_longer_one(cms: Service) -> None:
    gate = ServiceGate(cms, NO_LIMITS)
    for seconds in (60, 1):
        gate.settle(details(Code.RATE_LIMITED, retry_after=seconds))
    assert seconds_until("limited_until") > 30


def test_what_is_left_is_shown_with_its_reset(calling: Service, remote: ScriptedServer) -> None:
    headers = (("X-RateLimit-Remaining", "41"), ("X-RateLimit-Limit", "60"), ("X-RateLimit-Reset", "120"))
    remote.answers(Reply(body=LIST.body, headers=headers))
    ask(calling)
    found = state()
    assert (found.quota_left, found.quota_limit) == (41, 60)
    assert 90 < seconds_until("quota_reset_at") <= 120
    assert -30 < seconds_until("quota_seen_at") <= 0


def test_a_figure_that_hardly_changed_costs_no_query(
    cms: Service, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    gate = ServiceGate(cms, NO_LIMITS)
    for left, queries in ((5000, 1), (4999, 0), (4600, 0), (4500, 1), (4499, 0), (0, 1), (0, 0), (5000, 1)):
        with django_assert_num_queries(queries):
            gate.settle(details(quota=Quota(left, 5000)))
    assert state().quota_left == 5000
    gate._seen.quota_seen_at = timezone.now() - timedelta(seconds=11)
    with django_assert_num_queries(1):
        gate.settle(details(quota=Quota(4999, 5000)))


def test_the_budget_of_retries_allows_a_single_call_its_attempts(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(500), Reply(500), LIST)
    ask(calling)
    assert [call.attempt for call in Call.objects.order_by("attempt")] == [1, 2, 3]


def test_an_outage_of_a_thousand_calls_costs_less_than_a_tenth_more(
    calling: Service, remote: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE_S", 0.0)
    remote.answers(Reply(429))
    with client_for(calling, cause()) as client:
        for _ in range(1000):
            with pytest.raises(CallError, match="429"):
                client.check_health()
    assert Call.objects.count() == len(remote.asked)
    assert 1050 < len(remote.asked) < 1100


BUSY = (("Retry-After", "3600"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Limit", "60"))


@pytest.mark.parametrize("reply", [Reply(500), Reply(429, headers=BUSY), Reply(reset=True)])
def test_what_fails_at_one_stranger_says_nothing_of_the_others(
    link: Service, remote: ScriptedServer, reply: Reply
) -> None:
    remote.answers(*[reply] * 20, Reply())
    errors = [fetch_in_vain(link) for _ in range(20)]
    fetch(link)
    assert len(remote.asked) == 21
    assert not [error for error in errors if isinstance(error, CallError) and error.code is Code.CIRCUIT_OPEN]
    found = state()
    assert (found.circuit, found.limited_until, found.quota_left) == (Position.CLOSED, None, None)


def test_a_circuit_that_is_open_is_closed_by_the_next_call_whatever_the_stranger_answers(
    link: Service, remote: ScriptedServer
) -> None:
    remote.answers(Reply(500))
    ServiceState.objects.update(circuit=Position.OPEN, circuit_probe_at=timezone.now())
    fetch_in_vain(link)
    assert state().circuit == Position.CLOSED


def test_a_person_can_stop_the_fetching_for_strangers(link: Service, remote: ScriptedServer) -> None:
    ops.hold_circuit_open(link)
    error = fetch_in_vain(link)
    assert isinstance(error, CallError)
    assert (error.code, len(remote.asked)) == (Code.CIRCUIT_OPEN, 0)
