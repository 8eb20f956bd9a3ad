"""Export: rows of a list that somebody asked for as a file, and how far that is."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.urls import reverse

from integrations.models.job import Job

KEPT = timedelta(days=1)


class Export(Job):
    """The file lies in parts. Each is stored before the row says so, together with the place to go on from."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        PARKED = "parked", "Waiting for the storage"
        SUCCEEDED = "succeeded", "Ready"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    table = models.CharField(max_length=20, help_text="By its name in `integrations/exporting.py`.")
    form = models.CharField("format", max_length=4)
    query = models.TextField(blank=True, help_text="What the list was filtered by, as in its address.")
    actor_name = models.CharField("asked for by", max_length=150)
    total = models.PositiveBigIntegerField(null=True, help_text="Rows; empty where counting them takes too long.")
    done = models.PositiveBigIntegerField("rows", default=0)
    after = models.CharField(max_length=40, blank=True, help_text="Key of the last row that is in the file.")
    parts = models.JSONField(default=list, editable=False, help_text="Name in the storage and bytes of each.")
    is_kept = models.BooleanField(default=True, help_text="Whether there may still be files.")

    class Meta:
        ordering = ["-pk"]
        indexes = [Job.lease_index("export_active")]
        permissions = [("cancel_export", "Can cancel an export")]

    def __str__(self) -> str:
        return f"Export {self.pk} of {self.table}"

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_export_change", args=[self.pk])

    @property
    def folder(self) -> str:
        """Where its parts are, in the storage."""
        return f"exports/{self.pk}"

    @property
    def size(self) -> int:
        """Bytes of the file so far."""
        return sum(size for _, size in self.parts)

    @property
    def percent(self) -> int | None:
        """How much is done, 0 to 100; 99 until it has come to its end; None where nothing tells."""
        if self.state == self.State.SUCCEEDED:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else None

    @property
    def gone_at(self) -> datetime | None:
        """When its file is deleted; None as long as it is not whole."""
        return self.finished_at and self.finished_at + KEPT

    @property
    def is_ready(self) -> bool:
        """Whether it can be downloaded."""
        return self.state == self.State.SUCCEEDED and self.is_kept
