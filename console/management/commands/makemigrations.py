"""Migrations that make each table in one operation, indexes and constraints with it.

Django adds them one by one, and renders every related model anew before each: most of what an empty database took.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import Any

from django.core.management.commands import makemigrations
from django.db.migrations import Migration
from django.db.migrations.operations import AddField, CreateModel
from django.db.migrations.operations.base import Operation


class Command(makemigrations.Command):
    """`manage.py makemigrations`, with shorter results."""

    def write_migration_files(self, changes: dict[str, list[Migration]], *rest: Any) -> None:
        """As ever, after putting what belongs to a new table into its creation."""
        for app_label, migrations in changes.items():
            for migration in migrations:
                made = folded(list(migration.operations), app_label)
                migration.operations = made  # type: ignore[misc]  # as the autodetector itself does
        super().write_migration_files(changes, *rest)


def folded(operations: list[Operation], app_label: str) -> list[Operation]:
    """The same in fewer: new tables and what closes a circle of them, or as it was where something else is touched."""
    try:
        return _folded(operations, app_label)
    except CycleError as cycle:
        late = next((each for each in operations if _closes(each, cycle.args[1])), None)
    if late is None:
        return operations
    held = [each for each in operations if each is late or _needs(each, late)]
    return [*folded([each for each in operations if each not in held], app_label), *held]


def _closes(operation: Operation, circle: list[str]) -> bool:
    """Whether it is a column of one of these tables that names another of them."""
    if not isinstance(operation, AddField) or operation.model_name_lower not in circle:
        return False
    named = getattr(operation.field.remote_field, "model", "")
    return str(named).rpartition(".")[2].lower() in circle


def _needs(operation: Operation, late: Operation) -> bool:
    """Whether it is an index or a constraint with that column."""
    made = getattr(operation, "index", None) or getattr(operation, "constraint", None)
    return isinstance(late, AddField) and late.name in getattr(made, "fields", ())


def _folded(operations: list[Operation], app_label: str) -> list[Operation]:
    creations = {operation.name_lower: operation for operation in operations if isinstance(operation, CreateModel)}
    for operation in operations:
        if isinstance(operation, CreateModel):
            continue
        creation = creations.get(getattr(operation, "model_name", "").lower())
        match creation and creation.reduce(operation, app_label):
            case [CreateModel() as whole]:
                creations[whole.name_lower] = whole
            case _:
                return operations
    return [creations[name] for name in _order(creations, app_label)]


def _order(creations: dict[str, CreateModel], app_label: str) -> list[str]:
    """Each table after those it names."""
    named = {
        name: [other for other in creations if other != name and creation.references_model(other, app_label)]
        for name, creation in creations.items()
    }
    return list(TopologicalSorter(named).static_order())
