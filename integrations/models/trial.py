"""Trial: settings of a service that somebody tries before they are saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models

from integrations.models.job import Job
from integrations.models.service import Service


class Trial(Job):
    """What to try, and what came of it. Kept for a day, its secrets no longer than until it ends."""

    class Kind(models.TextChoices):
        CONNECTION = "connection", "Test connection"
        STREAM = "stream", "Try it"
        LOOKUP = "lookup", "Look up"

    FORGETS: ClassVar[Mapping[str, Any]] = {"sealed": ""}

    service = models.ForeignKey(
        Service,
        null=True,
        on_delete=models.CASCADE,
        related_name="trials",
        help_text="Empty while the service itself is not saved.",
    )
    kind = models.CharField(max_length=10, choices=Kind)
    subject = models.CharField(max_length=50, blank=True, help_text="Name of the stream, or of the option to look up.")
    settings = models.JSONField(help_text="Columns of a service with the values to be tried.")
    sealed = models.TextField(blank=True, help_text="Secrets that were typed, encrypted for this row alone.")
    fingerprint = models.CharField(max_length=16, help_text="Tells whether two trials are the same.")
    result = models.JSONField(default=dict, help_text="What came of it, without secrets.")

    class Meta:
        ordering = ["-pk"]
        default_permissions = ()
        permissions = [("test_service", "Can try settings of a service before they are saved")]
        indexes = [Job.lease_index("trial_active"), models.Index(fields=["created_at"], name="trial_age")]
        constraints = [
            models.UniqueConstraint(
                fields=["actor", "service"],
                condition=models.Q(state__in=Job.ACTIVE),
                name="one_active_trial_per_person",
            ),
            models.UniqueConstraint(  # to a database two services that are none are never the same
                fields=["actor"],
                condition=models.Q(state__in=Job.ACTIVE, service=None),
                name="one_active_trial_of_new_service",
            ),
        ]

    def rivals(self) -> models.QuerySet[Trial]:
        """What the same person is trying at the same service; none where nobody is named."""
        mine = Trial.objects.filter(actor__isnull=False, actor=self.actor, service=self.service_id)
        return mine.filter(state__in=self.ACTIVE)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"
