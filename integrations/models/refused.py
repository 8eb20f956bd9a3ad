"""RefusedDelivery: one inbound delivery that was not believed, or could not be used."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils import timezone

from integrations.models.service import Service
from integrations.models.webhook import WebhookEvent
from integrations.systems.deliveries import Cause


class RefusedDelivery(models.Model):
    """Kept so that somebody can find out why, and have it processed once the cause is mended. See `webhooks/refusals.py`."""

    class Cause(models.TextChoices):
        NO_SECRET = Cause.NO_SECRET.value, "No secret is set"
        MISSING = Cause.MISSING.value, "A header is missing"
        MALFORMED = Cause.MALFORMED.value, "A header is malformed"
        OLD = Cause.OLD.value, "Signed too long ago"
        WRONG = Cause.WRONG.value, "The signature does not fit"
        ROUND_THE_PROXY = Cause.ROUND_THE_PROXY.value, "Came round the proxy"
        NO_JSON = Cause.NO_JSON.value, "The body is no JSON"
        TOO_LARGE = Cause.TOO_LARGE.value, "Too large"
        ENCODED = Cause.ENCODED.value, "The body is compressed"

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="refused_deliveries")
    cause = models.CharField(max_length=20, choices=Cause)
    reason = models.CharField(max_length=300)
    received_at = models.DateTimeField("received", default=timezone.now)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(help_text="Its beginning, where it is large.")
    body_hash = models.CharField(max_length=64, help_text="SHA-256 of the whole body, hexadecimal.")
    size = models.PositiveIntegerField(help_text="Of the whole body, in bytes.")
    kept = models.PositiveIntegerField(help_text="Of its beginning.")
    through_proxy = models.BooleanField(default=False)
    times = models.PositiveIntegerField(default=1, help_text="How often the same was refused.")
    accepted_at = models.DateTimeField("accepted", null=True, blank=True)
    accepted_by = models.CharField(max_length=150, blank=True)
    event = models.ForeignKey(WebhookEvent, null=True, blank=True, on_delete=models.SET_NULL, related_name="refusals")

    class Meta:
        ordering = ["-received_at", "-pk"]
        verbose_name_plural = "refused deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["service", "cause", "body_hash"],
                condition=models.Q(accepted_at__isnull=True),
                name="refused_once_per_body",
            )
        ]
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="refused_newest"),
            models.Index(fields=["service", "cause", "-received_at"], name="refused_newest_of_cause"),
        ]
        permissions = [("accept_refuseddelivery", "Can verify refused deliveries again and have them processed")]

    def __str__(self) -> str:
        return f"Refused delivery {self.pk}"

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_refuseddelivery_change", args=[self.pk])

    @property
    def is_whole(self) -> bool:
        """Whether all of its body is there."""
        return self.kept == self.size
