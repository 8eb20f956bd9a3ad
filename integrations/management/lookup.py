"""Finding rows by what people type."""

from __future__ import annotations

from datetime import datetime

from django.core.management.base import CommandError

from integrations import ranges
from integrations.models import Service, Stream, SyncRun


def service_of(slug: str) -> Service:
    """The service of that slug, or a sentence that names the ones there are."""
    try:
        return Service.objects.get(slug=slug)
    except Service.DoesNotExist:
        known = ", ".join(Service.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no service “{slug}”. There are: {known}.") from None


def stream_of(service: Service, name: str) -> Stream:
    """The stream of that name, or a sentence that names the ones the service has."""
    stream = service.streams.select_related("service").filter(name=name).first()
    if stream is None:
        known = ", ".join(service.streams.values_list("name", flat=True)) or "none"
        raise CommandError(f"{service} has no stream “{name}”. It has: {known}.")
    return stream


def run_of(number: int) -> SyncRun:
    """The run of that number, or a sentence that names the newest one."""
    run = SyncRun.objects.select_related("stream__service").filter(pk=number).first()
    if run is None:
        newest = SyncRun.objects.values_list("pk", flat=True).first()
        raise CommandError(f"There is no run {number}. " + (f"The newest is {newest}." if newest else "There is none."))
    return run


def moment_of(text: str, *, last: bool = False) -> datetime:
    """The moment somebody typed; of a day the first one, or the last."""
    try:
        return ranges.moment(text, last=last)
    except (ValueError, OverflowError):
        raise CommandError(f"“{text}” is no moment. Write 2026-01-31 or 2026-01-31T14:05.") from None
