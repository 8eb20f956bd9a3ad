"""BulkOperation: one verb for all events that match a filter, or all refused deliveries, worked off slice by slice."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from integrations.models.job import Job


class BulkOperation(Job):
    """What was asked for, of which deliveries, and how far it is. The cursor is written together with what was done."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for its next slice"
        RUNNING = "running", "Running"
        PARKED = "parked", "Parked"
        SUCCEEDED = "succeeded", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    class Verb(models.TextChoices):
        REPLAY = "replay", "Replay"
        CANCEL = "cancel", "Cancel pending"
        VERIFY = "verify", "Verify refused again"

    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    verb = models.CharField(max_length=10, choices=Verb)
    filter = models.JSONField(default=dict, help_text="As `integrations/webhooks/selection.py` understands it.")
    reason = models.CharField(max_length=300)
    actor_name = models.CharField("asked for by", max_length=150)
    total = models.PositiveIntegerField("estimated", help_text="How many matched when it was asked for.")
    done = models.PositiveIntegerField(default=0)
    cursor_at = models.DateTimeField(null=True, help_text="When the last delivery was received that is done.")
    cursor_id = models.CharField(max_length=36, blank=True, help_text="And which one of that moment.")

    class Meta:
        ordering = ["-pk"]
        indexes = [Job.lease_index("bulk_active")]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} {self.pk}"

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_bulkoperation_change", args=[self.pk])

    @property
    def percent(self) -> int:
        """How much of the estimate is done, 0 to 100; 99 until it has come to its end."""
        if self.state == self.State.SUCCEEDED or not self.total:
            return 100
        return min(99, self.done * 100 // self.total)
