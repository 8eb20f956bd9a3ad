"""Sighting: which items a reading met."""

from __future__ import annotations

from django.db import models

from integrations.models.stream import Stream


class Sighting(models.Model):
    """The ids of the items of one batch, those that could not be used too; what no batch names is gone.

    Beside the rows and not in them: a mark in each would have every run that finds nothing changed write every row anew.
    """

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="+", db_index=False)
    reading = models.PositiveBigIntegerField(help_text="See SyncRun.reading.")
    ids = models.JSONField(help_text="Ids at the source.")

    class Meta:
        indexes = [models.Index(fields=["stream", "reading"], name="sighting_of_reading")]

    def __str__(self) -> str:
        return f"{len(self.ids):,} items of reading {self.reading}"
