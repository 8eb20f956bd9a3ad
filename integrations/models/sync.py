"""SyncRun: one run of one Stream; RunEvent: its story."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.urls import reverse
from django.utils.functional import cached_property

from integrations.models.job import Job
from integrations.models.stream import Stream


class SyncRun(Job):
    """A run with its state, its counts and the checkpoint it would go on from."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        PARKED = "parked", "Parked: goes on by itself"
        PAUSED = "paused", "Paused: resume the stream"
        HELD = "held", "Waiting for approval"
        SUCCEEDED = "succeeded", "Succeeded"
        WARNED = "warned", "Succeeded with warnings"
        PARTIAL = "partial", "Partial: some records failed"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    ACTIVE: ClassVar[tuple[str, ...]] = ("queued", "running", "parked", "paused")
    READ_TO_THE_END: ClassVar[tuple[str, ...]] = ("held", "succeeded", "warned", "partial")

    class Mode(models.TextChoices):
        FULL = "full", "Everything"
        INCREMENTAL = "incremental", "What changed"
        PREVIEW = "preview", "A preview: writes nothing"
        APPLY = "apply", "The plan of a preview"
        BACKFILL = "backfill", "A range of time"
        ITEMS = "items", "Chosen items"

    READS_EVERYTHING: ClassVar[tuple[str, ...]] = ("full", "preview")
    KEEPS_UP: ClassVar[tuple[str, ...]] = ("full", "incremental")  # its end says how fresh the copy is

    class Trigger(models.TextChoices):
        STAFF = "staff", "A person"
        COMMAND = "command", "The command line"
        SCHEDULE = "schedule", "The schedule"
        WEBHOOK = "webhook", "A delivery"
        RETRY = "retry", "A retry"

    class Origin(models.TextChoices):
        SOURCE = "source", "The source"
        CONFIGURATION = "configuration", "The configuration"
        MAPPING = "mapping", "The mapping"
        DATABASE = "database", "The database of the console"
        CONSOLE = "console", "The console"

    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="runs")
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    mode = models.CharField(max_length=12, choices=Mode, default=Mode.FULL)
    trigger = models.CharField(max_length=10, choices=Trigger)
    retry_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="retries")
    plan = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="applications",
        verbose_name="applies the plan of",
    )
    until = models.DateTimeField(
        "changes until", null=True, blank=True, help_text="What changed later is left aside: the end of a range."
    )
    checkpoint = models.JSONField(default=dict, blank=True)
    chosen = models.JSONField(
        "chosen items", default=list, blank=True, editable=False, help_text="Keys of the errors it was asked to retry."
    )
    pass_of = models.PositiveBigIntegerField(
        "goes on with run", null=True, editable=False, help_text="The run that began the reading this one goes on with."
    )
    pass_began_at = models.DateTimeField(null=True, editable=False, help_text="When that run began.")
    carried = models.PositiveIntegerField("read before", default=0, help_text="By the runs this one goes on with.")
    newest_change_at = models.DateTimeField(
        null=True, editable=False, help_text="The newest change at the source among what was read."
    )
    may_delete = models.PositiveIntegerField(
        "rows that may be marked as gone", null=True, blank=True, help_text="As who asked for the run allowed."
    )
    total = models.PositiveIntegerField(null=True, blank=True, help_text="How many items the source says there are.")
    worked_s = models.FloatField("time spent reading and writing (s)", default=0)
    pages = models.PositiveIntegerField(default=0)
    items = models.PositiveIntegerField("read", default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    deleted = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0, help_text="Rejected too, but staff said to skip them for ever.")
    withheld = models.PositiveIntegerField(
        "left standing", default=0, help_text="Rows that did not come any more and were not marked as gone."
    )
    aside = models.PositiveIntegerField("left aside", default=0, help_text="Read, but changed after the range.")
    undated = models.PositiveIntegerField("without a time of change", default=0)
    warnings = models.JSONField(default=list, blank=True, help_text="Sentences.")
    lost = models.PositiveIntegerField(
        "resumed", default=0, help_text="How often a dead worker's run was taken up again."
    )
    failure_origin = models.CharField("who must act", max_length=20, choices=Origin, blank=True)
    recoveries = models.PositiveIntegerField(default=0, help_text="Failures that progress was made before.")
    stalls = models.PositiveIntegerField(default=0, help_text="Failures in a row without any progress.")
    read_at = models.DateTimeField(
        "read to the end", null=True, editable=False, help_text="From then on only rows that are gone are left to do."
    )
    decided_by = models.CharField(max_length=150, blank=True, editable=False)
    decided_at = models.DateTimeField(null=True, editable=False)
    decision = models.TextField("reason", blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["stream"],
                condition=models.Q(state__in=("queued", "running", "parked", "paused")),
                name="one_active_run_per_stream",
            ),
            models.UniqueConstraint(
                fields=["plan"],
                condition=~models.Q(state__in=("failed", "cancelled")),
                name="a_plan_is_applied_once",
            ),
        ]
        indexes = [
            Job.lease_index("syncrun_active"),
            models.Index(fields=["-created_at"], name="syncrun_newest"),
            models.Index(fields=["due_at"], name="syncrun_held", condition=models.Q(state="held")),
        ]
        permissions = [
            ("retry_syncrun", "Can retry a run"),
            ("cancel_syncrun", "Can cancel a run"),
            ("decide_syncrun", "Can decide about rows that are gone"),
            ("apply_syncrun", "Can apply the plan of a preview"),
            ("export_syncrun", "Can export runs"),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk} of {self.stream}"

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_syncrun_change", args=[self.pk])

    @property
    def percent(self) -> int | None:
        """How much of the declared total has been read, 0 to 100; None where no total is known."""
        return min(100, (self.carried + self.items) * 100 // self.total) if self.total else None

    @property
    def since(self) -> datetime | None:
        """From when on it reads what changed; None where it reads everything."""
        moment = self.checkpoint.get("since")
        return datetime.fromisoformat(moment) if moment else None

    @property
    def reading(self) -> int:
        """The number of the reading it belongs to: its own, or that of the run it goes on with."""
        return self.pass_of or self.pk

    @property
    def reading_since(self) -> datetime | None:
        """When that reading began."""
        return self.pass_began_at or self.started_at

    @cached_property
    def has_unresolved(self) -> bool:
        """Whether the stream has items that could not be used. Asked once: no other run of it works meanwhile."""
        return self.stream.errors.exclude(state="resolved").exists()


class RunEvent(models.Model):
    """One moment in the story of a run: who asked, what stopped it, who decided."""

    class Kind(models.TextChoices):
        ASKED = "asked", "Asked for"
        STARTED = "started", "Started"
        PARKED = "parked", "Parked"
        RECOVERED = "recovered", "Tries again"
        LOST = "lost", "Worker died, resumed"
        PAUSED = "paused", "Paused"
        RESUMED = "resumed", "Resumed"
        HELD = "held", "Waiting for approval"
        DECIDED = "decided", "Decided"
        ENDED = "ended", "Ended"

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.note}" if self.note else self.get_kind_display()
