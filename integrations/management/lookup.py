"""Finding rows by what people type."""

from __future__ import annotations

from django.core.management.base import CommandError

from integrations.models import Service


def service_of(slug: str) -> Service:
    """The service of that slug, or a sentence that names the ones there are."""
    try:
        return Service.objects.get(slug=slug)
    except Service.DoesNotExist:
        known = ", ".join(Service.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no service “{slug}”. There are: {known}.") from None
