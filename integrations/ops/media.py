"""Verbs of files that are here: looked at again, shown or not, replaced, and their pictures made anew."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.files import File
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from integrations.models import Derivation, MediaAttachment
from integrations.ops.bells import Impossible, begin, by, ring
from integrations.ops.uploads import Brought, upload

State = MediaAttachment.State


def validate(media: MediaAttachment, actor: User | None = None) -> MediaAttachment:
    """Have a worker look at the file (again) and decide whether it may be shown.

    Raises:
        Impossible: nothing is kept of it.
    """
    if not media.file and not media.source_url:
        raise Impossible("Nothing is kept of this file, so it cannot be looked at again. Upload it again.")
    ended = MediaAttachment.objects.filter(pk=media.pk).exclude(state=State.RUNNING)
    with transaction.atomic():
        ended.update(state=State.QUEUED, due_at=timezone.now(), claims=0, actor=actor)
        ring(media)
    return media


def derive(media: MediaAttachment, actor: User | None = None) -> MediaAttachment:
    """Have a worker make the pictures of an accepted file, anew if need be. What is shown now is shown until then."""
    if media.state != State.VALID:
        raise Impossible("Only of an accepted file pictures are made.")
    if media.is_picture:
        try:
            with transaction.atomic():
                begin(Derivation(media=media, actor=actor))
        except IntegrityError:
            pass  # they are about to be made
    return media


def quarantine_media(media: MediaAttachment, reason: str, actor: User | None = None) -> MediaAttachment:
    """Show a file to nobody any more, whatever a worker thought of it.

    Raises:
        Impossible: it is not accepted.
    """
    said = f"Put into quarantine {by(actor)}: {reason}"
    if not _moved(media, State.VALID, State.QUARANTINED, failure_code="by_hand", failure_message=said):
        raise Impossible(f"Only an accepted file can be put into quarantine; this one is: {_now(media)}.")
    return media


def release_media(media: MediaAttachment, reason: str, actor: User | None = None) -> MediaAttachment:
    """Accept a file although a worker or somebody had put it into quarantine.

    Raises:
        Impossible: it is not in quarantine, nobody has looked into it, or its bytes are accepted already.
    """
    if not media.sha256 or not media.content_type:
        raise Impossible("No worker has looked into this file yet. Validate it again instead.")
    said = f"Released {by(actor)}: {reason}"
    try:
        with transaction.atomic():
            moved = _moved(media, State.QUARANTINED, State.VALID, failure_code="released", failure_message=said)
            if moved:
                media.refresh_from_db()
                derive(media, actor)
    except IntegrityError:
        raise Impossible("The same file is accepted already. Search for its SHA-256 to find it.") from None
    if not moved:
        raise Impossible(f"Only a file in quarantine can be released; this one is: {_now(media)}.")
    return media


def replace_media(media: MediaAttachment, file: File[Any], actor: User | None = None) -> MediaAttachment:
    """Have a worker look at another file, which takes the place of this one if it is accepted; the row that brings it.

    Raises:
        Impossible: it cannot be stored, or this one is a replacement itself.
    """
    if media.replaces_id:
        raise Impossible("This file is about to take the place of another one. Replace that one.")
    return upload(file, Brought(alt_text=media.alt_text, replaces=media), actor)


def _moved(media: MediaAttachment, before: str, after: str, **values: Any) -> bool:
    row = MediaAttachment.objects.filter(pk=media.pk, state=before)
    moved = row.update(state=after, lease_token=F("lease_token") + 1, finished_at=timezone.now(), **values)
    return bool(moved)


def _now(media: MediaAttachment) -> str:
    media.refresh_from_db(fields=["state"])
    return media.get_state_display()
