"""Change: what was done to a row, or would be; RecordError: an item that no run can use."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from integrations.models.stream import Stream
from integrations.models.sync import SyncRun


class Change(models.Model):
    """One row of ours that a run created, updated or marked as gone, or somebody restored, with the fields that differ."""

    class Kind(models.TextChoices):
        CREATED = "created", "Created"
        UPDATED = "updated", "Updated"
        DELETED = "deleted", "Gone"
        RESTORED = "restored", "Came back"
        REJECTED = "rejected", "Cannot be used"

    WOULD: ClassVar[dict[str, str]] = {
        "created": "Would be created",
        "updated": "Would be updated",
        "deleted": "Would be marked as gone",
        "restored": "Would come back",
        "rejected": "Would be rejected",
    }

    run = models.ForeignKey(
        SyncRun,
        null=True,
        on_delete=models.CASCADE,
        related_name="changes",
        help_text="Where somebody restored a row: the run that had marked it.",
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name="by"
    )
    created_at = models.DateTimeField("when", default=timezone.now)
    model = models.CharField(max_length=50)
    object_id = models.PositiveBigIntegerField(null=True)
    external_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=8, choices=Kind)
    diff = models.JSONField(default=dict, blank=True, help_text="Field: [before, after].")
    planned = models.BooleanField(default=False, help_text="By a preview: nothing has happened. It names no row.")
    fields = models.TextField(
        blank=True,
        editable=False,
        help_text="What would be written, as JSON text: a database's own JSON rounds numbers.",
    )
    before_hash = models.CharField(
        max_length=70, blank=True, editable=False, help_text="State of the row when it was planned; empty: no row."
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "external_id"],
                condition=models.Q(planned=True) & ~models.Q(external_id=""),
                name="one_planned_change_per_item",
            )
        ]
        indexes = [
            models.Index(fields=["model", "object_id"], name="change_of_row"),
            models.Index(fields=["run", "id"], name="change_planned", condition=models.Q(planned=True)),
        ]

    def __str__(self) -> str:
        return f"{self.in_words} {self.external_id}"

    @property
    def in_words(self) -> str:
        """What was done, or would be."""
        return self.WOULD[self.kind] if self.planned else str(self.get_kind_display())


class RecordError(models.Model):
    """One item that cannot be used, with what the source sent last: one row of the error inbox."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        RESOLVED = "resolved", "Resolved"
        SKIPPED = "skipped", "Skipped for ever"

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="errors")
    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="errors", verbose_name="last met by")
    external_id = models.CharField("id at the source", max_length=255, blank=True)
    key = models.CharField(
        max_length=64, editable=False, help_text="SHA-256 of the id; of what the source sent where there is none."
    )
    field = models.CharField(max_length=100, blank=True)
    reason = models.TextField()
    raw = models.JSONField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    met = models.PositiveIntegerField("times met", default=1)
    created_at = models.DateTimeField("first met", auto_now_add=True)
    met_at = models.DateTimeField("last met", default=timezone.now)
    decided_by = models.CharField(max_length=150, blank=True, editable=False)
    decided_at = models.DateTimeField(null=True, editable=False)
    decision = models.TextField("why", blank=True, editable=False)

    class Meta:
        ordering = ["-met_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["stream", "key"], name="one_error_per_item")]
        indexes = [
            models.Index(fields=["-met_at", "-id"], name="recorderror_newest"),
            models.Index(fields=["state", "-met_at", "-id"], name="recorderror_inbox"),
        ]
        verbose_name = "item in the error inbox"
        verbose_name_plural = "error inbox"
        permissions = [("decide_recorderror", "Can retry and skip records that failed")]

    def __str__(self) -> str:
        return f"{self.external_id or 'item without id'}: {self.reason}"

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_recorderror_change", args=[self.pk])
