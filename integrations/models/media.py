"""MediaAttachment: an uploaded file, kept apart until a worker has looked into it; and the making of its pictures."""

from __future__ import annotations

import uuid
from pathlib import PurePath
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.urls import reverse
from imagekit.models import ImageSpecField

from integrations.media import kinds
from integrations.media.specs import RULES, Large, LargeWebP, Thumbnail, ThumbnailWebP
from integrations.models.job import Job


def stored_name(_attachment: models.Model, _filename: str) -> str:
    """A name of ours; the uploader's is kept in a column and never reaches the disk."""
    name = uuid.uuid4().hex
    return str(PurePath("media", name[:2], name))


class MediaAttachment(Job):
    """Nobody is shown a file that has not been decoded whole."""

    class State(models.TextChoices):
        QUEUED = "queued", "Received"
        RUNNING = "running", "Checking"
        PARKED = "parked", "Waiting for the storage"
        VALID = "valid", "Accepted"
        QUARANTINED = "quarantined", "Quarantined"
        REJECTED = "rejected", "Rejected"
        MISSING = "missing", "Missing"

    file = models.FileField(upload_to=stored_name, blank=True, db_index=True)
    source_url = models.URLField("address it was fetched from", max_length=2000, blank=True)
    essay = models.ForeignKey(
        "integrations.Essay", null=True, blank=True, on_delete=models.SET_NULL, related_name="attachments"
    )
    land = models.ForeignKey(
        "integrations.Property",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="attachments",
        verbose_name="property",
    )
    original_name = models.CharField("name", max_length=255, blank=True)
    title = models.CharField(max_length=200, blank=True)
    alt_text = models.CharField("description", max_length=300, blank=True)
    credit = models.CharField(max_length=200, blank=True, help_text="Who made it, as it is to be said beside it.")
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    content_type = models.CharField("type", max_length=100, blank=True)
    size = models.PositiveBigIntegerField("size (bytes)", default=0)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    checks = models.JSONField(default=list, editable=False, help_text="What was looked at, and how many ms it took.")
    duplicate_of = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="duplicates"
    )
    replaces = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="replacements"
    )
    made = models.JSONField(
        "pictures made of it",
        default=list,
        editable=False,
        encoder=DjangoJSONEncoder,
        help_text="See `media/specs.py`.",
    )
    rules = models.PositiveSmallIntegerField("rules they were made by", default=0, editable=False)

    thumbnail = ImageSpecField(source="file", spec=Thumbnail)
    thumbnail_webp = ImageSpecField(source="file", spec=ThumbnailWebP)
    large = ImageSpecField(source="file", spec=Large)
    large_webp = ImageSpecField(source="file", spec=LargeWebP)

    class Meta:
        ordering = ["-id"]
        indexes = [Job.lease_index("media_active")]
        constraints = [
            models.UniqueConstraint(
                fields=["sha256"], condition=models.Q(state="valid") & ~models.Q(sha256=""), name="accepted_once"
            )
        ]
        permissions = [
            ("validate_mediaattachment", "Can validate a media file again"),
            ("download_mediaattachment", "Can download media files as they were uploaded"),
            ("replace_mediaattachment", "Can replace a media file"),
            ("quarantine_mediaattachment", "Can put a media file into quarantine"),
            ("release_mediaattachment", "Can release a media file from quarantine"),
        ]

    def __str__(self) -> str:
        return self.title or self.original_name or f"File {self.pk}"

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_mediaattachment_change", args=[self.pk])

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """With all that a worker began with it until then: while the row is held none can begin."""
        with transaction.atomic():
            MediaAttachment.objects.select_for_update().filter(pk=self.pk).first()
            return super().delete(*args, **kwargs)

    @property
    def is_picture(self) -> bool:
        """Whether it can be shown as one."""
        kind = kinds.BY_TYPE.get(self.content_type)
        return kind is not None and kind.is_picture

    @property
    def is_shown(self) -> bool:
        """Whether it is accepted and its pictures are made."""
        return self.state == self.State.VALID and bool(self.made)

    @property
    def awaits_pictures(self) -> bool:
        """Whether it is accepted and its first pictures are still to be made."""
        return self.is_outdated and not self.made

    @property
    def is_outdated(self) -> bool:
        """Whether its pictures are still to be made, or were made by other rules."""
        return self.state == self.State.VALID and self.is_picture and self.rules != RULES


class Derivation(Job):
    """The making of all pictures of an accepted one, anew each time. What was made before is shown until then."""

    media = models.ForeignKey(MediaAttachment, on_delete=models.CASCADE, related_name="derivations")

    class Meta:
        ordering = ["-id"]
        indexes = [Job.lease_index("derivation_active")]
        constraints = [
            models.UniqueConstraint(
                fields=["media"], condition=models.Q(state__in=("queued", "running", "parked")), name="derived_once"
            )
        ]

    def __str__(self) -> str:
        return f"Pictures of {self.media}"

    def get_absolute_url(self) -> str:
        """That of the file."""
        return self.media.get_absolute_url()
