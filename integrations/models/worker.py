"""WorkerHeartbeat: proof that a queue worker has run something lately."""

from __future__ import annotations

from django.db import models


class WorkerHeartbeat(models.Model):
    """One row a queue. A task writes it; the supervisor restarts the workers when it grows old."""

    name = models.CharField(max_length=50, primary_key=True)
    beat_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True, help_text="When the supervisor last asked the queue for a beat.")
    supervisor = models.CharField(max_length=80, blank=True)
    started_at = models.DateTimeField(null=True)
    restarts = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name
