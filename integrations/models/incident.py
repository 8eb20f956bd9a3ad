"""Incident: failures of one kind, grouped."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils import timezone

from integrations.models.service import Service


class Incident(models.Model):
    """Failures of the same kind of the same service, counted in one row from the first to the last."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        RESOLVED = "resolved", "Resolved"
        IGNORED = "ignored", "Ignored"

    class Kind(models.TextChoices):
        JOB = "job", "Task"
        HEALTH = "health", "Health check"
        SYNC = "sync", "Sync"
        WEBHOOK = "webhook", "Webhook"
        CREDENTIALS = "credentials", "Credentials"
        CIRCUIT = "circuit", "Circuit"

    GOING_ON = (State.OPEN, State.ACKNOWLEDGED)
    STANDING = (*GOING_ON, State.IGNORED)  # counts what fails; a resolved one is opened again first

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="incidents")
    kind = models.CharField(max_length=12, choices=Kind)
    operation = models.CharField(
        max_length=100, blank=True, help_text="What failed, where one service does many things."
    )
    code = models.CharField(max_length=60)
    message = models.TextField()
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    count = models.PositiveIntegerField("failures", default=1)
    reopened = models.PositiveIntegerField(
        "came back", default=0, help_text="How often it failed again after it was resolved."
    )
    first_at = models.DateTimeField("first seen", default=timezone.now)
    last_at = models.DateTimeField("last seen", default=timezone.now)
    resolved_at = models.DateTimeField("resolved", null=True, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=500, blank=True)
    mailed_at = models.DateTimeField("owner told", null=True, blank=True)
    mail_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-last_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "kind", "operation", "code"],
                condition=models.Q(state__in=("open", "acknowledged", "ignored")),
                name="one_standing_incident_per_kind",
            )
        ]
        indexes = [
            models.Index(fields=["state", "-last_at"], name="incident_by_state"),
            models.Index(fields=["service", "kind", "-id"], name="incident_of_service"),
        ]

    def __str__(self) -> str:
        return f"{self.service}: {self.get_kind_display()} {self.operation or ''} {self.code}".replace("  ", " ")

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_incident_change", args=[self.pk])
