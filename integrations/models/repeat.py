"""CallRepeat: a recorded call that somebody asked to be made again."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from integrations.models.call import Call
from integrations.models.job import Job


class CallRepeat(Job):
    """Made by a worker. Only calls that change nothing at the remote are repeated."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="repeats")

    class Meta:
        ordering = ["-pk"]
        indexes = [Job.lease_index("repeat_active")]
        constraints = [
            models.UniqueConstraint(
                fields=["call"], condition=models.Q(state__in=Job.ACTIVE), name="one_active_repeat_per_call"
            )
        ]

    def __str__(self) -> str:
        return f"Repeat of {self.call}"

    def get_absolute_url(self) -> str:
        """The page of the call."""
        return reverse("admin:integrations_call_change", args=[self.call_id])
