"""Service: one configured connection to a System, and its hot state apart."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from integrations import systems


class Service(models.Model):
    """What staff configure. Nothing here changes by itself; what does is in `ServiceState`."""

    class BodyPolicy(models.TextChoices):
        NONE = "none", "Never"
        FAILURES = "failures", "Of calls that failed"
        ALL = "all", "Of every call"

    slug = models.SlugField(
        unique=True, help_text="Part of the webhook address and of commands. Do not change it lightly."
    )
    name = models.CharField(max_length=100)
    system = models.CharField(max_length=50, choices=systems.choices)
    enabled = models.BooleanField(
        default=True, help_text="A service that is off is not called, checked or listened to."
    )
    base_url = models.URLField("base URL", max_length=500, blank=True)
    options = models.JSONField(default=dict, blank=True)
    owner_email = models.EmailField("owner's e-mail", blank=True, help_text="Whom to ask when it fails.")
    runbook_url = models.URLField("runbook", blank=True, help_text="What to do when it fails.")
    notes = models.TextField(blank=True)

    connect_timeout_s = models.FloatField(
        "connect timeout (s)", default=5, validators=[MinValueValidator(0.1), MaxValueValidator(30)]
    )
    deadline_s = models.FloatField(
        "deadline of one attempt (s)",
        default=20,
        validators=[MinValueValidator(0.5), MaxValueValidator(30)],
        help_text="From first byte sent to last byte received, however slowly they come.",
    )
    max_attempts = models.PositiveSmallIntegerField(
        "attempts", default=3, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    max_response_mib = models.PositiveSmallIntegerField(
        "largest answer (MiB)", default=5, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    body_policy = models.CharField("keep bodies", max_length=10, choices=BodyPolicy, default=BodyPolicy.FAILURES)
    retention_days = models.PositiveSmallIntegerField(
        "keep calls for (days)", default=90, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )
    check_every_minutes = models.PositiveSmallIntegerField(
        "check health every (minutes)", default=5, validators=[MaxValueValidator(1440)], help_text="0: only when asked."
    )
    created_at = models.DateTimeField("created", auto_now_add=True)
    updated_at = models.DateTimeField("updated", auto_now=True)

    class Meta:
        ordering = ["name"]
        permissions = [
            ("check_service", "Can check the health of a service"),
            ("sync_service", "Can start a sync of a service"),
            ("export_service", "Can export services"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the rows that belong to every service: its state, and one per stream its System declares."""
        super().save(*args, **kwargs)
        from integrations.models.stream import Stream

        ServiceState.objects.bulk_create([ServiceState(service=self)], ignore_conflicts=True)
        declared = systems.get(self.system).streams
        Stream.objects.bulk_create([Stream(service=self, name=spec.name) for spec in declared], ignore_conflicts=True)

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_service_change", args=[self.pk])

    def clean(self) -> None:
        """A System must still be there, and needs an address of its own where it has no default."""
        if self.system and not self.base_url:
            self.base_url = systems.get(self.system).base_url
        if self.system and not self.base_url:
            raise ValidationError({"base_url": "Say where this service is, for example https://cms.example.org."})
        if "@" in self.base_url.partition("//")[2].partition("/")[0]:
            raise ValidationError({"base_url": "Leave user and password out of the address: it is shown to everybody."})


class ServiceState(models.Model):
    """What changes by itself: the last known health and when to look again."""

    class Health(models.TextChoices):
        UNKNOWN = "unknown", "Not checked yet"
        HEALTHY = "healthy", "Healthy"
        UNHEALTHY = "unhealthy", "Unhealthy"

    service = models.OneToOneField(Service, on_delete=models.CASCADE, primary_key=True, related_name="state")
    health = models.CharField(max_length=10, choices=Health, default=Health.UNKNOWN)
    health_since = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    response_time_ms = models.FloatField(null=True, blank=True)
    remark = models.TextField(blank=True)
    next_check_at = models.DateTimeField("next check", default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"{self.service}: {self.get_health_display()}"
