"""SQL that Django does not bring for every database."""

from __future__ import annotations

import json
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Field, FloatField, Func, IntegerField, Lookup
from django.db.models.sql.compiler import SQLCompiler

from integrations.rollups.histogram import HIGHEST, PER_DOUBLING, TOP_BITS


class Epoch(Func):
    """Seconds since 1970 of a stamp."""

    function = "EXTRACT"
    template = "EXTRACT(EPOCH FROM %(expressions)s)::double precision"
    output_field = FloatField()

    def get_db_converters(self, _connection: BaseDatabaseWrapper) -> list[Any]:
        """Both databases answer with a number already, and thousands are asked for."""
        return []

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        """SQLite stores stamps as text, in UTC."""
        return super().as_sql(
            compiler, connection, template="CAST(strftime('%%%%s', %(expressions)s) AS REAL)", **extra
        )


class Microseconds(Func):
    """Whole microseconds of milliseconds; of nonsense the nearest that makes sense."""

    output_field = BigIntegerField()
    most = float(1 << TOP_BITS)
    template = f"FLOOR(LEAST(GREATEST(%(expressions)s, 0) * 1000, {most}))::bigint"

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        """CAST cuts off, which is the same for what is not negative."""
        return super().as_sql(
            compiler, connection, template=f"CAST(MIN(MAX(%(expressions)s, 0) * 1000, {self.most}) AS INTEGER)", **extra
        )


class Bucket(Func):
    """`histogram.bucket_of` for the database: exact, since scaling by a power of two rounds nothing."""

    output_field = IntegerField()

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *_: Any, **__: Any) -> tuple[str, Any]:
        """One branch for each doubling."""
        ms, parameters = compiler.compile(self.source_expressions[0])
        assert not parameters, "It is of a column, which stands in each branch."
        whole = "CAST({} AS INTEGER)" if connection.vendor == "sqlite" else "FLOOR({})::integer"
        branches = (
            f"WHEN {ms} < {(128 << doublings) / 1000!r} THEN {doublings * PER_DOUBLING} + "
            + whole.format(f"{ms} * {1000 / (1 << doublings)!r}")
            for doublings in range(TOP_BITS - 6)
        )
        return f"CASE WHEN {ms} <= 0 THEN 0 {' '.join(branches)} ELSE {HIGHEST} END", ()


@Field.register_lookup
class Among(Lookup):
    """`name__among=list`: as `in`, but the list is one value of the statement.

    With a place for each, a thousand ids take longer to be written into a statement than the database takes to find them.
    """

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        """SQLite takes lists as JSON alone."""
        left, values = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"{left} = ANY(%s)", [*values, list(self.rhs)]
        return f"{left} IN (SELECT value FROM json_each(%s))", [*values, json.dumps(list(self.rhs))]  # noqa: S608 - our own names
