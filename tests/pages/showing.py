"""A page's fragments as its browser asks for them, with a worker or without one."""

from __future__ import annotations

import html
import re
from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import Enrichment, Essay, Property
from tests.worker import work_off

QUIET = "Not available just now."


def address(kind: str, row: Essay | Property) -> str:
    return reverse("fragment", args=[kind, row.pk])


def words(markup: str) -> str:
    """What a reader sees of it."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def asked(client: Client, kind: str, row: Essay | Property) -> str:
    """What the browser gets that has it asked for."""
    response = client.post(address(kind, row))
    assert response.status_code == 200
    return response.content.decode()


def looked(client: Client, kind: str, row: Essay | Property) -> str:
    response = client.get(address(kind, row))
    assert response.status_code == 200
    return response.content.decode()


def settled(client: Client, kind: str, row: Essay | Property) -> str:
    """What the reader is left with once a worker has done what the page asked for."""
    asked(client, kind, row)
    work_off()
    return words(looked(client, kind, row))


def the_budget_is_over() -> None:
    """As if the page had waited for as long as it waits."""
    Enrichment.objects.update(asked_at=timezone.now() - timedelta(seconds=2))


def hours_pass(hours: int) -> None:
    """As if what is stored were that much older, and to be asked for again."""
    past = timezone.now() - timedelta(hours=hours, minutes=1)
    Enrichment.objects.exclude(as_of=None).update(as_of=past)
    Enrichment.objects.update(due_at=past, asked_at=past)
