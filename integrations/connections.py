"""A Service row -> a client that speaks to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain

from django.conf import settings
from django.utils import timezone

from integrations import credentials, systems
from integrations.answers import ServiceAnswers
from integrations.gates import ServiceGate, StrangersGate, limits_of
from integrations.models import Credential, Service
from integrations.recorder import Cause, Recorder
from integrations.systems.auth import kind_of
from integrations.systems.base import CLIENT_CERTIFICATE, Client, System
from integrations.systems.given import given_to
from integrations.tokens import ServiceTokens
from integrations.transport.auth import Auth, TokenAuth
from integrations.transport.details import Hook
from integrations.transport.guard import Guard
from integrations.transport.http import Transport
from integrations.transport.settings import Keep, Settings
from integrations.transport.sign_in import SignIn

MIB = 1024 * 1024
Purpose = Credential.Purpose
Secrets = Mapping[str, Sequence[str]]  # by field, the newest first


@contextmanager
def client_for(service: Service, cause: Cause, *hooks: Hook, attempts: int | None = None) -> Iterator[Client]:
    """A client whose every attempt is recorded for this cause, then told to the other hooks.

    Args:
        attempts: instead of what the service says; a health probe tries once.
    """
    with transport_for(service, cause, *hooks, attempts=attempts) as transport:
        yield systems.get(service.system).client(transport, service.options)


@contextmanager
def transport_for(service: Service, cause: Cause, *hooks: Hook, attempts: int | None = None) -> Iterator[Transport]:
    """What every client speaks through; see `client_for`."""
    system = systems.get(service.system)
    secrets = _secrets(service, system)
    how = _settings(service, system, secrets)
    if attempts:
        how = replace(how, attempts=attempts)
    hooks, auth = (Recorder(service, cause), *hooks), _auth(service, system, secrets)
    gate = (StrangersGate if system.untrusted_urls else ServiceGate)(service, limits_of(service, system))
    answers = ServiceAnswers(service, _current(secrets), how.headers)
    with Transport(how, hooks, gate, answers, auth) as transport:
        yield transport


def _secrets(service: Service, system: System) -> Secrets:
    signing, rows = kind_of(system, service.options).needs, credentials.by_field(service)
    return {
        name: [row.reveal(Purpose.AUTHENTICATE if name in signing else Purpose.REDACT) for row in rows.get(name, [])]
        for name in (secret.name for secret in system.secrets)
    }


def _current(secrets: Secrets) -> dict[str, str]:
    return {name: values[0] if values else "" for name, values in secrets.items()}


def _auth(service: Service, system: System, secrets: Secrets) -> Auth:
    given = given_to(system, service.base_url, service.options, _current(secrets))
    how = kind_of(system, service.options).signing(given)
    return TokenAuth(how, ServiceTokens(service, given)) if isinstance(how, SignIn) else how


def _settings(service: Service, system: System, secrets: Secrets) -> Settings:
    return Settings(
        base_url=service.base_url,
        headers=system.headers,
        secrets=tuple(filter(_is_ever_sent, chain.from_iterable(secrets.values()))),
        connect_timeout_s=service.connect_timeout_s,
        deadline_s=service.deadline_s,
        max_bytes=service.max_response_mib * MIB,
        attempts=service.max_attempts,
        keep=_keep(service),
        ca_bundle=service.ca_bundle,
        client_certificate=_current(secrets)[CLIENT_CERTIFICATE.name],
        guard=Guard(settings.UNTRUSTED_NETWORKS, settings.UNTRUSTED_PORTS) if system.untrusted_urls else None,
        meanings=system.meanings,
        idempotency_header=system.idempotency_header,
    )


def _is_ever_sent(secret: str) -> bool:
    """A private key only signs, so that no text can hold it, and looking for one that long takes its time."""
    return bool(secret) and "PRIVATE KEY-----" not in secret


def _keep(service: Service) -> Keep:
    if service.bodies_until and service.bodies_until > timezone.now():
        return Keep.ALWAYS
    return Keep(service.body_policy)
