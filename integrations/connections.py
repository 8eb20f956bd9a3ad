"""A Service row -> a client that speaks to it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from itertools import chain
from typing import TYPE_CHECKING, TypedDict, Unpack

from django.conf import settings
from django.utils import timezone

from integrations import credentials, systems
from integrations.answers import ServiceAnswers
from integrations.candidates import Candidate, OwnToken
from integrations.gates import CandidateGate, ServiceGate, StrangersGate, limits_of
from integrations.models import Credential, Service
from integrations.recorder import Cause, Recorder
from integrations.systems.auth import kind_of
from integrations.systems.base import CLIENT_CERTIFICATE, Client, System
from integrations.systems.given import Given, given_to
from integrations.tokens import ServiceTokens
from integrations.transport.auth import Auth, TokenAuth
from integrations.transport.details import Hook
from integrations.transport.gate import Gate
from integrations.transport.guard import Guard
from integrations.transport.http import Transport
from integrations.transport.settings import Keep, Settings
from integrations.transport.sign_in import SignIn
from integrations.transport.tokens import TokenStore

if TYPE_CHECKING:
    from integrations.transport.database import DatabaseTransport

MIB = 1024 * 1024
Purpose = Credential.Purpose
Secrets = Mapping[str, Sequence[str]]  # by field, the newest first


class Bounds(TypedDict, total=False):
    """What holds instead of what the service says.

    Attributes:
        attempts: a health probe tries once.
        longest_s: a deadline for each attempt, where that of the service is later.
    """

    attempts: int
    longest_s: float


@contextmanager
def client_for(service: Service, cause: Cause, *hooks: Hook, **bounds: Unpack[Bounds]) -> Iterator[Client]:
    """A client whose every attempt is recorded for this cause, then told to the other hooks."""
    system = systems.get(service.system)
    door = database_for if system.transport == "database" else transport_for
    with door(service, cause, *hooks, **bounds) as transport:
        yield system.client(transport, service.options)


@contextmanager
def transport_for(service: Service, cause: Cause, *hooks: Hook, **bounds: Unpack[Bounds]) -> Iterator[Transport]:
    """What every client speaks through; see `client_for`."""
    system = systems.get(service.system)
    secrets = _secrets(service, system)
    how = _settings(service, system, secrets, bounds)
    given = given_to(system, service.base_url, service.options, _current(secrets))
    hooks, auth = (Recorder(service, cause), *hooks), _auth(system, given, ServiceTokens(service, given))
    gate = (StrangersGate if system.untrusted_urls else ServiceGate)(service, limits_of(service, system))
    answers = ServiceAnswers(service, _current(secrets), how.headers)
    with Transport(how, hooks, gate, answers, auth) as transport:
        yield transport


@contextmanager
def own_transport(service: Service, address: str, cause: Cause, *hooks: Hook) -> Iterator[Transport]:
    """What speaks to the console's own address of a service, once, without its sign-in, its limits and its circuit."""
    secrets = _secrets(service, systems.get(service.system))
    how = Settings(base_url=address, secrets=tuple(chain.from_iterable(secrets.values())), attempts=1)
    with Transport(how, (Recorder(service, cause), *hooks)) as transport:
        yield transport


@contextmanager
def candidate_transport(candidate: Candidate, cause: Cause, *hooks: Hook) -> Iterator[Transport | DatabaseTransport]:
    """What speaks with settings that are not saved: nobody else learns from it, and it learns from nobody.

    Each call is tried once. No cached answer is taken, and a token is obtained anew and given back at the end. Calls
    are recorded, and count as the service's where it limits them; one that is not saved has no log and no limits yet.
    """
    service, system = candidate.service, systems.get(candidate.service.system)
    secrets = {**_secrets(service, system, but=candidate.typed), **{k: [v] for k, v in candidate.typed.items()}}
    how, own = _settings(service, system, secrets, Bounds(attempts=1)), OwnToken()
    recorders, gate = _shared(service, system, cause) if service.pk else ((), Gate())
    hooks = (*recorders, *hooks)
    if system.transport == "database":
        with _database(service, system, secrets, how, hooks, gate) as database:
            yield database
        return
    given = given_to(system, service.base_url, service.options, _current(secrets))
    with Transport(how, hooks, gate, None, _auth(system, given, own)) as transport:
        try:
            yield transport
        finally:
            own.give_back(transport)


def _shared(service: Service, system: System, cause: Cause) -> tuple[tuple[Hook, ...], Gate]:
    return (Recorder(service, cause),), CandidateGate(service, limits_of(service, system))


@contextmanager
def database_for(service: Service, cause: Cause, *hooks: Hook, **bounds: Unpack[Bounds]) -> Iterator[DatabaseTransport]:
    """What clients of databases speak through; see `client_for`."""
    system = systems.get(service.system)
    secrets = _secrets(service, system)
    how, gate = _settings(service, system, secrets, bounds), ServiceGate(service, limits_of(service, system))
    with _database(service, system, secrets, how, (Recorder(service, cause), *hooks), gate) as transport:
        yield transport


def _database(
    service: Service, system: System, secrets: Secrets, how: Settings, hooks: tuple[Hook, ...], gate: Gate
) -> DatabaseTransport:
    """With the login as staff entered it; files are read where whoever runs the console allows it."""
    # They bring all of SQLAlchemy, a fifth of what a process takes to start, and few ever speak to a database.
    from integrations.transport.database import DatabaseTransport
    from integrations.transport.databases.engine import Login

    entered = {**system.defaults, **service.options, **_current(secrets)}
    names = {field.name for field in fields(Login)} & ({option.name for option in system.options} | {"password"})
    login = Login(files=settings.LEGACY_FILES, **{name: entered[name] for name in names})
    return DatabaseTransport(how, login, hooks, gate)


def _secrets(service: Service, system: System, but: Collection[str] = ()) -> Secrets:
    signing, rows = kind_of(system, service.options).needs, credentials.by_field(service)
    return {
        name: [row.reveal(Purpose.AUTHENTICATE if name in signing else Purpose.REDACT) for row in rows.get(name, [])]
        for name in (secret.name for secret in system.secrets if secret.name not in but)
    }


def _current(secrets: Secrets) -> dict[str, str]:
    return {name: values[0] if values else "" for name, values in secrets.items()}


def _auth(system: System, given: Given, tokens: TokenStore) -> Auth:
    how = kind_of(system, given.options).signing(given)
    return TokenAuth(how, tokens) if isinstance(how, SignIn) else how


def _settings(service: Service, system: System, secrets: Secrets, bounds: Bounds) -> Settings:
    return Settings(
        base_url=service.base_url,
        headers=system.headers,
        secrets=tuple(filter(_is_ever_sent, chain.from_iterable(secrets.values()))),
        connect_timeout_s=service.connect_timeout_s,
        deadline_s=min(service.deadline_s, bounds.get("longest_s", service.deadline_s)),
        max_bytes=service.max_response_mib * MIB,
        attempts=bounds.get("attempts", service.max_attempts),
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
