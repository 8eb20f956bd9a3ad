"""MediaAttachment: an uploaded file, quarantined until a worker has decoded it."""

from __future__ import annotations

import uuid
from pathlib import PurePath

from django.db import models
from django.urls import reverse
from imagekit.models import ImageSpecField
from imagekit.processors import ResizeToFit, Transpose

from integrations.models.job import Job


def stored_name(_attachment: models.Model, _filename: str) -> str:
    """A name of ours; the uploader's is kept in a column and never reaches the disk."""
    name = uuid.uuid4().hex
    return str(PurePath("media", name[:2], name))


class MediaAttachment(Job):
    """Nobody is shown a file that has not been decoded whole."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for validation"
        RUNNING = "running", "Being validated"
        VALID = "valid", "Valid"
        QUARANTINED = "quarantined", "Quarantined"

    file = models.FileField(upload_to=stored_name, blank=True)
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
    alt_text = models.CharField("description", max_length=300, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    content_type = models.CharField("type", max_length=100, blank=True)
    size = models.PositiveBigIntegerField("size (bytes)", default=0)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)

    # Transpose first: the derived file carries no EXIF, so its orientation would be lost.
    thumbnail = ImageSpecField(
        source="file", processors=[Transpose(), ResizeToFit(320, 320)], format="WEBP", options={"quality": 80}
    )

    class Meta:
        ordering = ["-id"]
        indexes = [Job.lease_index("media_active")]
        permissions = [("validate_mediaattachment", "Can validate a media file again")]

    def __str__(self) -> str:
        return self.original_name or f"File {self.pk}"

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_mediaattachment_change", args=[self.pk])
