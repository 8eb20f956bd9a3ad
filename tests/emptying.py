"""What a test committed goes by emptying the tables that hold rows, not all there are.

Django's own flush truncates every table and has permissions, groups and the tick of the queue made again, which
takes ten times as long as most tests that commit.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Model
from django_q.models import Schedule

# What every migration leaves behind.
LEFT_BY_MIGRATION: tuple[type[Model], ...] = (ContentType, Permission, Group, Group.permissions.through, Schedule)


class Emptying:
    """Made before the first test, it knows how a database is that nobody has used; called, it makes it so again."""

    def __init__(self) -> None:
        self.left = {model: _rows(model) for model in LEFT_BY_MIGRATION}
        tables = set(connection.introspection.django_table_names(include_views=False))
        self.tables = sorted(tables - {model._meta.db_table for model in LEFT_BY_MIGRATION})
        assert not self._filled(), "migrations leave rows nobody here knows of: name their model above"

    def __call__(self) -> None:
        """In one transaction, at whose end the database checks foreign keys: the order of tables does not matter."""
        with transaction.atomic(), connection.cursor() as cursor:
            for table in self._filled():
                cursor.execute(f"DELETE FROM {table}")
            for model, rows in self.left.items():
                if _rows(model) != rows:
                    _replace(model, rows)

    def _filled(self) -> list[str]:
        """Quoted names of the tables that hold rows."""
        quoted = [connection.ops.quote_name(table) for table in self.tables]
        questions = (f"SELECT {at} WHERE EXISTS (SELECT 1 FROM {table})" for at, table in enumerate(quoted))
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(questions))
            return [quoted[at] for (at,) in cursor.fetchall()]


def _rows(model: type[Model]) -> list[tuple[Any, ...]]:
    return list(model._default_manager.order_by("pk").values_list())


def _replace(model: type[Model], rows: list[tuple[Any, ...]]) -> None:
    queryset = model._default_manager.all()
    queryset._raw_delete(queryset.db)  # without what refers to it, which stays or is restored next
    model._default_manager.bulk_create(model(*row) for row in rows)
    ContentType.objects.clear_cache()
