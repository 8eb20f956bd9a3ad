"""LatencyRollup: what the calls of a span of time came to and how long they took; RollupMark: how far that is done."""

from __future__ import annotations

from django.db import models

from integrations.models.service import Service


class LatencyRollup(models.Model):
    """The calls of one service, operation and class of outcome that were started within a minute, an hour, three or a day.

    Only `rollups/writing.py` writes it. Days and hours are those of UTC.
    """

    class Span(models.IntegerChoices):
        MINUTE = 60, "Minute"
        HOUR = 3600, "Hour"
        THREE_HOURS = 10_800, "Three hours"
        DAY = 86_400, "Day"

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="rollups", db_index=False)
    operation = models.CharField(max_length=100, blank=True, help_text="Empty: all operations of the service together.")
    outcome = models.CharField(max_length=10, help_text="Of the calls; those that the cache answered are apart.")
    span = models.PositiveIntegerField(choices=Span)
    start = models.DateTimeField()
    calls = models.PositiveBigIntegerField()
    retries = models.PositiveBigIntegerField(help_text="Calls that were not the first attempt.")
    total_us = models.PositiveBigIntegerField(help_text="Microseconds spent in all calls together.")
    max_ms = models.FloatField()
    buckets = models.BinaryField(help_text="How many calls took how long; see rollups/histogram.py.")
    # JSON, but as text: a page reads thousands of these, and parses the few that matter.
    codes = models.TextField(blank=True, help_text="How many calls failed in which way, where some did.")
    slowest = models.TextField(help_text="The slowest calls: pairs of milliseconds and key.")

    class Meta:
        constraints = [
            # Its index serves the figures of all services (operation empty), the one below those of one.
            models.UniqueConstraint(
                fields=["span", "operation", "start", "service", "outcome"], name="one_rollup_per_span"
            )
        ]
        indexes = [models.Index(fields=["service", "span", "start"], name="rollup_of_service")]

    def __str__(self) -> str:
        what = f"{self.operation} of {self.service}" if self.operation else str(self.service)
        return f"{self.calls:,} calls: {what}, {self.get_span_display().lower()} from {self.start:%Y-%m-%d %H:%M} UTC"


class RollupMark(models.Model):
    """How far the call log is rolled up; one row."""

    closed_until = models.DateTimeField(
        help_text="Calls started before are read from rollups, all later ones one by one."
    )
    through_id = models.BigIntegerField(default=0, help_text="No call up to this key can still be missed.")
    seen_id = models.BigIntegerField(default=0, help_text="The newest key there was at `seen_at`.")
    seen_at = models.DateTimeField(help_text="By then every call up to `seen_id` had its key, if not yet its row.")

    def __str__(self) -> str:
        return f"Rolled up until {self.closed_until:%Y-%m-%d %H:%M} UTC"
