"""No sender promises an order or to send once: whatever comes first and however often, the end is the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.models import Effect, Service, Stream, WebhookEvent
from tests.webhooks.conftest import Send, sign
from tests.worker import work_off

REPOSITORY = {"full_name": "octo-org/essays", "default_branch": "main"}
DELIVERIES = {
    "first": ("push", {"ref": "refs/heads/main", "after": "1" * 40, "repository": REPOSITORY}),
    "second": ("push", {"ref": "refs/heads/main", "after": "2" * 40, "repository": REPOSITORY}),
    "elsewhere": ("push", {"ref": "refs/heads/draft", "after": "3" * 40, "repository": REPOSITORY}),
    "greeting": ("ping", {"zen": "Keep it logically awesome.", "repository": REPOSITORY}),
    "star": ("star", {"action": "created", "repository": REPOSITORY}),
}
Final = tuple[Any, ...]
# Each at least once, some again, in any order; between any two the workers may have come or not.
SENT = st.lists(st.sampled_from(sorted(DELIVERIES)), max_size=6).flatmap(
    lambda again: st.permutations([*DELIVERIES, *again])
)


@pytest.fixture
def service(github: Service) -> Service:
    github.options, github.check_every_minutes = {"repository": "octo-org/essays"}, 0
    github.save()
    return github


def final() -> Final:
    events = WebhookEvent.objects.order_by("delivery_id").values_list("delivery_id", "state", "summary", "claims")
    effects = Effect.objects.order_by("event__delivery_id").values_list("event__delivery_id", "handler", "times")
    touched = Stream.objects.exclude(touched_at=None).order_by("name").values_list("name", flat=True)
    return list(events), list(effects), list(touched)


def after(send: Send, sent: list[str], worked_off: list[bool]) -> Final:
    for name, now in zip(sent, worked_off, strict=False):
        kind, payload = DELIVERIES[name]
        body = json.dumps(payload).encode()
        headers = {"HTTP_X_GITHUB_EVENT": kind, "HTTP_X_GITHUB_DELIVERY": name, "HTTP_X_HUB_SIGNATURE_256": sign(body)}
        assert send(body, **headers).status_code == 200
        if now:
            work_off()
    work_off()
    return final()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=SENT, worked_off=st.lists(st.booleans(), min_size=11, max_size=11))
def test_any_order_with_any_repetition_leaves_the_same_state(
    send: Send, service: Service, sent: list[str], worked_off: list[bool]
) -> None:
    ends: list[Final] = []
    for order, working in ((list(DELIVERIES), [True] * len(DELIVERIES)), (sent, worked_off)):
        with transaction.atomic():
            ends.append(after(send, order, working))
            transaction.set_rollback(True)
    assert ends[0] == ends[1]
    assert len(ends[0][0]) == len(DELIVERIES)
    assert len(ends[0][1]) == 4, "nobody handles stars"
    assert ends[0][2] == ["files"]
