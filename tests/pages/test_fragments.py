"""Every fragment in every kind of trouble: it ends in a value, in an older one with its age, or in a quiet sentence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations import credentials, ops
from integrations.models import CachedAnswer, Call, Credential, Enrichment, Essay, Service
from tests.pages.conftest import Connect
from tests.pages.showing import QUIET, asked, looked, settled, the_budget_is_over, words
from tests.pages.trouble import SYSTEMS, Shown
from tests.worker import expire, work_off

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = {
    "analytics": "Average visit 40 s",
    "preview": "Night trains & their timetables",
    "assessment": "Total 226,780",
    "place": "41.88380° N, 87.63187° W",
}
each_kind = pytest.mark.parametrize("kind", SYSTEMS)


@each_kind
def test_a_fresh_value_is_shown_as_soon_as_it_is_there(shown: Shown) -> None:
    waiting = asked(shown.client, shown.kind, shown.row)
    assert 'hx-trigger="load delay:250ms' in waiting
    assert GOOD[shown.kind] not in words(waiting)
    assert GOOD[shown.kind] in shown.settled()
    fresh = looked(shown.client, shown.kind, shown.row)
    assert "hx-get" not in fresh
    assert "hx-post" not in fresh
    assert "as of a moment ago" in words(fresh)
    call = Call.objects.latest("pk")
    assert (call.trigger, call.actor, call.correlation_id) == (
        "page",
        User.objects.get(username="viewer"),
        Enrichment.objects.get().correlation_id,
    )


TROUBLES: dict[str, Callable[[Shown], object]] = {
    "500s": lambda shown: shown.fault(status=500),
    "busy": lambda shown: shown.fault(status=503, headers={"Retry-After": "120"}),
    "wrong credentials": lambda shown: shown.fault(status=401),
    "forbidden": lambda shown: shown.fault(status=403),
    "too slow": lambda shown: shown.is_slow(),
    "nobody listens": lambda shown: Service.objects.filter(pk=shown.service.pk).update(base_url="http://127.0.0.1:9"),
    "circuit held open": lambda shown: ops.hold_circuit_open(shown.service),
}


@each_kind
@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_ends_in_the_quiet_sentence_or_in_the_last_good_value_with_its_age(shown: Shown, trouble: str) -> None:
    if trouble == "nobody listens" and shown.kind == "preview":
        shown.row.url = "http://127.0.0.1:9/"  # type: ignore[union-attr]
        shown.row.save()
        assert QUIET in shown.settled()
        return
    assert GOOD[shown.kind] in shown.settled()
    good = Enrichment.objects.get()
    shown.hours_pass()
    TROUBLES[trouble](shown)
    left = shown.settled()
    row = Enrichment.objects.get()
    assert (row.state, row.value) == ("failed", good.value), row.failure_message
    assert row.failure_message
    assert GOOD[shown.kind] in left
    assert "as of 3 hours ago" in left
    assert row.failure_message not in left
    Enrichment.objects.all().delete()
    CachedAnswer.objects.all().delete()
    assert shown.settled().endswith(QUIET)


@each_kind
def test_a_dead_worker_ends_the_same(shown: Shown) -> None:
    asked(shown.client, shown.kind, shown.row)
    the_budget_is_over()
    over = looked(shown.client, shown.kind, shown.row)
    assert words(over).endswith(QUIET)
    assert 'hx-trigger="every 30s' in over
    Enrichment.objects.update(state="running")
    expire(Enrichment.objects.get())
    assert words(asked(shown.client, shown.kind, shown.row)).endswith(QUIET)


@each_kind
def test_missing_credentials_end_the_same(shown: Shown) -> None:
    Credential.objects.all().delete()
    if shown.kind == "analytics":
        assert shown.settled().endswith(QUIET)
        assert Enrichment.objects.get().failure_code == "auth_failed"
    else:  # which can be asked without any
        assert GOOD[shown.kind] in shown.settled()


def test_a_client_that_fails_in_its_own_way_ends_the_same(
    make_essay: Callable[..., Essay], connect: Connect, viewer: User, as_person: Callable[[User], Client]
) -> None:
    Service.objects.filter(pk=connect("analytics").pk).update(options={"product": "abacus"})
    assert settled(as_person(viewer), "analytics", make_essay()).endswith(QUIET)
    assert Enrichment.objects.get().failure_code == "KeyError"


def test_unreadable_credentials_end_the_same(
    make_essay: Callable[..., Essay], connect: Connect, viewer: User, as_person: Callable[[User], Client]
) -> None:
    credentials.store(connect("analytics"), "api_key", "env:NOBODY_HAS_SET_THIS")
    assert settled(as_person(viewer), "analytics", make_essay()).endswith(QUIET)
    assert Enrichment.objects.get().failure_code == "not_configured"


@each_kind
def test_without_a_service_the_fragment_is_absent(shown: Shown) -> None:
    Service.objects.filter(pk=shown.service.pk).update(enabled=False)
    assert asked(shown.client, shown.kind, shown.row) == ""
    assert looked(shown.client, shown.kind, shown.row) == ""
    assert not Enrichment.objects.exists()


@each_kind
def test_a_service_that_was_switched_off_since_leaves_a_reason(shown: Shown) -> None:
    asked(shown.client, shown.kind, shown.row)
    Service.objects.filter(pk=shown.service.pk).update(enabled=False)
    work_off()
    row = Enrichment.objects.get()
    assert (row.state, row.failure_code) == ("failed", "not_configured")
