"""Judges an upload by what a child found in it. What nobody can trust is never shown."""

from __future__ import annotations

import logging
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from integrations import fetching, leases, ops
from integrations.media import copies, derivatives, sealed, size
from integrations.media.findings import ACCEPTED, Findings, Refused
from integrations.models import MediaAttachment

logger = logging.getLogger(__name__)

State = MediaAttachment.State
GONE = "The file is no longer in the storage. Upload it again."
AWAY = "The storage cannot be reached ({}). The file is checked by itself at {:%H:%M} UTC."
HERE = "This file is already here as “{}”. Use that one; what was uploaded again is not kept."


def validate(lease: leases.Lease) -> None:
    """Judge the claimed upload; the pictures of what is accepted are a task of their own."""
    try:
        _judge(lease)
    except leases.LostLease:
        logger.warning("upload %s was taken over by another worker", lease.pk)


def _judge(lease: leases.Lease) -> None:
    media = MediaAttachment.objects.get(pk=lease.pk)
    try:
        if media.source_url and not media.file:
            fetching.fetch(media, lease)
        with copies.local(media) as copy:
            found = _found(copy)
    except FileNotFoundError:
        _end(lease, State.MISSING, "missing", GONE)
    except fetching.NotFetched as reason:
        _end(lease, State.REJECTED, "not_fetched", str(reason))
    except OSError as error:
        due_at = timezone.now() + derivatives.retry_after(media.claims)
        said = AWAY.format(error.strerror or type(error).__name__, due_at)
        lease.wait(State.PARKED, due_at, failure_code="storage", failure_message=said)
    else:
        _decide(lease, media, found, {"size": copy.size, "sha256": copy.sha256})


def _found(copy: copies.Copy) -> Findings:
    if not (reason := size.objection(copy.size)):
        return sealed.look(copy.stream)
    found = Findings()
    found.refuse(Refused("too_large", reason))
    return found


def _end(lease: leases.Lease, state: str, code: str, message: str, **values: Any) -> None:
    lease.finish(state, failure_code=code, failure_message=message, **values)


def _decide(lease: leases.Lease, media: MediaAttachment, found: Findings, content: dict[str, Any]) -> None:
    content |= {"content_type": found.content_type, "width": found.width, "height": found.height}
    content["checks"] = found.checks
    if found.verdict != ACCEPTED:
        # By the name that the states of the row have, too.
        _end(lease, State(found.verdict), found.code, found.said, **content)
    elif media.replaces_id:
        _take_its_place(lease, media, content)
    else:
        _accept(lease, media, content)


def _accept(lease: leases.Lease, media: MediaAttachment, content: dict[str, Any]) -> None:
    kept = {} if media.sha256 == content["sha256"] else {"made": [], "rules": 0}
    try:
        with transaction.atomic():
            _end(lease, State.VALID, "", "", duplicate_of=None, **content, **kept)
            ops.derive(MediaAttachment.objects.get(pk=media.pk), media.actor)
    except IntegrityError:
        _is_here(lease, media, content)


def _is_here(lease: leases.Lease, media: MediaAttachment, content: dict[str, Any]) -> None:
    """Its bytes are kept once. Those that came again have no row any more, so that the upkeep removes them."""
    same = MediaAttachment.objects.filter(state=State.VALID, sha256=content["sha256"]).exclude(pk=media.pk)
    first = same.first()
    said = HERE.format(first) if first else "This file was already here. Upload it again."
    _end(lease, State.REJECTED, "duplicate", said, duplicate_of=first, **{**content, "file": ""})


def _take_its_place(lease: leases.Lease, media: MediaAttachment, content: dict[str, Any]) -> None:
    """The row that everything leads to has the new file; the row that brought it has done its work."""
    replaced = media.replaces
    assert replaced is not None
    new = {**content, "file": media.file.name, "original_name": media.original_name, "state": State.VALID}
    new |= {"actor_id": media.actor_id, "failure_code": "", "failure_message": "", "made": [], "rules": 0}
    try:
        with transaction.atomic():
            lease.renew()
            # Whoever still checks the file that goes can write nothing more.
            row = MediaAttachment.objects.filter(pk=replaced.pk)
            row.update(lease_token=F("lease_token") + 1, lease_until=None, **new)
            media.delete()
            ops.derive(MediaAttachment.objects.get(pk=replaced.pk), media.actor)
    except IntegrityError:
        _is_here(lease, media, content)
