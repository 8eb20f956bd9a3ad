"""Call: one outbound attempt with its timings; CallBody: what was said, apart."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse

from integrations.models.health import HealthCheck
from integrations.models.service import Service
from integrations.models.sync import SyncRun
from integrations.models.webhook import WebhookEvent
from integrations.transport.details import outcome_choices


class Call(models.Model):
    """One attempt to say something to an external system. Only `recorder.py` writes it."""

    class Trigger(models.TextChoices):
        SYNC = "sync", "Sync"
        WEBHOOK = "webhook", "Webhook"
        CHECK = "check", "Health check"
        STAFF = "staff", "A person"
        COMMAND = "command", "The command line"

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="calls", db_index=False)
    operation = models.CharField(max_length=100)
    method = models.CharField(max_length=10)
    url = models.CharField("URL", max_length=2000, help_text="With every secret blanked.")
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status; empty where no answer came.")
    outcome = models.CharField(max_length=20, choices=outcome_choices)
    error = models.TextField(blank=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    chain = models.UUIDField(default=uuid.uuid4, help_text="The same for all attempts at one request.")
    started_at = models.DateTimeField("started")
    duration_ms = models.FloatField("duration (ms)", help_text="From the first byte sent to the last received.")
    first_byte_ms = models.FloatField("first byte (ms)", null=True)
    request_bytes = models.PositiveBigIntegerField(default=0)
    response_bytes = models.PositiveBigIntegerField(default=0)
    remote_id = models.CharField("request id at the remote", max_length=200, blank=True)
    trigger = models.CharField(max_length=10, choices=Trigger)
    run = models.ForeignKey(SyncRun, null=True, on_delete=models.SET_NULL, related_name="calls", db_index=False)
    event = models.ForeignKey(WebhookEvent, null=True, on_delete=models.SET_NULL, related_name="calls", db_index=False)
    check_row = models.ForeignKey(
        HealthCheck, null=True, on_delete=models.SET_NULL, related_name="calls", db_index=False
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    correlation_id = models.UUIDField()

    class Meta:
        ordering = ["-started_at", "-id"]
        # Each serves a list, a filter or a figure of stats.py; the partial ones stay small.
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="call_newest"),
            models.Index(fields=["service", "-started_at"], name="call_newest_of_service"),
            models.Index(fields=["correlation_id"], name="call_trail"),
            models.Index(fields=["run", "-id"], name="call_of_run", condition=models.Q(run__isnull=False)),
            models.Index(fields=["event"], name="call_of_event", condition=models.Q(event__isnull=False)),
            models.Index(fields=["check_row"], name="call_of_check", condition=models.Q(check_row__isnull=False)),
            models.Index(fields=["-started_at"], name="call_failed", condition=~models.Q(outcome="ok")),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.operation} {self.status or self.outcome}"

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_call_change", args=[self.pk])


class CallBody(models.Model):
    """Headers and bodies of one call, redacted and cut; kept as the service's policy says."""

    call = models.OneToOneField(Call, on_delete=models.CASCADE, primary_key=True, related_name="body")
    request_headers = models.JSONField(default=dict)
    request_body = models.TextField(blank=True)
    response_headers = models.JSONField(default=dict)
    response_body = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"Bodies of call {self.call_id}"
