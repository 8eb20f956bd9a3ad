"""Credential: one secret of a Service, encrypted or by reference. The ORM never decrypts it."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from integrations import keyring, references
from integrations.models.service import Service

USE_IS_NOTED_EVERY = timedelta(minutes=1)


class CredentialUnavailable(Exception):
    """A secret cannot be read or stored; the text says which, why and what to do."""


class Credential(models.Model):
    """Reading the row gives ciphertext; only `reveal` gives the secret."""

    class Purpose(models.TextChoices):
        AUTHENTICATE = "authenticate", "to sign in"
        VERIFY = "verify", "to verify a delivery"
        REDACT = "redact", "to keep it out of the log"

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="credentials")
    field = models.SlugField(max_length=50)
    ciphertext = models.TextField(blank=True)
    reference = models.CharField(
        max_length=references.LONGEST, blank=True, help_text="env:NAME or file:PATH instead of a stored value."
    )
    fingerprint = models.CharField(max_length=16, blank=True, help_text="Tells two values apart, gives neither away.")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)
    last_used_for = models.CharField(max_length=12, choices=Purpose, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Until then a superseded one is valid too.")

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

    @property
    def context(self) -> keyring.Context:
        """The place its ciphertext is bound to."""
        return ("credential", self.service_id, self.field)

    def reveal(self, purpose: Purpose) -> str:
        """The secret. Its use is noted once a minute; redaction is none, for it says nothing of who still needs it.

        Raises:
            CredentialUnavailable: it cannot be decrypted or its reference leads nowhere.
        """
        secret = self._read()
        if purpose != self.Purpose.REDACT:
            self._note_use(purpose)
        return secret

    def objection(self) -> str:
        """Why it cannot be revealed, in a sentence; empty where it can. Looking is no use."""
        try:
            self._read()
        except CredentialUnavailable as reason:
            return str(reason)
        return ""

    def _read(self) -> str:
        named = f"The secret “{self.field}” of {self.service}"
        try:
            if self.reference:
                return references.follow(self.reference)
            return keyring.decrypt(self.context, self.ciphertext)
        except references.Broken as reason:
            raise CredentialUnavailable(f"{named} is to be read from {self.reference}. {reason}") from reason
        except keyring.Misplaced as reason:
            raise CredentialUnavailable(f"{named} {reason}. Enter it again.") from reason
        except keyring.Unreadable as reason:
            raise CredentialUnavailable(
                f"{named} {reason}. Put the key it was stored with back, or enter the secret again."
            ) from reason

    def _note_use(self, purpose: Purpose) -> None:
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > USE_IS_NOTED_EVERY:
            Credential.objects.filter(pk=self.pk).update(last_used_at=now, last_used_for=purpose)
