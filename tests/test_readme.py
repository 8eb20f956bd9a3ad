"""What the README says is so."""

from __future__ import annotations

import re

from django.conf import settings

README = (settings.BASE_DIR / "README.md").read_text()


def test_the_table_names_every_variable_and_no_other() -> None:
    table = re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE)
    explained = re.findall(r"^#?([A-Z_]+)=", (settings.BASE_DIR / ".env.example").read_text(), re.MULTILINE)
    assert sorted(table) == sorted(explained)


def test_every_target_of_make_that_it_names_is_there() -> None:
    named = set(re.findall(r"\bmake ([a-z][a-z-]+)\b", README))
    there = set(re.findall(r"^([a-z-]+):", (settings.BASE_DIR / "Makefile").read_text(), re.MULTILINE))
    assert {"run", "test", "lint", "lock", "test-slow"} <= named <= there


def test_every_file_it_points_to_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert len(links) >= 3
    assert [link for link in links if not (settings.BASE_DIR / link).exists()] == []
