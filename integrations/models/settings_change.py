"""SettingsChange: what somebody changed at a Service at once, from and to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from integrations.models.service import Service


class Unset(Enum):
    """The value of an option that is left to its default, and of a secret that there is not."""

    UNSET = "unset"


UNSET = Unset.UNSET


@dataclass(frozen=True)
class Line:
    """One setting that was changed.

    Attributes:
        field: a column of the service, `options.<name>` or `secrets.<name>`.
        label: as the form called it then.
        before, after: as JSON holds them, whole; of a secret its fingerprint or reference.
    """

    field: str
    label: str
    before: Any
    after: Any

    def as_json(self) -> dict[str, Any]:
        """What is not set is not there."""
        found = {"field": self.field, "label": self.label, "from": self.before, "to": self.after}
        return {name: value for name, value in found.items() if value is not UNSET}


class SettingsChange(models.Model):
    """One entry of a service's history. Only `settings_history.py` writes it."""

    class How(models.TextChoices):
        ADMIN = "admin", "In the admin"
        COMMAND = "command", "On the command line"

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="settings_changes", db_index=False)
    at = models.DateTimeField("changed", default=timezone.now)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name="by"
    )
    how = models.CharField(max_length=10, choices=How)
    rolls_back = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="rollbacks")
    fields = models.JSONField(
        "settings", help_text="A list of {field, label, from, to}; what was not set is not there."
    )

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["service", "-id"], name="settingschange_of_service")]

    def __str__(self) -> str:
        return f"Change {self.pk} of {self.service}"

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_settingschange_change", args=[self.pk])

    @property
    def lines(self) -> list[Line]:
        """What it changed."""
        return [
            Line(each["field"], each["label"], each.get("from", UNSET), each.get("to", UNSET)) for each in self.fields
        ]

    @property
    def who(self) -> str:
        """A person, or what else."""
        if self.actor:
            return str(self.actor)
        return "the command line" if self.how == self.How.COMMAND else "somebody whose account is gone"
