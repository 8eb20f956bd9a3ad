"""What nobody can be cheaper than: one tiny row, committed with the console's settings; no call is made."""

from __future__ import annotations

import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
django.setup()

from calls_worker import serve  # noqa: E402 - Django needs its settings first
from django.db import connection  # noqa: E402 - as above


def _commit(_url: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench VALUES (1)")


if __name__ == "__main__":
    with connection.cursor() as opened:
        opened.execute("CREATE TABLE bench (number integer)")
    serve(_commit)
