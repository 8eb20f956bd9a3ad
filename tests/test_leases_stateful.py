"""Any order of claims, pauses, deaths and ends: the promises of a lease hold after each step."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from integrations import leases
from integrations.models import Service, WebhookEvent
from tests import chance
from tests.worker import expire, make_due

MOST_CLAIMS = 3
ENDED = frozenset({"succeeded", "dead"})


class Workers(RuleBasedStateMachine):
    """One row and every lease anybody ever held on it."""

    service: Service

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.event = WebhookEvent.objects.create(service=self.service, delivery_id=uuid.uuid4().hex, body=b"")
        self.live: leases.Lease | None = None
        self.old: list[leases.Lease] = []
        self.final: dict[str, Any] | None = None

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def row(self) -> dict[str, Any]:
        return dict(WebhookEvent.objects.filter(pk=self.event.pk).values().get())

    def lose(self) -> None:
        if self.live:
            self.old.append(self.live)
        self.live = None

    @rule()
    def claim(self) -> None:
        waiting = self.row()["state"] in WebhookEvent.WAITING
        lease = leases.claim(WebhookEvent, self.event.pk)
        assert (lease is not None) == waiting
        if lease:
            assert self.live is None, "two live leases"
            assert all(lease.token > old.token for old in self.old)
            self.live = lease

    @precondition(lambda self: self.live)
    @rule()
    def renew(self) -> None:
        assert self.live
        self.live.renew()

    @precondition(lambda self: self.live)
    @rule()
    def progress(self) -> None:
        assert self.live
        self.live.write(claims=0)

    @precondition(lambda self: self.live)
    @rule()
    def park(self) -> None:
        assert self.live
        self.live.wait(WebhookEvent.State.PARKED)
        make_due(self.event)
        self.lose()

    @precondition(lambda self: self.live)
    @rule()
    def finish(self) -> None:
        assert self.live
        self.live.finish(WebhookEvent.State.SUCCEEDED)
        self.lose()

    @precondition(lambda self: self.live)
    @rule()
    def fall_silent(self) -> None:
        expire(self.event)

    @rule()
    def look_for_the_dead(self) -> None:
        silent = WebhookEvent.objects.filter(leases.expired(), pk=self.event.pk).first()
        if silent:
            became = leases.free(silent, WebhookEvent.State.DEAD, MOST_CLAIMS)
            assert became == ("dead" if silent.claims >= MOST_CLAIMS else "queued")
            self.lose()

    @rule()
    def come_back_too_late(self) -> None:
        for old in self.old:
            before = self.row()
            for attempt in (old.renew, lambda old=old: old.finish("dead"), lambda old=old: old.wait("queued")):
                with pytest.raises(leases.LostLease):
                    attempt()
            assert self.row() == before

    @invariant()
    def runs_exactly_while_somebody_holds_it(self) -> None:
        row = self.row()
        assert (row["state"] == "running") == (self.live is not None)
        assert self.live is None or row["lease_token"] == self.live.token

    @invariant()
    def an_ended_row_never_changes_again(self) -> None:
        row = self.row()
        if self.final:
            assert row == self.final
        if row["state"] in ENDED:
            self.final = row


@chance.examples(50, 200)
def test_the_promises_of_a_lease_hold_in_any_order(cms: Service, examples: int) -> None:
    Workers.service = cms
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Workers,
        settings=settings(max_examples=examples, stateful_step_count=8, deadline=None, suppress_health_check=checks),
    )
