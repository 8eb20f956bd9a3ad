"""The beginning of a System: a folder and its tests that pass as they are."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = ROOT / "integrations" / "management" / "newsystem"
LONGEST_SLUG = 50  # of Service.system


class Command(BaseCommand):
    """`manage.py newsystem <slug>`: write it, then change it until it is your system's."""

    help = "Write the folder of a new System, with a sandbox, and its tests."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Its name, for the code and for staff."""
        parser.add_argument("slug", help="lower-case letters, digits and underscores: the folder's name")
        parser.add_argument("--label", help="how staff call it; made from the slug if it is left out")

    def handle(self, *_: Any, slug: str, label: str | None, **__: Any) -> None:
        """Write five small files and say what comes next."""
        if not re.fullmatch(r"[a-z][a-z0-9_]*", slug) or len(slug) > LONGEST_SLUG:
            raise CommandError(
                f"“{slug}” cannot be a folder's name. Take lower-case letters, digits and underscores, "
                f"a letter first, at most {LONGEST_SLUG} in all."
            )
        label = label or slug.replace("_", " ").capitalize()
        if not re.fullmatch(r"[^\"\\$\r\n]{1,100}", label):
            raise CommandError("A label is one line of at most 100 characters, without quotes, backslashes and “$”.")
        folder, test = ROOT / "integrations" / "systems" / slug, ROOT / "tests" / "systems" / f"test_{slug}.py"
        if taken := next((path for path in (folder, folder.with_suffix(".py"), test) if path.exists()), None):
            raise CommandError(f"{taken.relative_to(ROOT)} is there already. Take another slug.")
        self._write(folder, test, {"slug": slug, "label": label, "imports": _imports(slug)})
        self.stdout.write(
            f"Written: integrations/systems/{slug}/ and tests/systems/test_{slug}.py.\n"
            f"Try it: make test ARGS='tests/systems -k {slug}'. Then docs/adding-a-system.md says what to change."
        )

    def _write(self, folder: Path, test: Path, values: dict[str, str]) -> None:
        folder.mkdir()
        for template in sorted(TEMPLATES.glob("*.tpl")):
            target = test if template.stem == "test.py" else folder / template.stem
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(Template(template.read_text()).substitute(values))


def _imports(slug: str) -> str:
    """Of `streams.py`; where its own client stands among them depends on the slug."""
    return "\n".join(
        sorted(
            (
                "from integrations.systems.base import Item, Page, Position",
                "from integrations.systems.stamps import parse_stamp",
                f"from integrations.systems.{slug}.client import Client",
            )
        )
    )
