"""Stream: something that can be synced from a Service, and where its sync stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from croniter import croniter
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils import timezone

from integrations.models.service import Service


def validate_cron(value: str) -> None:
    """Five fields, as cron has them."""
    if len(value.split()) != 5 or not croniter.is_valid(value):
        raise ValidationError("Write five cron fields, for example “0 * * * *” for every hour, or leave it empty.")


class Stream(models.Model):
    """One row for each stream a Service's System declares."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="streams")
    name = models.SlugField(max_length=50)
    enabled = models.BooleanField(default=True)
    schedule = models.CharField(
        max_length=100,
        blank=True,
        validators=[validate_cron],
        help_text="Five cron fields, for example “0 * * * *” for every hour. Empty: only when asked.",
    )
    next_run_at = models.DateTimeField("next run", null=True, blank=True, editable=False)
    last_success_at = models.DateTimeField("last good sync", null=True, blank=True, editable=False)

    class Meta:
        ordering = ["service__name", "name"]
        constraints = [models.UniqueConstraint(fields=["service", "name"], name="stream_once_per_service")]
        indexes = [
            models.Index(fields=["next_run_at"], name="stream_due", condition=models.Q(next_run_at__isnull=False))
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
        found: datetime = croniter(self.schedule, timezone.localtime(moment)).get_next(datetime)
        return found
