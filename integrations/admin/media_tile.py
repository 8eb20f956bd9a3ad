"""One file as the upload page and the grid show it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from integrations.admin.media_form import Refused
from integrations.media import derivatives
from integrations.models import MediaAttachment

LONGEST_KEY = 18  # digits that any database takes


@dataclass(frozen=True)
class Tile:
    """A file with the words and pictures for it.

    Attributes:
        thumbnail, large: addresses; empty where there is no picture to show.
        reason: why it is not accepted, and what to do.
    """

    name: str
    state: str
    label: str
    reason: str = ""
    row: MediaAttachment | None = None
    is_moving: bool = False
    is_attached: bool = False
    thumbnail: str = ""
    large: str = ""


def tile(of: MediaAttachment | Refused) -> Tile:
    """How it is now."""
    if isinstance(of, Refused):
        return Tile(of.name, "rejected", "Not taken", of.reason)
    return Tile(
        str(of),
        of.state,
        of.get_state_display(),
        of.failure_message,
        row=of,
        is_moving=of.state in MediaAttachment.ACTIVE or of.awaits_pictures,
        is_attached=bool(of.essay_id or of.land_id),
        thumbnail=derivatives.url(of, "thumbnail"),
        large=derivatives.url(of, "large"),
    )


def is_key(text: str) -> bool:
    """Whether an address may have meant a row by it."""
    return text.isdecimal() and len(text) <= LONGEST_KEY


def with_subjects(rows: QuerySet[MediaAttachment]) -> QuerySet[MediaAttachment]:
    """With what each is attached to, but for the long parts of that."""
    return rows.select_related("essay", "land").defer("essay__body", "land__data")
