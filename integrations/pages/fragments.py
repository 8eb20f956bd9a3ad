"""The parts of a page that external systems know of: what is stored, and whether something newer may come."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import Error
from django.urls import reverse
from django.utils import timezone

from integrations import ops, systems
from integrations.models import Enrichment, Service
from integrations.pages.kinds import KINDS, Kind, Row

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fragment:
    """One part of a page as it is now.

    Attributes:
        url: GET looks, POST also has it asked for where that is due.
        value: the last good one; None where there is none.
        as_of: when that was true.
        state: “fresh”; “due” where it is to be asked for; “awaited” while an answer may come within the budget;
            “over” where that has passed or failed.
    """

    kind: Kind
    url: str
    value: dict[str, Any] | None
    as_of: datetime | None
    state: str

    @property
    def template(self) -> str:
        """What shows the value."""
        return f"pages/{self.kind.name}.html"


@dataclass(frozen=True)
class Missing:
    """A kind nobody can be asked about, because no service of its System is connected.

    Attributes:
        system: its name.
        url: where a manager connects one.
    """

    kind: Kind
    system: str
    url: str


def of_page(row: Row) -> tuple[list[Fragment], list[Missing]]:
    """All fragments of the row's page from our own tables, and what could be connected for more. Two queries."""
    kinds = [kind for kind in KINDS.values() if isinstance(row, kind.model) and kind.question(row)]
    connected = set(
        Service.objects.filter(enabled=True, system__in=[kind.system for kind in kinds]).values_list(
            "system", flat=True
        )
    )
    stored = {each.kind: each for each in row.enrichments.all()}
    found = [_first(kind, row, stored.get(kind.name)) for kind in kinds if kind.system in connected]
    return found, [_missing(kind) for kind in kinds if kind.system not in connected]


def look(kind: Kind, row: Row) -> Fragment:
    """The fragment while it is awaited, and what has become of it afterwards."""
    return _made(kind, row, row.enrichments.filter(kind=kind.name).first())


def ask(kind: Kind, row: Row, actor: User) -> Fragment:
    """Have it asked for, where that is due. A database that takes no new row leaves what is there."""
    try:
        return _made(kind, row, ops.refresh_enrichment(kind.name, row, kind.question(row), actor))
    except Error as error:
        logger.warning("%s of %s %s not asked for: %s", kind.name, type(row).__name__, row.pk, type(error).__name__)
    try:
        return look(kind, row)
    except Error:
        return _made(kind, row, None)


def _first(kind: Kind, row: Row, stored: Enrichment | None) -> Fragment:
    """On the page itself, whose browser has not asked yet."""
    made = _made(kind, row, stored)
    return made if made.state == "fresh" else Fragment(made.kind, made.url, made.value, made.as_of, "due")


def _made(kind: Kind, row: Row, stored: Enrichment | None) -> Fragment:
    url, now, question = reverse("fragment", args=[kind.name, row.pk]), timezone.now(), kind.question(row)
    if stored is None:
        return Fragment(kind, url, None, None, "over")
    fresh = "fresh" if stored.is_fresh(question, now) else ""
    state = fresh or ("awaited" if stored.is_awaited(now) else "over")
    value, as_of = (stored.value, stored.as_of) if stored.knows(question) else (None, None)
    return Fragment(kind, url, value, as_of, state)


def _missing(kind: Kind) -> Missing:
    url = reverse("admin:integrations_service_add", query={"system": kind.system})
    return Missing(kind, systems.get(kind.system).label, url)
