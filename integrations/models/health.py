"""HealthCheck: one probe of a Service."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from integrations.models.job import Job
from integrations.models.service import Service


class HealthCheck(Job):
    """One probe and what it found."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        PARKED = "parked", "Parked"
        SUCCEEDED = "succeeded", "Healthy"
        FAILED = "failed", "Unhealthy"

    class Trigger(models.TextChoices):
        STAFF = "staff", "A person"
        COMMAND = "command", "The command line"
        SCHEDULE = "schedule", "The schedule"

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="checks")
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    trigger = models.CharField(max_length=10, choices=Trigger)
    response_time_ms = models.FloatField(null=True, blank=True)
    remark = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("export_healthcheck", "Can export checks")]
        constraints = [
            models.UniqueConstraint(
                fields=["service"],
                condition=models.Q(state__in=Job.ACTIVE),
                name="one_active_check_per_service",
            )
        ]
        indexes = [
            Job.lease_index("check_active"),
            models.Index(fields=["service", "-created_at"], name="check_newest_of_service"),
            models.Index(fields=["-created_at"], name="check_newest"),
        ]

    def __str__(self) -> str:
        return f"Check {self.pk} of {self.service}"

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_healthcheck_change", args=[self.pk])


class HealthDay(models.Model):
    """What the checks of one service found on one day; outlives the checks."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="health_days", db_index=False)
    day = models.DateField(help_text="In the console's time zone.")
    checks = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "day"], name="one_health_a_day")]

    def __str__(self) -> str:
        return f"{self.service} on {self.day}"
