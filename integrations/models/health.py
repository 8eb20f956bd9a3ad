"""HealthCheck: one probe of a Service; Incident: failures of one kind, grouped."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils import timezone

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


class Incident(models.Model):
    """Failures of the same kind of the same service, counted in one row while they go on."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        RESOLVED = "resolved", "Resolved"
        IGNORED = "ignored", "Ignored"

    class Kind(models.TextChoices):
        HEALTH = "health", "Health check"
        SYNC = "sync", "Sync"
        WEBHOOK = "webhook", "Webhook"
        CREDENTIALS = "credentials", "Credentials"
        CIRCUIT = "circuit", "Circuit"

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="incidents")
    kind = models.CharField(max_length=12, choices=Kind)
    code = models.CharField(max_length=60)
    message = models.TextField()
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    count = models.PositiveIntegerField("failures", default=1)
    first_at = models.DateTimeField("first seen", default=timezone.now)
    last_at = models.DateTimeField("last seen", default=timezone.now)
    resolved_at = models.DateTimeField("resolved", null=True, blank=True)

    class Meta:
        ordering = ["-last_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "kind", "code"],
                condition=models.Q(state__in=("open", "acknowledged")),
                name="one_open_incident_per_kind",
            )
        ]
        indexes = [models.Index(fields=["state", "-last_at"], name="incident_by_state")]

    def __str__(self) -> str:
        return f"{self.service}: {self.get_kind_display()} {self.code}"

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_incident_change", args=[self.pk])
