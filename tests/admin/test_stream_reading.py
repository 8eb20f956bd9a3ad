"""On the page of a stream: a preview, a backfill, the position."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integrations import ops
from integrations.models import PositionChange, Service, Stream, SyncRun
from tests.admin.asking import SUBMITTED, messages_of, page, said

AsPerson = Callable[[User], Client]


@pytest.fixture
def stream(cms: Service) -> Stream:
    """Read whole an hour ago."""
    stream = cms.streams.get()
    stream.watermark = stream.last_full_at = timezone.now() - timedelta(hours=1)
    stream.save()
    return stream


def press(client: Client, stream: Stream, verb: str, **fields: Any) -> str:
    response = client.post(page(Stream, verb, stream.pk), {**SUBMITTED, **fields})
    assert response.status_code == 200
    return messages_of(response)[-1] if "HX-Redirect" in response.headers else response.content.decode()


def test_a_preview_is_started_and_linked(operator: User, as_person: AsPerson, stream: Stream) -> None:
    message = press(as_person(operator), stream, "preview")
    run = SyncRun.objects.get()
    assert (run.mode, run.actor, run.trigger) == ("preview", operator, "staff")
    assert f'href="{run.get_absolute_url()}"' in message


def test_a_backfill_reads_two_whole_days(operator: User, as_person: AsPerson, stream: Stream) -> None:
    press(as_person(operator), stream, "backfill", start="2026-03-01", end="2026-03-02")
    run = SyncRun.objects.get()
    assert (run.mode, run.since) == ("backfill", datetime(2026, 3, 1, tzinfo=UTC))
    assert run.until == datetime(2026, 3, 2, 23, 59, 59, 999999, tzinfo=UTC)
    assert "reads what changed from" in said(as_person(operator), run.get_absolute_url())


@pytest.mark.parametrize(("start", "end"), [("", "2026-03-01"), ("2026-03-01", "soon")])
def test_without_two_days_the_dialog_stays(
    operator: User, as_person: AsPerson, stream: Stream, start: str, end: str
) -> None:
    press(as_person(operator), stream, "backfill", start=start, end=end)
    assert not SyncRun.objects.exists()


def test_a_range_that_ends_before_it_begins_is_explained(operator: User, as_person: AsPerson, stream: Stream) -> None:
    message = press(as_person(operator), stream, "backfill", start="2026-03-02", end="2026-03-01")
    assert "ends before it begins" in message


def test_a_manager_sets_the_position_and_the_page_tells_who(manager: User, as_person: AsPerson, stream: Stream) -> None:
    client = as_person(manager)
    message = press(client, stream, "set_position", moment="2026-03-01T10:30")
    assert "The next sync reads what changed since" in message
    change = PositionChange.objects.get()
    assert (change.after, change.actor) == (datetime(2026, 3, 1, 10, 30, tzinfo=UTC), manager)
    ops.forget_position(stream)
    text = said(client, stream.get_absolute_url())
    assert ": manager, from " in text
    assert ": the command line, from " in text


def test_an_operator_may_not_set_it(operator: User, as_person: AsPerson, stream: Stream) -> None:
    answer = as_person(operator).post(
        page(Stream, "set_position", stream.pk), {**SUBMITTED, "moment": "2026-03-01T10:30"}
    )
    assert answer.status_code == 403
    assert not PositionChange.objects.exists()
