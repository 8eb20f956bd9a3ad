"""The console itself: its own settings, a service that keeps every body, a client as production makes it."""

from __future__ import annotations

import os
import uuid
from contextlib import ExitStack
from functools import cache

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
django.setup()

from calls_worker import RESOURCE, TOKEN, Kept, durability, serve  # noqa: E402 - Django needs its settings first
from django.core.management import call_command  # noqa: E402 - as above
from django.db import connection  # noqa: E402 - as above
from django.db.models import Count, Q  # noqa: E402 - as above

from integrations import credentials  # noqa: E402 - as above
from integrations.connections import client_for  # noqa: E402 - as above
from integrations.models import Call, CallBody, Service  # noqa: E402 - as above
from integrations.recorder import Cause  # noqa: E402 - as above
from integrations.systems.base import Client  # noqa: E402 - as above

OPEN = ExitStack()


@cache
def _client(url: str) -> Client:
    """One client for all blocks, as a run of a stream has one for all its pages."""
    service = Service.objects.create(
        slug=f"bench-{uuid.uuid4().hex[:8]}",
        name=url,
        system="rest",  # asks for what its options say and nothing else, as the other candidates do
        base_url=url,
        options={"sign_in": "bearer", "resource_path": RESOURCE, "total_path": "meta.total_count"},
        body_policy=Service.BodyPolicy.ALL,
    )
    credentials.store(service, "token", TOKEN)
    return OPEN.enter_context(client_for(service, Cause(Call.Trigger.COMMAND, uuid.uuid4())))


def _ask(url: str) -> None:
    _client(url).check_health()


def _kept() -> Kept:
    bodies = CallBody.objects.values_list("response_body").annotate(times=Count("pk")).order_by()
    leaking = Q(request_headers__icontains=TOKEN) | Q(response_body__contains=TOKEN)
    return Kept(
        rows=Call.objects.count(),
        bodies=dict(bodies),
        durability=durability(connection),
        leaks=CallBody.objects.filter(leaking).count(),
    )


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    with OPEN:
        serve(_ask, _kept)
