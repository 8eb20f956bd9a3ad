"""Service: one configured connection to a System, and its hot state apart."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from integrations import systems
from integrations.transport import pem

LARGEST_DELIVERY_MIB = 25


def limit_field(label: str) -> models.PositiveIntegerField[int | None, int | None]:
    """A limit of calls; empty means what the System says its vendor allows."""
    return models.PositiveIntegerField(label, null=True, blank=True, validators=[MinValueValidator(1)])


def days_field(label: str, default: int, what: str = "") -> models.PositiveSmallIntegerField[int, int]:
    """How long something is kept."""
    bounds = [MinValueValidator(1), MaxValueValidator(3650)]
    return models.PositiveSmallIntegerField(label, default=default, validators=bounds, help_text=what)


class Service(models.Model):
    """What staff configure. Nothing here changes by itself; what does is in `ServiceState`."""

    class BodyPolicy(models.TextChoices):
        NONE = "never", "Never"
        FAILURES = "failures", "Of calls that failed"
        ALL = "always", "Of every call"

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
        help_text="From the name lookup to the last byte received, however slowly they come.",
    )
    max_attempts = models.PositiveSmallIntegerField(
        "attempts", default=3, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    max_response_mib = models.PositiveSmallIntegerField(
        "largest answer (MiB)", default=5, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    body_policy = models.CharField("keep bodies", max_length=10, choices=BodyPolicy, default=BodyPolicy.FAILURES)
    bodies_until = models.DateTimeField(
        "keep all bodies until", null=True, blank=True, help_text="For a while, whatever “keep bodies” says."
    )
    per_second = limit_field("calls a second")
    per_minute = limit_field("calls a minute")
    per_hour = limit_field("calls an hour")
    per_day = limit_field("calls a day")
    concurrency = limit_field("calls at a time")
    ca_bundle = models.TextField(
        "certificate authority",
        blank=True,
        help_text="Certificates in PEM form to trust beside the usual ones, for a service with a certificate of your own.",
    )
    target_ms = models.PositiveIntegerField(
        "target of latency (ms)",
        default=500,
        validators=[MinValueValidator(1), MaxValueValidator(600_000)],
        help_text="Apdex: a call within it satisfies, one within four times as long is tolerated.",
    )
    retention_days = days_field("keep calls and checks for (days)", 90)
    keep_bodies_days = days_field("keep bodies for (days)", 30, "Never longer than their calls.")
    keep_events_days = days_field("keep webhook events for (days)", 90)
    keep_changes_days = days_field(
        "keep changes and runs for (days)", 365, "What runs changed in each row, plans, and runs that no row names."
    )
    keep_failures_days = days_field(
        "keep what failed for (days)",
        180,
        "Calls and their bodies, checks, runs, and events that were given up; where it is longer.",
    )
    legal_hold = models.BooleanField(
        "keep everything", default=False, help_text="Nothing of this service is removed while this is on (legal hold)."
    )
    check_every_minutes = models.PositiveSmallIntegerField(
        "check health every (minutes)", default=5, validators=[MaxValueValidator(1440)], help_text="0: only when asked."
    )
    events_paused_at = models.DateTimeField("processing paused", null=True, blank=True, editable=False)
    events_paused_by = models.CharField(max_length=150, blank=True, editable=False)
    deliveries_per_minute = models.PositiveIntegerField(
        "deliveries a minute",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="More are asked to come again later (429). Empty: no limit.",
    )
    max_delivery_mib = models.PositiveSmallIntegerField(
        "largest delivery (MiB)", default=1, validators=[MinValueValidator(1), MaxValueValidator(LARGEST_DELIVERY_MIB)]
    )
    allows_replays = models.BooleanField(
        "process suspected replays",
        default=False,
        help_text="Deliveries whose signed body came before under another id. Off: they are held back for somebody to decide.",
    )
    created_at = models.DateTimeField("created", auto_now_add=True)
    updated_at = models.DateTimeField("updated", auto_now=True)

    class Meta:
        ordering = ["name"]
        permissions = [
            ("check_service", "Can check the health of a service"),
            ("sync_service", "Can start a sync of a service"),
            ("export_service", "Can export services"),
            ("import_service", "Can import services"),
            ("switch_circuit", "Can close the circuit of a service or hold it open"),
            ("purge_cache", "Can throw away what was cached of a service"),
            ("pause_events_service", "Can pause and resume the processing of a service's webhook events"),
            ("rollback_service", "Can roll back a change of a service's settings"),
            ("send_sample_service", "Can send a test delivery to a service's own address"),
            ("unverified_service", "Can let a service believe deliveries that nothing verifies"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the rows that belong to every service: its state, and one per stream its System declares."""
        super().save(*args, **kwargs)
        from integrations.models.stream import Stream

        ServiceState.objects.bulk_create([ServiceState(service=self)], ignore_conflicts=True)
        declared = systems.get(self.system).streams
        streams = [Stream(service=self, name=spec.name, enabled=not spec.optional) for spec in declared]
        Stream.objects.bulk_create(streams, ignore_conflicts=True)

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_service_change", args=[self.pk])

    def clean(self) -> None:
        """A System must still be there, and needs an address of its own where it has no default."""
        if self.system and not self.base_url:
            self.base_url = systems.get(self.system).base_url
        if self.system and not self.base_url and systems.get(self.system).needs_base_url:
            raise ValidationError({"base_url": "Say where this service is, for example https://cms.example.org."})
        if "@" in self.base_url.partition("//")[2].partition("/")[0]:
            raise ValidationError({"base_url": "Leave user and password out of the address: it is shown to everybody."})
        if self.ca_bundle and (reason := pem.objection(self.ca_bundle)):
            raise ValidationError({"ca_bundle": reason})


