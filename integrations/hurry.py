"""Commits that do not wait for the disk, for what a run can read again.

What is committed so is there for everybody at once and outlives any process; only when power fails may the newest of it
be gone, all together with what came after it, so that a run goes on from an older checkpoint. The next commit that
waits makes it safe too, and the end of each slice waits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

# For one transaction alone: on a connection it would stay behind in a pooler.
ON_POSTGRESQL = "SELECT set_config('synchronous_commit', 'off', true)"


@contextmanager
def atomic() -> Iterator[None]:
    """A transaction that does not wait; inside another it is a part of that, and hurries it not."""
    database = connections[DEFAULT_DB_ALIAS]
    is_inside = database.in_atomic_block
    with on_sqlite(database), transaction.atomic():
        if database.vendor == "postgresql" and not is_inside:
            with database.cursor() as cursor:
                cursor.execute(ON_POSTGRESQL)
        yield


@contextmanager
def on_sqlite(database: BaseDatabaseWrapper) -> Iterator[None]:
    """Transactions begun meanwhile leave their log to the next that waits; for SQLite, and others need it not."""
    database.ensure_connection()
    if database.vendor != "sqlite" or database.in_atomic_block:
        yield
        return
    database.connection.execute("PRAGMA synchronous=NORMAL")
    try:
        yield
    finally:
        database.connection.execute("PRAGMA synchronous=FULL")
