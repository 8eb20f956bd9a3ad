"""WebhookEvent: one inbound delivery; Attempt: one try at processing it."""

from __future__ import annotations

import uuid

from django.db import models
from django.urls import reverse
from django.utils import timezone

from integrations.models.job import Job
from integrations.models.service import Service


class WebhookEvent(Job):
    """A delivery that was believed and stored before it was acknowledged. The raw bytes are the truth."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Being processed"
        PARKED = "parked", "Next attempt later"
        SUCCEEDED = "succeeded", "Processed"
        DEAD = "dead", "Gave up"

    # Ours, chosen before the insert: it tells after INSERT ... ON CONFLICT DO NOTHING whose row it is.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="events")
    delivery_id = models.CharField(max_length=255)
    event_type = models.CharField("type", max_length=100, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    received_at = models.DateTimeField("received", default=timezone.now)
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    duplicates = models.PositiveIntegerField(default=0, help_text="How often the same delivery came again.")
    last_duplicate_at = models.DateTimeField(null=True, blank=True)
    summary = models.CharField(max_length=500, blank=True, help_text="What processing it came to.")

    class Meta:
        ordering = ["-received_at"]
        constraints = [models.UniqueConstraint(fields=["service", "delivery_id"], name="delivery_once_per_service")]
        indexes = [
            Job.lease_index("event_active"),
            models.Index(fields=["service"], name="event_failing", condition=models.Q(state__in=("parked", "dead"))),
            models.Index(fields=["-received_at", "-id"], name="event_newest"),
            models.Index(fields=["service", "-received_at"], name="event_newest_of_service"),
        ]
        permissions = [("replay_webhookevent", "Can replay a webhook event")]

    def __str__(self) -> str:
        return f"{self.event_type or 'delivery'} {self.delivery_id.partition(':')[2] or self.delivery_id}"

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_webhookevent_change", args=[self.pk])


class Attempt(models.Model):
    """One try at processing an event."""

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        PARKED = "parked", "Parked"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"

    event = models.ForeignKey(WebhookEvent, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.RUNNING)
    started_at = models.DateTimeField("started", default=timezone.now)
    finished_at = models.DateTimeField("finished", null=True, blank=True)
    message = models.TextField(blank=True)
    actor_name = models.CharField("asked for by", max_length=150, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["event", "number"], name="attempt_once_per_event")]

    def __str__(self) -> str:
        return f"Attempt {self.number}"
