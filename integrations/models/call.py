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
from integrations.transport.codes import CODE_LABELS, Outcome, code_choices, outcome_choices

SLOW_MS = 1000  # from here on a call is slow enough to be looked for


class Call(models.Model):
    """One attempt to say something to an external system. Only `recorder.py` writes it."""

    class Trigger(models.TextChoices):
        SYNC = "sync", "Sync"
        WEBHOOK = "webhook", "Webhook"
        CHECK = "check", "Health check"
        STAFF = "staff", "A person"
        COMMAND = "command", "The command line"
        PAGE = "page", "A page"
        UPKEEP = "upkeep", "The console itself"
        TRIAL = "trial", "A trial of settings"

    class Cache(models.TextChoices):
        HIT = "hit", "From the cache"
        STALE = "stale", "From the cache, past its time"
        REVALIDATED = "revalidated", "Not modified"

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="calls", db_index=False)
    operation = models.CharField(max_length=100)
    method = models.CharField(max_length=10)
    url = models.CharField("URL", max_length=2000, help_text="With every secret blanked.")
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status; empty where no answer came.")
    outcome = models.CharField(max_length=10, choices=outcome_choices)
    code = models.CharField(max_length=20, choices=code_choices)
    error = models.TextField(blank=True)
    cache = models.CharField(max_length=12, blank=True, choices=Cache)
    attempt = models.PositiveSmallIntegerField(default=1)
    chain = models.UUIDField(default=uuid.uuid4, help_text="The same for all attempts at one request.")
    started_at = models.DateTimeField("started")
    duration_ms = models.FloatField("duration (ms)", help_text="From the beginning of the attempt to its end.")
    backoff_ms = models.FloatField("waited after the attempt before (ms)", null=True)
    queue_ms = models.FloatField("waited for a limit (ms)", null=True)
    dns_ms = models.FloatField("name lookup (ms)", null=True)
    connect_ms = models.FloatField("connecting (ms)", null=True)
    tls_ms = models.FloatField("TLS (ms)", null=True)
    first_byte_ms = models.FloatField("first byte (ms)", null=True)
    download_ms = models.FloatField("download (ms)", null=True)
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
        permissions = [("repeat_call", "Can make a call again"), ("export_call", "Can export calls")]
        # Each serves a list, a filter or a figure of stats.py; the partial ones stay small.
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="call_newest"),
            models.Index(fields=["service", "-started_at"], name="call_newest_of_service"),
            models.Index(fields=["correlation_id", "chain"], name="call_trail"),
            models.Index(fields=["run", "-id"], name="call_of_run", condition=models.Q(run__isnull=False)),
            models.Index(fields=["event"], name="call_of_event", condition=models.Q(event__isnull=False)),
            models.Index(fields=["check_row"], name="call_of_check", condition=models.Q(check_row__isnull=False)),
            models.Index(fields=["-started_at", "-id"], name="call_failed", condition=~models.Q(outcome="ok")),
            models.Index(
                fields=["outcome", "-started_at", "-id"], name="call_by_outcome", condition=~models.Q(outcome="ok")
            ),
            models.Index(fields=["code", "-started_at", "-id"], name="call_by_code", condition=~models.Q(outcome="ok")),
            # With what else is asked of slow calls: far slower ones, of one service. These are skipped without their rows.
            models.Index(
                fields=["-started_at", "-id", "duration_ms", "service"],
                name="call_slow",
                condition=models.Q(duration_ms__gte=SLOW_MS),
            ),
            models.Index(
                fields=["trigger", "-started_at", "-id"], name="call_by_trigger", condition=~models.Q(trigger="sync")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.operation} {self.status or self.code}"

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse("admin:integrations_call_change", args=[self.pk])

    def get_code_display(self) -> str:  # type: ignore[no-redef]  # Django lets it be replaced
        """As Django has it, which would ask for all labels anew for each call of a list."""
        return CODE_LABELS.get(self.code, self.code)

    @property
    def attempts(self) -> models.QuerySet[Call]:
        """All at the same request, the first one first; they have one cause. Index: call_trail."""
        same = Call.objects.filter(correlation_id=self.correlation_id, chain=self.chain)
        return same.order_by("started_at", "pk")

    @property
    def was_sent(self) -> bool:
        """Whether anything went to the remote."""
        return self.cache not in GIVEN and self.outcome != Outcome.NOT_SENT


GIVEN = (Call.Cache.HIT, Call.Cache.STALE)  # by the cache, and not by the remote
# Only what was sent tells of a service. Answers from the cache and calls kept back (circuit, odd address) are in neither
# its calls nor its errors nor its latency, neither its circuit nor its budget of retries.
FROM_CACHE = models.Q(cache__in=GIVEN)
NOT_SENT = models.Q(outcome=Outcome.NOT_SENT)
# Nor does what was sent with settings that are only tried.
TRIED = models.Q(trigger=Call.Trigger.TRIAL)
SENT = ~FROM_CACHE & ~NOT_SENT & ~TRIED


class CallBody(models.Model):
    """Headers and bodies of one call, redacted and cut; kept as the service's policy says.

    The hashes are of the whole bodies as they came, the sizes are the call's.
    """

    call = models.OneToOneField(Call, on_delete=models.CASCADE, primary_key=True, related_name="body")
    request_headers = models.JSONField(default=dict)
    request_body = models.TextField(blank=True)
    request_sha256 = models.CharField(max_length=64, blank=True)
    request_truncated = models.BooleanField(default=False)
    response_headers = models.JSONField(default=dict)
    response_body = models.TextField(blank=True)
    response_sha256 = models.CharField(max_length=64, blank=True)
    response_truncated = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"Bodies of call {self.call_id}"
