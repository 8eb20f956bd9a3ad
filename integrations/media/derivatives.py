"""The pictures we show of accepted ones: made by a worker's child, and never by a web process."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

from django.core.files import File
from django.urls import reverse
from django.utils import timezone
from imagekit.cachefiles import ImageCacheFile

from integrations import leases, ops
from integrations.media import copies, sealed
from integrations.media.findings import Refused
from integrations.media.specs import CONTENT_TYPES, RULES
from integrations.models import Derivation, MediaAttachment

logger = logging.getLogger(__name__)

State = MediaAttachment.State
FIELDS = ("thumbnail", "thumbnail_webp", "large", "large_webp")
NOT_STORED = "The storage did not take the pictures ({}). They are made again by themselves at {:%H:%M} UTC."


class GeneratedByWorker:
    """imagekit's strategy: pages only look; a worker makes the files once the upload is accepted."""

    def should_verify_existence(self, _file: ImageCacheFile) -> bool:
        """Nothing is looked for: the row says what was made."""
        return False


@dataclass(frozen=True)
class Shown:
    """A picture that was made, for pages."""

    name: str
    kind: str
    width: int
    height: int
    size: int
    url: str


def shown(media: MediaAttachment) -> Iterator[Shown]:
    """Every picture that was made of an accepted one."""
    if media.state == media.State.VALID:
        for each in media.made:
            name = PurePosixPath(each["file"]).name
            url = reverse("admin:integrations_mediaattachment_derivative", args=[media.pk, media.sha256, name])
            yield Shown(each["name"], each["kind"], each["width"], each["height"], each["size"], url)


def url(media: MediaAttachment, name: str, kind: str = "WEBP") -> str:
    """The address of one of them; empty until it is made."""
    return next((each.url for each in shown(media) if (each.name, each.kind) == (name, kind)), "")


def opened(media: MediaAttachment, file_name: str) -> tuple[File[bytes], str] | None:
    """The bytes and the type of one of them; None where there is none of that name."""
    for each in media.made if media.state == media.State.VALID else ():
        path = PurePosixPath(each["file"])
        if path.name == file_name:
            return media.file.storage.open(each["file"]), CONTENT_TYPES[path.suffix[1:]]
    return None


def run(lease: leases.Lease) -> None:
    """Make all pictures for the claimed row."""
    try:
        _run(lease)
    except leases.LostLease:
        logger.warning("the pictures of %s were taken over by another worker", lease.pk)


def _run(lease: leases.Lease) -> None:
    job = Derivation.objects.select_related("media").get(pk=lease.pk)
    failed = Derivation.State.FAILED
    try:
        made = _make(job.media, lease)
    except FileNotFoundError:
        lease.finish(failed, failure_code="missing", failure_message="The file is no longer in the storage.")
    except OSError as error:
        due_at = timezone.now() + retry_after(job.claims)
        said = NOT_STORED.format(error.strerror or type(error).__name__, due_at)
        lease.wait(Derivation.State.PARKED, due_at, failure_code="storage", failure_message=said)
    except Refused as reason:
        same = MediaAttachment.objects.filter(pk=job.media.pk, sha256=job.media.sha256)
        same.update(rules=RULES, failure_message=f"No pictures can be made of it. {reason}")
        lease.finish(failed, failure_code=reason.code, failure_message=str(reason))
    else:
        _keep(lease, job.media, made)


def _keep(lease: leases.Lease, media: MediaAttachment, made: list[dict[str, Any]]) -> None:
    """Only for the bytes they were made of: where the file was replaced meanwhile, they are made once more."""
    lease.renew()
    kept = MediaAttachment.objects.filter(pk=media.pk, sha256=media.sha256).update(made=made, rules=RULES)
    lease.finish(Derivation.State.SUCCEEDED, failure_code="", failure_message="")
    if not kept and (new := MediaAttachment.objects.filter(pk=media.pk, state=State.VALID).first()):
        ops.derive(new, new.actor)


def retry_after(claims: int) -> timedelta:
    """Longer each time, an hour at most."""
    return timedelta(minutes=min(2 ** max(claims - 1, 0), 60))


def _make(media: MediaAttachment, lease: leases.Lease) -> list[dict[str, Any]]:
    with copies.local(media) as copy:
        rendered = {(each.name, each.kind): each for each in sealed.render(copy.stream)}
    lease.renew()
    return [_kept(getattr(media, field), rendered) for field in FIELDS]


def _kept(file: ImageCacheFile, rendered: dict[tuple[str, str], sealed.Made]) -> dict[str, Any]:
    spec = file.generator
    made = rendered[spec.name, spec.format]
    spec.content = made.content
    file.storage.delete(file.name)  # a name that is taken would become another one
    file.generate(force=True)
    about = {"name": made.name, "kind": made.kind, "width": made.width, "height": made.height}
    return {**about, "size": len(made.content), "file": file.name}
