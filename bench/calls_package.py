"""django-log-outgoing-requests, set up as its documentation says, in the environment of the peer.

What it is given, and why it is the fastest that its documentation describes:
- its database handler alone on its logger, without the stream handler of the example and without
  propagation, so that it formats and prints nothing;
- LOG_OUTGOING_REQUESTS_DB_SAVE and LOG_OUTGOING_REQUESTS_DB_SAVE_BODY on, its own content types
  (application/json is among them) and its own largest body (512 KiB; nothing here comes near);
- its configuration row is read from the database for every call. That is how it works out of the box;
  caching it (SOLO_CACHE of django-solo) is not in its documentation, so it is measured apart: `--cached`.

Since Django reads this module as its settings, functions import what needs them.
"""
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import json
import os
import sys

SECRET_KEY = "bench"  # noqa: S105 - signs nothing
USE_TZ = True
DATABASES = {"default": json.loads(os.environ.get("BENCH_DATABASE", "{}"))}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "solo", "log_outgoing_requests"]
LOG_OUTGOING_REQUESTS_DB_SAVE = True
LOG_OUTGOING_REQUESTS_DB_SAVE_BODY = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {
        "save_outgoing_requests": {
            "level": "DEBUG",
            "class": "log_outgoing_requests.handlers.DatabaseOutgoingRequestsHandler",
        }
    },
    "loggers": {
        "log_outgoing_requests": {"handlers": ["save_outgoing_requests"], "level": "DEBUG", "propagate": False}
    },
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SOLO_CACHE = "default" if "--cached" in sys.argv else None


def main() -> None:
    """Make the tables, then serve."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "calls_package"
    django.setup()
    from calls_bare import asking
    from calls_worker import TOKEN, Kept, durability, serve
    from django.core.management import call_command
    from django.db import connection
    from django.db.models import Count
    from log_outgoing_requests.models import OutgoingRequestsLog

    def kept() -> Kept:
        rows = OutgoingRequestsLog.objects.all()
        bodies = rows.values_list("res_body").annotate(times=Count("pk")).order_by()
        return Kept(
            rows=rows.count(),
            bodies={bytes(body).decode(): times for body, times in bodies},
            durability=durability(connection),
            leaks=rows.filter(req_headers__contains=TOKEN).count(),
        )

    call_command("migrate", verbosity=0)
    serve(asking(), kept)


if __name__ == "__main__":
    main()
