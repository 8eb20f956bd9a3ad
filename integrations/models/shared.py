"""What processes share about a service: its clock of limits, its places, its token, its cached answers."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from integrations.models.service import Service


class LimitClock(models.Model):
    """When the next call is due by each limit; one narrow row a service, since it changes with every call."""

    service = models.OneToOneField(Service, on_delete=models.CASCADE, primary_key=True, related_name="limit_clock")
    due = models.JSONField(default=dict, help_text="By limit: seconds of the epoch.")

    def __str__(self) -> str:
        return f"Limits of {self.service}"


class CallSlot(models.Model):
    """A place for one call at a time; free once `until` has passed, so that a dead worker's comes back."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="call_slots", db_index=False)
    number = models.PositiveIntegerField()
    holder = models.UUIDField(null=True, default=None)
    until = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "number"], name="one_slot_per_number")]

    def __str__(self) -> str:
        return f"Place {self.number} of {self.service}"


class AccessToken(models.Model):
    """The token or session a service gave us, encrypted; used by all processes until it expires."""

    service = models.OneToOneField(Service, on_delete=models.CASCADE, primary_key=True, related_name="access_token")
    ciphertext = models.TextField(blank=True)
    ending = models.TextField(blank=True, help_text="A session that is to be ended, encrypted likewise.")
    obtained_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True, help_text="Of sessions, which end when nobody uses them.")
    holder = models.UUIDField(null=True, help_text="Who is getting a new one.")
    held_until = models.DateTimeField(default=timezone.now)
    failed_account = models.CharField(max_length=16, blank=True, help_text="A fingerprint of what was tried.")
    failure_code = models.CharField(max_length=20, blank=True)
    failure = models.TextField(blank=True)
    again_at = models.DateTimeField(null=True, help_text="Before, nobody tries the same account again.")

    def __str__(self) -> str:
        return f"Token of {self.service}"


class CachedAnswer(models.Model):
    """The last good answer to one question."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="cached_answers", db_index=False)
    key = models.CharField(max_length=64)
    operation = models.CharField(max_length=100)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=bytes)
    stored_at = models.DateTimeField(null=True)
    fresh_until = models.DateTimeField(null=True)
    usable_until = models.DateTimeField(default=timezone.now, db_index=True)
    hits = models.PositiveIntegerField(default=0)
    holder = models.UUIDField(null=True, help_text="Who is asking at the moment.")
    held_until = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "key"], name="one_answer_per_question")]

    def __str__(self) -> str:
        return f"{self.operation} of {self.service}"
