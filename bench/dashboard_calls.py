"""Calls of thirty days for the benchmark of pages, made by the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from integrations.models import Call, Service

# A normal variable by its definition, so that latencies are log-normal; both databases know these functions.
NORMAL = "sqrt(-2 * ln({chance} + 1e-9)) * cos(6.283185307 * {other})"
FILL = """
INSERT INTO integrations_call (service_id, operation, method, url, status, outcome, code, error, cache, attempt, chain,
    started_at, duration_ms, request_bytes, response_bytes, remote_id, "trigger", correlation_id)
SELECT {first_service} + n % {services}, {operation}, 'GET', 'https://api.example.org/things/' || n,
    CASE WHEN n % 37 = 0 THEN 503 ELSE 200 END, CASE WHEN n % 37 = 0 THEN 'failed' ELSE 'ok' END,
    CASE WHEN n % 37 = 0 THEN 'server_error' ELSE 'ok' END, '', CASE WHEN n % 11 = 0 THEN 'hit' ELSE '' END,
    1 + (n % 97 = 0){as_number}, {uuid}, {started}, exp(5 + 0.4 * (n % 5) + 0.6 * {normal}), 0, 900, '',
    CASE WHEN n % 19 = 0 THEN 'check' ELSE 'sync' END, {uuid}
FROM {numbers}
"""
BY_DATABASE = {
    "postgresql": {
        "operation": "(ARRAY['list', 'find', 'get', 'probe'])[1 + n / 7 % 4]",
        "as_number": "::int",
        "uuid": "gen_random_uuid()",
        "started": "now() - interval '30 days' * (1 - (n - {after})::float8 / {more})",
        "normal": NORMAL.format(chance="random()", other="random()"),
        "numbers": "generate_series({after} + 1, {after} + {more}) AS n",
    },
    "sqlite": {
        "operation": "CASE n / 7 % 4 WHEN 0 THEN 'list' WHEN 1 THEN 'find' WHEN 2 THEN 'get' ELSE 'probe' END",
        "as_number": "",
        "uuid": "lower(hex(randomblob(16)))",
        "started": "strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || (30 * 86400.0 * (1 - (n - {after}) * 1.0 / {more})) "
        "|| ' seconds')",
        "normal": NORMAL.format(chance="(abs(random()) / 9223372036854775808.0)", other="(n * 0.618034)"),
        "numbers": "(WITH RECURSIVE counted(n) AS (SELECT {after} + 1 UNION ALL SELECT n + 1 FROM counted "
        "WHERE n < {after} + {more}) SELECT n FROM counted)",
    },
}


def fill(calls: int) -> None:
    """Up to so many; they are spread evenly over thirty days, in the order of their keys."""
    after = Call.objects.count()
    bounds: dict[str, object] = {"after": after, "more": calls - after}
    parts = {name: part.format(**bounds) for name, part in BY_DATABASE[connection.vendor].items()}
    first = Service.objects.order_by("pk").values_list("pk", flat=True)[0]
    with without_indexes(), connection.cursor() as cursor:
        cursor.execute(FILL.format(first_service=first, services=Service.objects.count(), **parts))
    settle()


def settle() -> None:
    """Leave the tables as a log that grew for days has them; PostgreSQL would else tidy up while pages are timed."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)" if connection.vendor == "postgresql" else "ANALYZE")


@contextmanager
def without_indexes() -> Iterator[None]:
    """To make them afterwards takes a fraction of the time; nor is the service of each call looked up."""
    _each_index("remove_index")
    _on_postgresql("SET session_replication_role = replica; SET maintenance_work_mem = '1GB'")
    yield
    _each_index("add_index")
    _on_postgresql("RESET session_replication_role")


def _each_index(change: str) -> None:
    with connection.schema_editor(atomic=False) as editor:
        for index in Call._meta.indexes:
            getattr(editor, change)(Call, index)


def _on_postgresql(statement: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(statement)
