"""Stream: something that can be synced from a Service, and where its sync stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from integrations import schedules
from integrations.models.service import Service


class Stream(models.Model):
    """One row for each stream a Service's System declares."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="streams")
    name = models.SlugField(max_length=50)
    enabled = models.BooleanField(default=True)
    schedule = models.CharField(
        max_length=100,
        blank=True,
        validators=[schedules.validate],
        help_text="“every 15 minutes”, or five cron fields: “0 6 * * *” is every day at six. Empty: only when asked.",
    )
    next_run_at = models.DateTimeField("next run", null=True, blank=True, editable=False)
    last_success_at = models.DateTimeField("last good sync", null=True, blank=True, editable=False)
    full_every_hours = models.PositiveIntegerField(
        "read everything every (hours)",
        default=24,
        help_text="In between only what changed is read, where the source can tell. 0: every run reads everything.",
    )
    lag_seconds = models.PositiveIntegerField(
        "overlap (seconds)",
        default=300,
        validators=[MaxValueValidator(7 * 86400)],
        help_text="What changed that long before the newest known change is read again: "
        "clocks differ, and some sources show a change late.",
    )
    guard_percent = models.PositiveSmallIntegerField(
        "most rows gone at once (%)",
        default=10,
        validators=[MaxValueValidator(100)],
        help_text="If more of the rows of this stream are missing at the source, somebody must approve it first.",
    )
    guard_rows = models.PositiveIntegerField(
        "most rows gone at once", default=50, help_text="The same as a number of rows; whichever is reached first."
    )
    error_budget_percent = models.PositiveSmallIntegerField(
        "most records that may fail (%)",
        default=5,
        validators=[MaxValueValidator(100)],
        help_text="If more of what was read cannot be used, the run stops. Judged from 100 items on; 100: never.",
    )
    touched_at = models.DateTimeField(
        "asked for by a delivery", null=True, editable=False, help_text="Empty once a run has begun."
    )
    touched_trail = models.UUIDField(null=True, editable=False, help_text="Of the first delivery that asked.")
    paused_at = models.DateTimeField("paused", null=True, blank=True, editable=False)
    paused_by = models.CharField(max_length=150, blank=True, editable=False)
    watermark = models.DateTimeField(
        "newest known change", null=True, blank=True, editable=False, help_text="As the source tells the time."
    )
    last_full_at = models.DateTimeField("everything last read", null=True, blank=True, editable=False)
    forgotten_at = models.DateTimeField("position forgotten", null=True, blank=True, editable=False)

    class Meta:
        ordering = ["service__name", "name"]
        constraints = [models.UniqueConstraint(fields=["service", "name"], name="stream_once_per_service")]
        indexes = [
            models.Index(fields=["next_run_at"], name="stream_due", condition=models.Q(next_run_at__isnull=False)),
            models.Index(fields=["touched_at"], name="stream_touched", condition=models.Q(touched_at__isnull=False)),
        ]
        permissions = [
            ("sync_everything_stream", "Can sync everything"),
            ("forget_position_stream", "Can forget the position of a stream"),
            ("pause_stream", "Can pause and resume a stream"),
            ("set_position_stream", "Can set the position of a stream"),
            ("backfill_stream", "Can backfill a range of time"),
            ("export_stream", "Can export streams"),
        ]

    def __str__(self) -> str:
        return f"{self.service} · {self.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the time of the next run in step with the schedule."""
        self.next_run_at = self.next_after(timezone.now())
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_stream_change", args=[self.pk])

    def next_after(self, moment: datetime) -> datetime | None:
        """When the schedule next asks for a run, in the console's time zone; None without a schedule."""
        if not self.schedule or not self.enabled:
            return None
        return schedules.next_after(self.schedule, moment, self.key)

    @property
    def timetable(self) -> str:
        """Its schedule in words."""
        return schedules.in_words(self.schedule) if self.schedule else "only when asked"

    @property
    def key(self) -> str:
        """What decides by how much its schedule is put off."""
        return f"{self.service_id}/{self.name}"

    @property
    def is_late(self) -> bool:
        """Whether the schedule has asked twice since the last good sync."""
        due = self.next_after(self.last_success_at) if self.last_success_at else None
        second = self.next_after(due) if due else None
        return second is not None and second < timezone.now()
