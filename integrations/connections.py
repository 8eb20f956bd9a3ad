"""A Service row -> a client that speaks to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from integrations import credentials, systems
from integrations.models import Service
from integrations.recorder import Cause, Recorder
from integrations.systems.base import Client, System
from integrations.transport.details import Hook
from integrations.transport.http import Settings, Transport

MIB = 1024 * 1024


@contextmanager
def client_for(service: Service, cause: Cause, *hooks: Hook, attempts: int | None = None) -> Iterator[Client]:
    """A client whose every attempt is recorded for this cause, then told to the other hooks.

    Args:
        attempts: instead of what the service says; a health probe tries once.
    """
    system = systems.get(service.system)
    settings = _settings(service, system)
    if attempts:
        settings = replace(settings, attempts=attempts)
    with Transport(settings, (Recorder(service, cause), *hooks)) as transport:
        yield system.client(transport, service.options)


def _settings(service: Service, system: System) -> Settings:
    secrets = {secret.name: credentials.reveal(service, secret.name) for secret in system.secrets}
    headers = dict(system.headers)
    if token := secrets.get(system.bearer_secret):
        headers["Authorization"] = f"Bearer {token}"
    return Settings(
        base_url=service.base_url,
        headers=headers,
        secrets=tuple(filter(None, secrets.values())),
        connect_timeout_s=service.connect_timeout_s,
        deadline_s=service.deadline_s,
        max_bytes=service.max_response_mib * MIB,
        attempts=service.max_attempts,
    )
