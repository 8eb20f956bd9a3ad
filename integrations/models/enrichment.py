"""Enrichment: what a page of ours shows of an essay or a property and an external system knows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from integrations.models.job import Job
from integrations.models.synced import Essay, Property

BUDGET = timedelta(seconds=1.5)  # for so long a page waits for a newer value, and no longer
LOOK_EVERY = timedelta(milliseconds=250)


class Enrichment(Job):
    """The last good value of one kind for one row, and the refreshing of it.

    One row a kind and object for ever, asked again and again. `due_at` is when it may be asked next: when the value
    has had its time, or a while after a failure. Until then, and while a worker has it, nobody asks a second time.
    """

    class Kind(models.TextChoices):
        ANALYTICS = "analytics", "Page analytics"
        PREVIEW = "preview", "Link preview"
        ASSESSMENT = "assessment", "Assessment"
        PLACE = "place", "Coordinates"

    kind = models.CharField(max_length=12, choices=Kind)
    essay = models.ForeignKey(Essay, null=True, on_delete=models.CASCADE, related_name="enrichments", db_index=False)
    property = models.ForeignKey(
        Property, null=True, on_delete=models.CASCADE, related_name="enrichments", db_index=False
    )
    question = models.CharField(max_length=2100, help_text="What is asked about: an address, a parcel.")
    asked_at = models.DateTimeField("asked", default=timezone.now)
    value = models.JSONField(null=True, encoder=DjangoJSONEncoder, help_text="The last good one.")
    as_of = models.DateTimeField(null=True, help_text="When that was true.")

    class Meta:
        indexes = [Job.lease_index("enrichment_active")]
        constraints = [
            models.UniqueConstraint(fields=["essay", "kind"], name="one_enrichment_per_essay"),
            models.UniqueConstraint(fields=["property", "kind"], name="one_enrichment_per_property"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.essay or self.property}"

    def knows(self, question: str) -> bool:
        """Whether there is a value, and it answers this question."""
        return self.as_of is not None and self.question == question

    def may_be_asked(self, question: str, now: datetime) -> bool:
        """Whether nobody is asking, and it is time, or something else is to be asked."""
        return self.state not in self.ACTIVE and (self.due_at <= now or self.question != question)

    def is_fresh(self, question: str, now: datetime) -> bool:
        """Whether nobody need ask yet."""
        return self.knows(question) and self.state == self.State.SUCCEEDED and self.due_at > now

    def is_awaited(self, now: datetime) -> bool:
        """Whether a newer value may come, and the next look at it is still within the budget."""
        return self.state in self.ACTIVE and now + LOOK_EVERY < self.asked_at + BUDGET

    @classmethod
    def asked(cls, kind: str, row: Essay | Property, **values: Any) -> Enrichment:
        """A new one, not stored yet."""
        owner = {"essay": row} if isinstance(row, Essay) else {"property": row}
        return cls(kind=kind, **owner, **values)