class ServiceState(models.Model):
    """What changes by itself: the last known health, the circuit, and what the remote says is left."""

    class Circuit(models.TextChoices):
        CLOSED = "closed", "Closed"
        OPEN = "open", "Open"
        HALF_OPEN = "half_open", "Trying"
        HELD_OPEN = "held_open", "Held open"

    class Health(models.TextChoices):
        UNKNOWN = "unknown", "Not checked yet"
        HEALTHY = "healthy", "Healthy"
        UNHEALTHY = "unhealthy", "Unhealthy"

    service = models.OneToOneField(Service, on_delete=models.CASCADE, primary_key=True, related_name="state")
    health = models.CharField(max_length=10, choices=Health, default=Health.UNKNOWN)
    health_since = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    failed_checks = models.PositiveSmallIntegerField(default=0, help_text="In a row, up to now.")
    response_time_ms = models.FloatField(null=True, blank=True)
    remark = models.TextField(blank=True)
    checks_paused_at = models.DateTimeField(null=True, blank=True)
    checks_paused_by = models.CharField(max_length=150, blank=True)
    next_check_at = models.DateTimeField("next check", default=timezone.now, db_index=True)

    circuit = models.CharField(max_length=10, choices=Circuit, default=Circuit.CLOSED)
    circuit_since = models.DateTimeField(null=True, blank=True)
    circuit_probe_at = models.DateTimeField(null=True, blank=True, help_text="When one call is let through.")
    circuit_reason = models.CharField(max_length=200, blank=True)
    limited_until = models.DateTimeField(null=True, blank=True, help_text="Until when the remote asked us to wait.")
    quota_left = models.PositiveIntegerField(null=True, blank=True)
    quota_limit = models.PositiveIntegerField(null=True, blank=True)
    quota_reset_at = models.DateTimeField(null=True, blank=True)
    quota_seen_at = models.DateTimeField(null=True, blank=True)
    intake_minute = models.PositiveIntegerField(default=0, help_text="Of the epoch, in which deliveries are counted.")
    intake_count = models.PositiveIntegerField(default=0)
    turned_away = models.PositiveIntegerField(default=0, help_text="Deliveries beyond the limit a minute (429).")
    turned_away_since = models.DateTimeField(null=True, blank=True)
    turned_away_at = models.DateTimeField(null=True, blank=True, help_text="The last one.")
    unrecorded_calls = models.PositiveIntegerField(default=0, help_text="Told to the log alone: the database failed.")

    def __str__(self) -> str:
        return f"{self.service}: {self.get_health_display()}"
