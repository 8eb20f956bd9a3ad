"""The console of the benchmark of media: `prepare` its tables and somebody signed in, `bring` files, `wait`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402 - Django needs its settings first
from django.contrib.auth.models import User  # noqa: E402 - as above
from django.core.files import File  # noqa: E402 - as above
from django.core.management import call_command  # noqa: E402 - as above
from django.test import Client  # noqa: E402 - as above

from integrations import ops  # noqa: E402 - as above
from integrations.models import MediaAttachment  # noqa: E402 - as above


def prepare() -> None:
    """What `manage.py prepare` does but the first superuser; then the session of one."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    name = settings.SESSION_COOKIE_NAME
    print(json.dumps({name: client.cookies[name].value}))


def bring() -> None:
    """Upload the files, as a person would: rows, bells, and nothing done yet."""
    for name in sys.argv[2:]:
        with Path(name).open("rb") as stream:
            ops.upload(File(stream, name=Path(name).name), ops.Brought())


def wait() -> None:
    """Until all are judged; how many were not accepted."""
    rows = MediaAttachment.objects
    while rows.filter(state__in=MediaAttachment.ACTIVE).exists():
        time.sleep(0.2)
    print(rows.exclude(failure_message="").count())


if __name__ == "__main__":
    {"prepare": prepare, "bring": bring, "wait": wait}[sys.argv[1]]()
