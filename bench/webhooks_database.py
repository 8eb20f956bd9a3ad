"""The database of the benchmark of webhooks: `prepare` makes its tables and the service, `count` says what was kept."""

from __future__ import annotations

import json
import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - Django needs its settings first
from django.db import connection  # noqa: E402 - as above
from django_q.models import OrmQ  # noqa: E402 - as above
from webhooks_load import SECRET, SLUG  # noqa: E402 - as above
from webhooks_urls import Bare  # noqa: E402 - as above

from integrations import credentials  # noqa: E402 - as above
from integrations.models import Service, WebhookEvent  # noqa: E402 - as above


def prepare() -> None:
    """All tables, one service."""
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Bare)
    service = Service.objects.create(slug=SLUG, name="GitHub", system="github")
    credentials.store(service, "webhook_secret", SECRET)


def count() -> None:
    """Rows of either, and what came with them."""
    waiting = WebhookEvent.objects.filter(state=WebhookEvent.State.QUEUED, body_is=WebhookEvent.Body.JSON)
    print(
        json.dumps({"bare": Bare._default_manager.count(), "console": waiting.count(), "bells": OrmQ.objects.count()})
    )


if __name__ == "__main__":
    {"prepare": prepare, "count": count}[sys.argv[1]]()
