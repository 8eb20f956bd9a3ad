"""What a delivery costs the database while its tables grow."""

from __future__ import annotations

import pytest
from django.db import connection

from integrations.models import Service, WebhookEvent
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
