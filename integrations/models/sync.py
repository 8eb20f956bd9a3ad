"""SyncRun: one run of one Stream; Change: what it did; RecordError: what it could not."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from integrations.models.job import Job
from integrations.models.stream import Stream


class SyncRun(Job):
    """A run with its state, its counts and the checkpoint it would go on from."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        PARKED = "parked", "Parked"
        SUCCEEDED = "succeeded", "Succeeded"
        PARTIAL = "partial", "Partly succeeded"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    class Mode(models.TextChoices):
        FULL = "full", "Everything"
        INCREMENTAL = "incremental", "What changed"

    class Trigger(models.TextChoices):
        STAFF = "staff", "A person"
        COMMAND = "command", "The command line"
        SCHEDULE = "schedule", "The schedule"
        RETRY = "retry", "A retry"

    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="runs")
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    mode = models.CharField(max_length=12, choices=Mode, default=Mode.FULL)
    trigger = models.CharField(max_length=10, choices=Trigger)
    retry_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="retries")
    checkpoint = models.JSONField(default=dict, blank=True)
    total = models.PositiveIntegerField(null=True, blank=True, help_text="How many items the source says there are.")
    pages = models.PositiveIntegerField(default=0)
    items = models.PositiveIntegerField("read", default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    deleted = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    lost = models.PositiveIntegerField(
        "resumed", default=0, help_text="How often a dead worker's run was taken up again."
    )
    failure_origin = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["stream"],
                condition=models.Q(state__in=("queued", "running", "parked")),
                name="one_active_run_per_stream",
            )
        ]
        indexes = [
            Job.lease_index("syncrun_active"),
            models.Index(fields=["-created_at"], name="syncrun_newest"),
        ]
        permissions = [("retry_syncrun", "Can retry a run")]

    def __str__(self) -> str:
        return f"Run {self.pk} of {self.stream}"

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_syncrun_change", args=[self.pk])

    @property
    def percent(self) -> int | None:
        """How much of the declared total has been read, 0 to 100; None where no total is known."""
        return min(100, self.items * 100 // self.total) if self.total else None


class Change(models.Model):
    """One row of ours that a run created or updated, with the fields that differ."""

    class Kind(models.TextChoices):
        CREATED = "created", "Created"
        UPDATED = "updated", "Updated"
        DELETED = "deleted", "Deleted"

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="changes")
    model = models.CharField(max_length=50)
    object_id = models.PositiveBigIntegerField(null=True)
    external_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=8, choices=Kind)
    diff = models.JSONField(default=dict, blank=True, help_text="Field: [before, after].")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["model", "object_id"], name="change_of_row")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.external_id}"


class RecordError(models.Model):
    """One item a run could not use, with what the source sent."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        RESOLVED = "resolved", "Resolved"
        SKIPPED = "skipped", "Skipped for ever"

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="errors")
    external_id = models.CharField(max_length=255, blank=True)
    field = models.CharField(max_length=100, blank=True)
    reason = models.TextField()
    raw = models.JSONField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.external_id or 'item without id'}: {self.reason}"
