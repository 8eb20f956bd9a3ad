"""Reads the source of the console for the rules no linter knows."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "integrations"


def modules(*folders: Path) -> Iterator[Path]:
    """Every module of the folders; migrations are history and not source."""
    for folder in folders:
        yield from (path for path in sorted(folder.rglob("*.py")) if "migrations" not in path.parts)


def imports(source: str) -> set[str]:
    """Every dotted name a module imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def imports_of(source: str, forbidden: Iterable[str]) -> set[str]:
    """What it imports of these packages, or of anything inside them."""
    packages = tuple(forbidden)
    return {name for name in imports(source) if any(f"{name}.".startswith(f"{package}.") for package in packages)}


def names(source: str) -> set[str]:
    """Every name and attribute the module uses."""
    tree = list(ast.walk(ast.parse(source)))
    return {node.id for node in tree if isinstance(node, ast.Name)} | {
        node.attr for node in tree if isinstance(node, ast.Attribute)
    }


def calls(source: str) -> set[str]:
    """Every call, as it is written: `Call.objects.create`."""
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)}
