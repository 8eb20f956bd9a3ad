"""The abstract row that the queue works on."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class Job(models.Model):
    """Work to be done, with everything needed to do it once.

    The row is the truth and the queue only a bell: a worker claims the row (`leases.claim`), a row
    whose bell never rang or whose worker died is rung again (`due.start`).
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        PARKED = "parked", "Parked"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"

    FORGETS: ClassVar[Mapping[str, Any]] = {}  # columns that hold this once it has ended
    SWEPT: ClassVar[Mapping[str, Any]] = {}  # columns that hold this once its bell or its worker was lost
    WAITING: ClassVar[tuple[str, ...]] = ("queued", "parked")
    ACTIVE: ClassVar[tuple[str, ...]] = ("queued", "running", "parked")

    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    due_at = models.DateTimeField("due", default=timezone.now, help_text="Not started before this time.")
    enqueued_at = models.DateTimeField(null=True, blank=True, editable=False)
    claims = models.PositiveIntegerField(
        default=0, help_text="How often a worker has begun; counted before the work, so that deaths count too."
    )
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_token = models.PositiveIntegerField(
        default=0, help_text="Grows with each claim; a late writer with an older one changes nothing."
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    correlation_id = models.UUIDField(default=uuid.uuid4, db_index=True, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name="by"
    )
    created_at = models.DateTimeField("created", default=timezone.now, editable=False)
    started_at = models.DateTimeField("started", null=True, blank=True)
    finished_at = models.DateTimeField("finished", null=True, blank=True)
    failure_code = models.CharField(max_length=60, blank=True)
    failure_message = models.TextField(blank=True)

    class Meta:
        abstract = True

    @property
    def died(self) -> int:
        """How many workers died at it without any progress, the last one included."""
        return self.claims

    @staticmethod
    def lease_index(name: str) -> models.Index:
        """What the every-second look reads: the few rows that wait or run."""
        return models.Index(
            fields=["state", "due_at"], name=name, condition=models.Q(state__in=("queued", "running", "parked"))
        )
