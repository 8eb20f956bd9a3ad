"""The same deliveries from many threads at once: each is stored exactly once."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import RequestFactory
from django_q.models import OrmQ

from integrations.models import Service, WebhookEvent
from integrations.webhooks.view import receive
from tests.webhooks.conftest import ADDRESS, sign

THREADS, IDS = 16, 50


def deliver_all(seed: int) -> list[int]:
    numbers = list(range(IDS))
    random.Random(seed).shuffle(numbers)
    try:
        return [deliver(number) for number in numbers]
    finally:
        connection.close()


def deliver(number: int) -> int:
    body = b'{"n": %d}' % number
    headers = {"X-Hub-Signature-256": sign(body), "X-GitHub-Delivery": f"race-{number}", "X-GitHub-Event": "push"}
    request = RequestFactory().post(ADDRESS, body, content_type="application/json", headers=headers)
    return receive(request, "github").status_code


@pytest.mark.django_db(transaction=True)
def test_racing_deliveries_are_stored_exactly_once(github: Service) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        statuses = [status for each in pool.map(deliver_all, range(THREADS)) for status in each]
    assert statuses == [200] * (THREADS * IDS)
    assert sorted(WebhookEvent.objects.values_list("delivery_id", flat=True)) == sorted(
        f"id:race-{number}" for number in range(IDS)
    )
    assert sum(WebhookEvent.objects.values_list("duplicates", flat=True)) == (THREADS - 1) * IDS
    assert OrmQ.objects.count() == IDS
