"""Filling in the form of a service as a browser does."""

from __future__ import annotations

from typing import Any

from django.test import Client

from integrations.models import Service


def filled(client: Client, service: Service, **changed: str) -> dict[str, Any]:
    """What a browser would send of the form as it is shown, with some fields typed over."""
    form = client.get(service.get_absolute_url()).context["adminform"].form
    shown = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in (shown | changed).items() if value not in {None, False}}


def save(client: Client, service: Service, **changed: str) -> Any:
    return client.post(service.get_absolute_url(), filled(client, service, **changed))


def errors(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200
    return dict(response.context["adminform"].form.errors)
