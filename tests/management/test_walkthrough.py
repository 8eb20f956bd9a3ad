"""The example of docs/adding-a-system.md is whole: it is written as the page says, and keeps the contract."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest

from tests.commands import PROJECT, manage
from tests.management.test_newsystem import copy, run

__all__ = ["copy"]

MOST_WRITTEN = 100
PAGE = (PROJECT / "docs" / "adding-a-system.md").read_text()
FILES = dict(re.findall(r"^`(\S+\.py)`\n\n```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))


def written(before: str, after: str) -> int:
    """How many lines a person has to write."""
    changes = difflib.ndiff(before.splitlines(), after.splitlines())
    return sum(line.startswith("+ ") and bool(line[2:].strip()) for line in changes)


@pytest.mark.slow
def test_the_example_is_linted_typed_keeps_the_contract_and_is_short(copy: Path) -> None:
    assert manage("newsystem", "gitea", "--label", "Gitea", project=copy).returncode == 0
    lines = 0
    for name, code in FILES.items():
        file = copy / name
        lines += written(file.read_text() if file.exists() else "", code)
        file.write_text(code)
    changed = ["integrations/systems/gitea", "tests/systems/test_gitea.py"]
    assert {str(path.relative_to(copy)) for path in (copy / changed[0]).glob("*.py")} == FILES.keys() - {changed[1]}
    run(copy, "ruff", "check", *changed)
    run(copy, "ruff", "format", "--check", *changed)
    run(copy, "mypy", *changed)
    run(copy, "pytest", "-q", "tests/systems", "-k", "gitea")
    assert lines < MOST_WRITTEN, f"{lines} lines"
