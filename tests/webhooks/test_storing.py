"""What a delivery costs the database while its tables grow."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import IntegrityError, connection

from integrations.models import Service, WebhookEvent
from integrations.ops.bells import bell_of
from integrations.webhooks import storing
from tests.webhooks.conftest import Send

OFTEN = 12  # psycopg has a statement prepared after five, the server keeps a plan after five more


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps no plan from when a table was empty")
def test_a_plan_from_when_there_was_nothing_reads_no_more_when_there_is_much(send: Send, github: Service) -> None:
    def deliver(number: int) -> None:
        assert send(b'{"number": %d}' % number, HTTP_X_GITHUB_DELIVERY=f"delivery-{number}").status_code == 200

    def read() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute(
                "SELECT seq_tup_read + COALESCE(idx_tup_fetch, 0) FROM pg_stat_user_tables "
                "WHERE relname = 'integrations_webhookevent'"
            )
            (found,) = cursor.fetchone()
            return int(found)

    for number in range(OFTEN):
        deliver(number)
    WebhookEvent.objects.bulk_create(
        WebhookEvent(service=github, delivery_id=f"id:old-{n}", body=b"{}", body_hash=f"hash {n}") for n in range(2000)
    )
    before = read()
    for number in range(OFTEN, 2 * OFTEN):
        deliver(number)
    assert read() - before < 100


@pytest.mark.django_db
def test_what_is_stored_is_what_django_would_store(github: Service) -> None:
    def event(number: int) -> WebhookEvent:
        body = b'{"a": [1, 2.50, 1e-400, null, "\\u00e4 \xc3\xa4"], "a b": {"c": true}}'
        return WebhookEvent(service=github, delivery_id=f"id:{number}", body=body, parsed=json.loads(body))

    ours, theirs = event(1), event(2)
    assert storing.insert(ours, bell_of(ours), watch=True)
    theirs.save()
    own = {"id", "delivery_id", "correlation_id", "received_at", "due_at", "created_at"}
    rows = [WebhookEvent.objects.filter(pk=each.pk).values().get() for each in (ours, theirs)]
    stored: list[dict[str, Any]] = [{**row} for row in rows]
    assert all(each[name] for each in stored for name in own)
    first, second = ({name: value for name, value in each.items() if name not in own} for each in stored)
    assert first == second


@pytest.mark.django_db(transaction=True)
def test_a_delivery_whose_bell_cannot_be_stored_is_not_stored(github: Service) -> None:
    event = WebhookEvent(service=github, delivery_id="id:1", body=b"{}")
    bell = bell_of(event)
    bell.key = None
    with pytest.raises(IntegrityError):
        storing.insert(event, bell, watch=False)
    assert not WebhookEvent.objects.exists()
    bell.key = "console"
    assert storing.insert(event, bell, watch=False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connection that could break")
def test_a_connection_that_broke_meanwhile_costs_no_delivery(send: Send, github: Service) -> None:
    assert send(b'{"number": 1}', HTTP_X_GITHUB_DELIVERY="one").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    other.close()
    assert send(b'{"number": 2}', HTTP_X_GITHUB_DELIVERY="two").status_code == 200
    assert dict(WebhookEvent.objects.values_list("delivery_id", "duplicates")) == {"id:one": 0, "id:two": 0}
