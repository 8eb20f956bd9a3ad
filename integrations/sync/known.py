"""What the console has of a batch of items already."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

from django.db import connection

from integrations import prepared
from integrations.models import SyncedModel, SyncRun


def hashes(run: SyncRun, model: type[SyncedModel], ids: Sequence[str]) -> dict[str, str | None]:
    """The content hash of each row there is, by id; None where the row is marked as gone. Index: once_per_service."""
    if connection.vendor == "postgresql":
        found = prepared.rows(_each(model), [list(ids), run.stream.service_id])
    else:
        found = prepared.rows(_together(model), [run.stream.service_id, json.dumps(ids)])
    return {external_id: None if is_gone else content_hash for external_id, content_hash, is_gone in found}


@cache
def _each(model: type[SyncedModel]) -> str:
    """Looked up one by one, which LIMIT makes sure of.

    Of a table that has just been filled PostgreSQL knows nothing, takes its rows for few, and for all ids together would
    read every one of the service, for each batch anew.
    """
    row = f'SELECT content_hash, deleted_at FROM "{model._meta.db_table}"'  # noqa: S608 - our own names
    return (
        "SELECT wanted.id, found.content_hash, found.deleted_at IS NOT NULL FROM unnest(%s::text[]) AS wanted(id) "  # noqa: S608
        f"CROSS JOIN LATERAL ({row} WHERE service_id = %s AND external_id = wanted.id LIMIT 1) AS found"
    )


@cache
def _together(model: type[SyncedModel]) -> str:
    return (
        f'SELECT external_id, content_hash, deleted_at IS NOT NULL FROM "{model._meta.db_table}" '  # noqa: S608 - as above
        "WHERE service_id = %s AND external_id IN (SELECT value FROM json_each(%s))"
    )
