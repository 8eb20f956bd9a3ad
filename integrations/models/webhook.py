"""WebhookEvent: one inbound delivery; Attempt: one try at processing it; Effect: what a handler did because of it."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from integrations.models.bulk import BulkOperation
from integrations.models.job import Job
from integrations.models.service import Service
from integrations.systems.deliveries import Holds


class Trigger(models.TextChoices):
    """What asked for an attempt."""

    INITIAL = "initial", "It came"
    AUTOMATIC = "automatic", "The attempt before failed"
    MANUAL = "manual", "A person"
    BULK = "bulk", "A bulk operation"
    SWEEP = "sweep", "Its worker or its bell was lost"


class WebhookEvent(Job):
    """A delivery that was believed and stored before it was acknowledged. The raw bytes are the truth."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Being processed"
        PARKED = "parked", "Next attempt later"
        HELD = "held", "Held back"
        SUCCEEDED = "succeeded", "Processed"
        IGNORED = "ignored", "Nobody handles it"
        DEAD = "dead", "Gave up"
        CANCELLED = "cancelled", "Cancelled"

    class HeldBecause(models.TextChoices):
        SUSPECT = "suspect", "suspected replay"
        PAUSED = "paused", "processing is paused"

    SWEPT: ClassVar[dict[str, Any]] = {"trigger": Trigger.SWEEP}
    PENDING: ClassVar[tuple[str, ...]] = ("queued", "parked", "held")  # what can be cancelled
    ENDED: ClassVar[tuple[str, ...]] = ("succeeded", "ignored", "dead", "cancelled")  # what can be replayed

    class Body(models.TextChoices):
        JSON = Holds.JSON.value, "JSON"
        ODD_JSON = Holds.ODD_JSON.value, "JSON that no JSON column can hold"
        OTHER = Holds.OTHER.value, "no JSON"

    # Ours, chosen before the insert: it tells after INSERT ... ON CONFLICT DO NOTHING whose row it is.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # As in every job, with an index of those alone that somebody asked for: `event_by_actor`.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name="by",
        db_index=False,
    )
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="events", db_index=False)
    delivery_id = models.CharField(max_length=255)
    event_type = models.CharField("type", max_length=100, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    received_at = models.DateTimeField("received", default=timezone.now)
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    body_hash = models.CharField(max_length=64, blank=True, editable=False, help_text="SHA-256, hexadecimal.")
    body_is = models.CharField("body is", max_length=10, choices=Body, default=Body.JSON)
    parsed = models.JSONField(null=True, blank=True, help_text="A parsed copy, where a JSON column can hold one.")
    duplicates = models.PositiveIntegerField(default=0, help_text="How often the same delivery came again.")
    last_duplicate_at = models.DateTimeField(null=True, blank=True)
    summary = models.CharField(max_length=500, blank=True, help_text="What processing it came to.")
    held_because = models.CharField(max_length=10, choices=HeldBecause, blank=True)
    trigger = models.CharField("next attempt because", max_length=10, choices=Trigger, default=Trigger.INITIAL)
    reason = models.CharField(max_length=300, blank=True, help_text="Why somebody asked for the next attempt.")
    replays = models.PositiveIntegerField(default=0, help_text="How often somebody had it processed once more.")
    deaths = models.PositiveSmallIntegerField(default=0, help_text="How many workers died at it.")
    bulk = models.ForeignKey(
        BulkOperation, null=True, blank=True, on_delete=models.SET_NULL, related_name="events", db_index=False
    )

    class Meta:
        ordering = ["-received_at"]
        constraints = [models.UniqueConstraint(fields=["service", "delivery_id"], name="delivery_once_per_service")]
        # Each but the partial ones costs every delivery that comes.
        indexes = [
            Job.lease_index("event_active"),  # what is due, and how much waits since when
            models.Index(fields=["service"], name="event_failing", condition=models.Q(state__in=("parked", "dead"))),
            models.Index(fields=["-received_at", "-id"], name="event_newest"),  # the list, the chart of a day
            models.Index(fields=["received_at"], name="event_held", condition=models.Q(state="held")),
            models.Index(fields=["bulk", "state"], name="event_by_bulk", condition=models.Q(bulk__isnull=False)),
            models.Index(fields=["actor"], name="event_by_actor", condition=models.Q(actor__isnull=False)),
            models.Index(fields=["service", "-received_at"], name="event_newest_of_service"),  # its list, retention
            models.Index(fields=["body_hash", "received_at"], name="event_same_body"),  # suspected replays
        ]
        permissions = [
            ("replay_webhookevent", "Can process, replay and cancel webhook events"),
            ("replay_all_webhookevent", "Can replay or cancel all webhook events that match"),
            ("export_webhookevent", "Can export webhook events"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type or 'delivery'} {self.delivery_id.partition(':')[2] or self.delivery_id}"

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_webhookevent_change", args=[self.pk])

    @property
    def died(self) -> int:
        """Failures of its handler are no deaths, and have a limit of their own."""
        return self.deaths + 1


class Attempt(models.Model):
    """One try at processing an event."""

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        PARKED = "parked", "Parked"
        SUCCEEDED = "succeeded", "Succeeded"
        IGNORED = "ignored", "Ignored"
        FAILED = "failed", "Failed"

    event = models.ForeignKey(WebhookEvent, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.RUNNING)
    started_at = models.DateTimeField("started", default=timezone.now)
    finished_at = models.DateTimeField("finished", null=True, blank=True)
    message = models.TextField(blank=True)
    trigger = models.CharField(max_length=10, choices=Trigger, default=Trigger.INITIAL)
    actor_name = models.CharField("asked for by", max_length=150, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["event", "number"], name="attempt_once_per_event")]

    def __str__(self) -> str:
        return f"Attempt {self.number}"

    @property
    def took_ms(self) -> float | None:
        """How long it took; None while it runs."""
        return (self.finished_at - self.started_at).total_seconds() * 1000 if self.finished_at else None


class Effect(models.Model):
    """That a handler has done its work for an event: written in the same transaction as that work.

    However often the queue delivers, workers die and attempts are repeated, one row stands for one handler and event,
    and the work is done once. A replay, which somebody asked for, does it once more and counts that here.
    """

    event = models.ForeignKey(WebhookEvent, on_delete=models.CASCADE, related_name="effects", db_index=False)
    handler = models.CharField(max_length=160)
    times = models.PositiveIntegerField(default=1, help_text="Once, and once more for each replay.")
    replay = models.PositiveIntegerField(default=0, help_text="The newest replay it was done for; 0: when it came.")
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["event", "handler"], name="effect_once_per_event_and_handler")]

    def __str__(self) -> str:
        return f"{self.handler} of {self.event_id}"
