"""The models and the migrations agree, whatever Systems there are."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.db.migrations import AddField, AddIndex, CreateModel, RunPython
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models import DO_NOTHING, BigAutoField, Field, ForeignKey, Index, IntegerField

from console.management.commands.makemigrations import folded
from tests.commands import PROJECT, manage

DECLARATION = '''"""A system that somebody added."""

from integrations.systems.base import Option, StreamSpec, System

SYSTEM = System(
    slug="extra",
    label="Something extra",
    docs_url="https://example.org/docs",
    options=(Option("path", "Path"),),
    streams=(StreamSpec("things", "Things", model="Record"),),
)
'''
CLIENT = '''"""Its client."""


class Client:
    """Speaks to it."""

    def __init__(self, transport, options):
        self.options = options

    def check_health(self):
        """Always well."""
        return ""
'''
STREAMS = '''"""Its streams."""


def things(client, position):
    """Nothing yet."""
    yield from ()
'''
CHOICES = """
from integrations.models import Service
print(dict(Service._meta.get_field("system").flatchoices).get("extra"))
print(Service(slug="x", name="X", system="extra", base_url="https://example.org").clean_fields())
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project's code, to be changed at will."""
    project = tmp_path / "project"
    for folder in ("console", "integrations", "templates"):
        if (PROJECT / folder).is_dir():
            shutil.copytree(PROJECT / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "manage.py", project)
    return project


@pytest.fixture
def extra(copy: Path) -> Path:
    """The folder of one more System."""
    folder = copy / "integrations" / "systems" / "extra"
    folder.mkdir()
    (folder / "__init__.py").write_text(DECLARATION)
    (folder / "client.py").write_text(CLIENT)
    (folder / "streams.py").write_text(STREAMS)
    return folder


@pytest.fixture
def place(tmp_path: Path) -> dict[str, str]:
    return {"DATA_DIR": str(tmp_path)}


def test_no_migration_is_missing(place: dict[str, str]) -> None:
    done = manage("makemigrations", "--check", "--dry-run", environment=place)
    assert done.returncode == 0, done.stdout


def test_the_tables_are_made_each_in_one_operation() -> None:
    """Django renders every related model anew before each: an index apart costs a fresh database 50 ms."""
    migration = MigrationLoader(None).get_migration("integrations", "0001_initial")
    apart = [operation for operation in migration.operations if not isinstance(operation, CreateModel)]
    assert len(apart) == 1  # essays name their cover, and files the essay they belong to
    assert isinstance(apart[0], AddField)


def _table(name: str, **fields: Field[Any, Any]) -> CreateModel:
    return CreateModel(name, [("id", BigAutoField(primary_key=True)), *fields.items()], {})


def _names(model: str) -> ForeignKey[Any, Any]:
    return ForeignKey(f"integrations.{model}", DO_NOTHING)


def test_what_belongs_to_a_new_table_is_folded_into_it_and_a_table_comes_after_those_it_names() -> None:
    index = Index(fields=["number"], name="by_number")
    late: list[Operation] = [AddField("Leaf", "branch", _names("branch")), AddIndex("Leaf", index)]
    leaf, branch = _table("Leaf", number=IntegerField()), _table("Branch")
    first, second = folded([leaf, branch, *late], "integrations")
    assert isinstance(second, CreateModel)
    assert first is branch
    assert (second.name, [name for name, _ in second.fields]) == ("Leaf", ["id", "number", "branch"])
    assert second.options == {"indexes": [index]}


@pytest.mark.parametrize(
    "operations",
    [
        pytest.param([_table("New"), AddField("Old", "new", _names("new"))], id="a table of before is changed too"),
        pytest.param([_table("New"), RunPython(RunPython.noop)], id="code runs too"),
        pytest.param(
            [_table("Hen"), _table("Egg", hen=_names("hen")), AddField("Hen", "egg", _names("egg"))],
            id="two tables name each other",
        ),
    ],
)
def test_a_migration_that_does_more_is_left_as_it_is(operations: list[Operation]) -> None:
    assert folded(operations, "integrations") == operations


def test_one_more_system_needs_no_migration(copy: Path, extra: Path, place: dict[str, str]) -> None:
    done = manage("makemigrations", "--check", "--dry-run", project=copy, environment=place)
    assert done.returncode == 0, done.stdout


def test_one_more_system_is_found_checked_and_offered(copy: Path, extra: Path, place: dict[str, str]) -> None:
    done = manage("check", project=copy, environment=place)
    assert done.returncode == 0, done.stderr
    done = manage("shell", "--verbosity", "0", "--command", CHOICES, project=copy, environment=place)
    assert done.stdout.splitlines() == ["Something extra", "None"], done.stderr


def test_a_system_without_what_it_declares_stops_the_start_with_a_sentence(
    copy: Path, extra: Path, place: dict[str, str]
) -> None:
    (extra / "client.py").unlink()
    (extra / "streams.py").unlink()
    done = manage("check", project=copy, environment=place)
    assert done.returncode != 0
    for missing in ("client.py has no Client", "streams.py has no things"):
        assert f"(integrations.E020) integrations/systems/extra/{missing}." in done.stderr
    assert done.stderr.count("HINT: Write it, or declare less.") == 2
    assert "Traceback" not in done.stderr
