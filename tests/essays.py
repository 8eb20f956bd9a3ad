"""Essays as runs leave them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.utils import timezone

from integrations.models import Essay, Service

PUBLISHED = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
_numbers = count(1)


def essay_of(service: Service, **fields: Any) -> Essay:
    """One of the service's stream, with a name of its own."""
    number = next(_numbers)
    known: dict[str, Any] = {
        "external_id": f"id {number}",
        "title": f"Rivers: a “history”, part {number}",
        "slug": f"rivers-{number}",
        "author": "Ada Ferris",
        "body": "\n# Rivers\n\nThey *flow*.\n",
        "published_at": PUBLISHED,
        **fields,
    }
    stamps = {"synced_at": timezone.now(), "content_hash": f"{number:064}"}
    return Essay.objects.create(service=service, stream=service.streams.get(enabled=True), **known, **stamps)
