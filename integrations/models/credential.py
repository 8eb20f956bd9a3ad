"""Credential: one secret of a Service, encrypted or by reference. The ORM never decrypts it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from integrations.models.service import Service


class Credential(models.Model):
    """Reading the row gives ciphertext; only `credentials.reveal` gives the secret."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="credentials")
    field = models.SlugField(max_length=50)
    ciphertext = models.TextField(blank=True)
    reference = models.CharField(
        max_length=500, blank=True, help_text="env:NAME or file:PATH instead of a stored value."
    )
    fingerprint = models.CharField(max_length=16, blank=True, help_text="Tells two values apart, gives neither away.")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["service", "field"],
                condition=models.Q(superseded_at__isnull=True),
                name="one_current_credential_per_field",
            )
        ]

    def __str__(self) -> str:
        return f"{self.service} · {self.field}"
