"""A new System begins with one command, and what that wrote holds everything a System promises."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import PROJECT, manage

PARTS = (
    "console",
    "docs",
    "integrations",
    "templates",
    "tests",
    "manage.py",
    "pyproject.toml",
    ".env.example",
    "README.md",
)

NOT_SHARED = {"DATABASE_URL", "REDIS_URL"}  # with this very test


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project as it is, to be added to."""
    project = tmp_path / "project"
    project.mkdir()
    for part in PARTS:
        source = PROJECT / part
        if source.is_dir():
            shutil.copytree(source, project / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, project)
    return project


def run(project: Path, *command: str) -> None:
    ours = {name: value for name, value in os.environ.items() if name not in NOT_SHARED}
    types = project.parents[1] / "types"  # of this session: what one copy has found of Django's types the next knows
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project,
        env={
            **ours,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATA_DIR": str(project),
            "MYPY_CACHE_DIR": str(types),
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("slug", ["acme_crm", "zoo"])
def test_what_is_written_is_linted_typed_and_keeps_the_contract(copy: Path, slug: str) -> None:
    done = manage("newsystem", slug, "--label", "Somebody's system", project=copy)
    assert done.returncode == 0, done.stderr
    written = [f"integrations/systems/{slug}", f"tests/systems/test_{slug}.py"]
    run(copy, "ruff", "check", *written)
    run(copy, "ruff", "format", "--check", *written)
    run(copy, "mypy", *written)
    run(copy, "pytest", "-q", "tests/systems", "-k", slug)
    assert sum(len(path.read_text().splitlines()) for path in (copy / written[0]).glob("*.py")) < 120


@pytest.mark.parametrize(
    ("slug", "label", "sentence"),
    [
        ("Acme", "x", "“Acme” cannot be a folder's name. Take lower-case letters"),
        ("../x", "x", "cannot be a folder's name"),
        ("a" * 51, "x", "at most 50 in all"),
        ("acme", 'a "quoted" name', "without quotes"),
        ("cms", "x", "integrations/systems/cms is there already. Take another slug."),
        ("base", "x", "integrations/systems/base.py is there already."),
        ("contract", "x", "tests/systems/test_contract.py is there already."),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_the_mend(copy: Path, slug: str, label: str, sentence: str) -> None:
    done = manage("newsystem", slug, "--label", label, project=copy)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (copy / "integrations" / "systems" / "acme").exists()
