"""Four processes and one service: together they keep its limit, and together they leave it alone when it fails."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from integrations.models import Incident, Service, ServiceState
from integrations.transport.codes import Outcome
from tests.calling import LIST, ask_in_vain, recorded, state
from tests.flows.deployment import Deployment, Running
from tests.flows.processes import seconds_until
from tests.transport.server import Asked, Reply, ScriptedServer

pytestmark = pytest.mark.slow

PROCESSES = 4
DOWN = Reply(503)


@dataclass
class Counting(ScriptedServer):
    """Remembers when it was asked."""

    at: list[float] = field(default_factory=list)

    def _next(self, request: Asked) -> Reply:
        reply = super()._next(request)
        self.at.append(time.monotonic())
        return reply


@pytest.fixture
def counting() -> Iterator[Counting]:
    with Counting() as server:
        server.answers(LIST)
        yield server


@pytest.fixture
def called(deployment: Deployment, counting: Counting) -> Service:
    """Nothing but the test asks for anything."""
    return Service.objects.create(
        slug="cms", name="Articles", system="cms", base_url=counting.url, check_every_minutes=0
    )


def call_for(deployment: Deployment, seconds: float) -> list[Running]:
    command = (sys.executable, "-m", "tests.peers.caller", "cms", str(seconds))
    return [deployment.start("caller", *command) for _ in range(PROCESSES)]


def wait_for(callers: list[Running]) -> None:
    for caller in callers:
        assert caller.popen.wait(180) == 0, caller.output()


def is_closed() -> bool:
    return state().circuit == ServiceState.Circuit.CLOSED


def test_one_a_second_is_one_a_second_for_all_processes_together(
    deployment: Deployment, called: Service, counting: Counting
) -> None:
    Service.objects.update(per_second=1)
    wait_for(call_for(deployment, 36))
    within = [at for at in counting.at if at < counting.at[0] + 30]
    print(f"{len(within)} calls in 30 s, the closest {min(b - a for a, b in pairwise(counting.at)):.3f} s apart")
    assert len(within) <= 31
    assert len(within) >= 28, "nobody starves either"


def test_never_more_at_a_time_than_there_are_places(
    deployment: Deployment, called: Service, counting: Counting
) -> None:
    Service.objects.update(concurrency=2)
    counting.answers(Reply(body=LIST.body, delay_s=0.5))
    wait_for(call_for(deployment, 10))
    # An answer takes half a second, so that any three arrivals are as far apart.
    assert len(counting.at) > 20
    assert all(third - first >= 0.5 for first, third in zip(counting.at, counting.at[2:], strict=False))


def test_a_failing_service_is_left_alone_and_taken_up_again(
    deployment: Deployment, called: Service, counting: Counting
) -> None:
    counting.answers(DOWN)
    callers = call_for(deployment, 120)
    seconds_until(lambda: not is_closed(), 60, "the circuit is open")
    time.sleep(5)
    before = len(counting.at)
    seconds_until(lambda: len(counting.at) >= before + 2, 90, "two probes came")
    counting.script[:] = [LIST]
    took = seconds_until(is_closed, 60, "the circuit is closed")
    gaps = [b - a for a, b in pairwise(counting.at[before : before + 3])]
    print(f"{before} calls before it opened, gaps of {[f'{gap:.2f}' for gap in gaps]} s, closed after {took:.1f} s")
    assert before <= 20
    assert len(gaps) == 2
    assert min(gaps) >= 30
    seconds_until(lambda: len(counting.at) > before + 10, 30, "calls go on")
    incident = Incident.objects.get()
    assert (incident.kind, incident.state, incident.count) == ("circuit", "resolved", 1)
    wait_for(callers)


def test_the_health_check_is_the_probe_where_nobody_else_calls(
    deployment: Deployment, called: Service, counting: Counting
) -> None:
    Service.objects.update(check_every_minutes=60)
    recorded(called, Outcome.FAILED, 9)
    counting.answers(DOWN)
    ask_in_vain(called)
    assert not is_closed()
    deployment.start_worker()
    seconds_until(lambda: len(counting.at) == 2, 60, "the first probe failed")
    counting.script[:] = [LIST]
    took = seconds_until(is_closed, 60, "the circuit is closed")
    print(f"closed {took:.1f} s after the recovery")
    assert len(counting.at) == 3
    assert min(b - a for a, b in pairwise(counting.at)) >= 30
