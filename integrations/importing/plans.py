"""What a file would do, row by row and in words."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from integrations.models import Service
from integrations.models.settings_change import Line
from integrations.settings_history import Told, in_lines


@dataclass(frozen=True)
class Step:
    """What becomes of one row.

    Attributes:
        number: of the row, below the heading.
        service: as it would be.
        lines: what would be set, from and to.
        objections: why nothing can be, in sentences.
    """

    number: int
    service: Service
    is_new: bool
    lines: Sequence[Line] = ()
    objections: Sequence[str] = ()

    @property
    def told(self) -> list[Told]:
        """The lines in words."""
        return in_lines(self.service.system, self.lines)

    @property
    def kind(self) -> str:
        """`refused`, `new`, `changed` or `unchanged`."""
        if self.objections:
            return "refused"
        if self.is_new:
            return "new"
        return "changed" if self.lines else "unchanged"


@dataclass(frozen=True)
class Plan:
    """What becomes of all rows."""

    steps: Sequence[Step]

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many rows there are of each kind."""
        return Counter(step.kind for step in self.steps)

    @property
    def verb(self) -> str:
        """What a button says that does it; empty where there is nothing to do, or something is refused."""
        words = (("new", "Create"), ("changed", "change"))
        found = [f"{word} {self.counts[kind]}" for kind, word in words if self.counts[kind]]
        total = self.counts["new"] + self.counts["changed"]
        said = f"{' and '.join(found)} service{'' if total == 1 else 's'}" if found else ""
        return "" if self.counts["refused"] else said[:1].upper() + said[1:]

    @property
    def said(self) -> str:
        """What was done, once it is."""
        done = (("new", "created"), ("changed", "changed"))
        found = " and ".join(f"{word}: {self.counts[kind]}" for kind, word in done if self.counts[kind])
        secrets = " Enter the secrets of new ones in their forms." if self.counts["new"] else ""
        return f"Services {found}.{secrets}"

    @property
    def fingerprint(self) -> str:
        """The same for two plans that would do the same."""
        told = [[step.kind, step.service.slug, [line.as_json() for line in step.lines]] for step in self.steps]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
