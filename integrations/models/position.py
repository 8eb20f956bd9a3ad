"""PositionChange: who moved the position of a stream by hand, and from where to where."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from integrations.models.stream import Stream


class PositionChange(models.Model):
    """What runs move themselves is none of it."""

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="position_changes")
    before = models.DateTimeField(null=True)
    after = models.DateTimeField(null=True, help_text="Empty: forgotten, so that the next run reads everything.")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.before or 'nothing'} → {self.after or 'forgotten'}"
