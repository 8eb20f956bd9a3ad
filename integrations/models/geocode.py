"""GeocodeBatch: properties that somebody asked to be put on the map, and how far that is."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from integrations.models.job import Job
from integrations.models.service import Service


class GeocodeBatch(Job):
    """Works through properties by their keys; the cursor is written together with what was found."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        PARKED = "parked", "Parked"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="geocode_batches")
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    chosen = models.JSONField(null=True, help_text="Keys of the properties; empty: all without coordinates.")
    cursor = models.PositiveBigIntegerField(default=0, help_text="The last property that is done.")
    total = models.PositiveIntegerField("properties")
    found = models.PositiveIntegerField(default=0)
    not_found = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0, help_text="Could not be asked for, or changed meanwhile.")
    remark = models.TextField(blank=True, help_text="Why the last one of these failed.")

    class Meta:
        verbose_name = verbose_name_plural = "geocoding"
        ordering = ["-pk"]
        indexes = [Job.lease_index("geocode_active")]
        constraints = [
            models.UniqueConstraint(
                fields=["service"], condition=models.Q(state__in=Job.ACTIVE), name="one_active_batch_per_geocoder"
            )
        ]

    def __str__(self) -> str:
        return f"Geocoding {self.pk} by {self.service}"

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_geocodebatch_change", args=[self.pk])

    @property
    def done(self) -> int:
        """How many properties have been asked for."""
        return self.found + self.not_found + self.failed

    @property
    def percent(self) -> int:
        """How much of it is done, 0 to 100."""
        return min(100, self.done * 100 // self.total) if self.total else 100
