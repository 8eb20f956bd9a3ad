"""How long the database may look for what a page shows; a page that has no answer by then says so instead of hanging."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

STOPPED = {"SQLITE_INTERRUPT", "57014"}  # as SQLite and PostgreSQL (query_canceled) say it
STEPS = 10_000  # of SQLite's machine, between two looks at the clock: about a millisecond


class TookTooLong(Exception):
    """The database was told to stop looking."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Let no statement inside take longer than that; on SQLite all of them together.

    Raises:
        TookTooLong: one would have.
    """
    limited = _progress_watched if connection.vendor == "sqlite" else _statements_timed
    try:
        with limited(seconds):
            yield
    except OperationalError as error:
        said = error.__cause__
        if {getattr(said, "sqlite_errorname", ""), getattr(said, "sqlstate", "")} & STOPPED:
            raise TookTooLong from error
        raise


@contextmanager
def _statements_timed(seconds: float) -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(max(1, round(seconds * 1000)))])
        yield


@contextmanager
def _progress_watched(seconds: float) -> Iterator[None]:
    connection.ensure_connection()
    end = time.monotonic() + seconds
    watched = connection.connection
    watched.set_progress_handler(lambda: time.monotonic() > end, STEPS)
    try:
        yield
    finally:
        watched.set_progress_handler(None, STEPS)
