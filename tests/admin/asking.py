"""Small words for asking pages: addresses of models, forms with their token, whole tables."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.urls import reverse

TOKEN = "t" * 32
SUBMITTED = {"_form_submitted": "on", "csrfmiddlewaretoken": TOKEN}
UNWATCHED = {"django_session", "cache"}  # signing in and Unfold's search write there; neither is a row of ours


def page(model: type[Model], kind: str, /, *args: object, **query: object) -> str:
    """The address of one of a model's pages: `changelist`, `change`, `sync_now` ..."""
    options = model._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_{kind}", args=args, query=query)


def strict(user: User | None) -> Client:
    """A browser whose forms need their token, as in production."""
    client = Client(enforce_csrf_checks=True)
    if user:
        client.force_login(user)
    client.cookies["csrftoken"] = TOKEN
    return client


def tables() -> dict[str, list[Any]]:
    """Every row of every table."""
    found = {}
    with connection.cursor() as cursor:
        for table in set(connection.introspection.table_names()) - UNWATCHED:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found[table] = sorted(map(repr, cursor.fetchall()))
    return found


def said(client: Client, address: str, **more: Any) -> str:
    """The page's text, unescaped as little as a browser would; it must answer 200."""
    response = client.get(address, **more)
    assert response.status_code in {200, 286}, (address, response.status_code)
    text: str = response.content.decode()
    return text


def messages_of(response: Any) -> list[str]:
    """What the next page would say at its top."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def hrefs(html: str) -> set[str]:
    """Addresses on this console that the page leads to."""
    found = (link.replace("&amp;", "&") for link in re.findall(r'href="([^"#]*)', html))
    return {link for link in found if not urlsplit(link).scheme and not link.startswith("/static/")}


def registered() -> list[type[Model]]:
    """Every model with pages."""
    return sorted(admin.site._registry, key=lambda model: model._meta.label)


def log_tables() -> set[str]:
    """Tables that grow with use and without bound."""
    happened = ("Call", "WebhookEvent", "HealthCheck", "SyncRun", "Change", "RecordError", "Incident", "SettingsChange")
    copied = ("Essay", "Property", "Record")
    return {apps.get_model("integrations", name)._meta.db_table for name in happened + copied} | {
        "django_q_task",
        "django_q_ormq",
    }
