"""The Wagtail site behind ``wagtail_peer.py``: its settings and its two commands.

Runs inside the peer's own virtual environment. ``fill N`` migrates an empty
database and creates N pages; ``serve`` listens on loopback and prints one line
``ready <address>`` once the API has answered. What differs from run to run (the
database, the port, the API's page limit) comes in through the environment.
Since Django reads this module as its settings, functions import what needs them.
"""
# mypy: disable-error-code="import-not-found,import-untyped,misc"

from __future__ import annotations

import os
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TYPE_CHECKING, NoReturn
from urllib.request import ProxyHandler, build_opener

from django.apps import AppConfig

if TYPE_CHECKING:
    from django.core.servers.basehttp import WSGIServer

HOST = "127.0.0.1"
PORT = int(os.environ.get("WAGTAIL_PEER_PORT", "80"))
API = f"http://{HOST}:{PORT}/api/v2/pages/"
PORT_TAKEN = 2


class Articles(AppConfig):
    """Gives the page type its short name, ``articles.ArticlePage``, in the API."""

    name = "wagtail_site"
    label = "articles"
    default_auto_field = "django.db.models.BigAutoField"

    def import_models(self) -> None:
        super().import_models()
        import_module("wagtail_articles")

    def ready(self) -> None:
        import_module("wagtail_articles").route()


SECRET_KEY = token_hex()
DEBUG = False
ALLOWED_HOSTS = [HOST, "localhost"]
USE_TZ = True
TIME_ZONE = "UTC"
ROOT_URLCONF = "wagtail_articles"
# Served by nobody, but Wagtail does not import without it.
STATIC_URL = "/static/"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
INSTALLED_APPS = [
    "wagtail.api.v2",
    "wagtail.search",
    "wagtail",
    "modelcluster",
    "taggit",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "wagtail_site.Articles",
]
MIGRATION_MODULES = {"articles": "articles_migrations"}
# CommonMiddleware sets Content-Length, without which no connection is kept alive.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("WAGTAIL_PEER_DATABASE", ":memory:"),
    }
}
WAGTAIL_SITE_NAME = "Peer"
WAGTAILAPI_BASE_URL = f"http://{HOST}:{PORT}"
# A line per request would fill the pipe of a test that does not read it.
LOGGING = {"version": 1, "loggers": {"django.server": {"level": "ERROR"}}}

if "WAGTAIL_PEER_LIMIT_MAX" in os.environ:
    WAGTAILAPI_LIMIT_MAX = int(os.environ["WAGTAIL_PEER_LIMIT_MAX"])


def migrate() -> None:
    """Run Wagtail's migrations and one for the article, written on the spot.

    Kept as a file it would only repeat the model; Django wants one all the same,
    since a model without migrations cannot extend one that has them.
    """
    from django.core.management import call_command

    with TemporaryDirectory() as folder:
        package = Path(folder, MIGRATION_MODULES["articles"])
        package.mkdir()
        (package / "__init__.py").touch()
        sys.path.insert(0, folder)
        call_command("makemigrations", "articles", verbosity=0)
        call_command("migrate", verbosity=0)


def fill(pages: int) -> None:
    migrate()
    import_module("wagtail_articles").fill(pages)


def address_pages() -> None:
    """Make the pages' own addresses (``html_url``) name this host and port."""
    from django.db import connection
    from wagtail.models import Site

    Site.objects.update(hostname=HOST, port=PORT)
    connection.close()


def listen() -> WSGIServer:
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    # Django's backlog of ten makes a burst of connections wait a second each.
    server_class = type("Server", (ThreadedWSGIServer,), {"request_queue_size": 128})
    server: WSGIServer = server_class((HOST, PORT), WSGIRequestHandler)
    server.set_app(get_wsgi_application())
    return server


def announce() -> None:
    """Print the ready line once the API answers; a refusal ends the server."""
    try:
        build_opener(ProxyHandler({})).open(API, timeout=30).close()
    except OSError as error:
        print(f"The Wagtail peer does not answer: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    print(f"ready {API}", flush=True)


def stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def serve() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    address_pages()
    try:
        server = listen()
    except OSError as error:
        print(f"Cannot listen on {HOST}:{PORT}: {error.strerror}.", file=sys.stderr)
        raise SystemExit(PORT_TAKEN) from None
    threading.Thread(target=announce, daemon=True).start()
    server.serve_forever()


def main(arguments: list[str]) -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "wagtail_site"
    django.setup()
    if arguments[0] == "fill":
        fill(int(arguments[1]))
    else:
        serve()


if __name__ == "__main__":
    main(sys.argv[1:])
