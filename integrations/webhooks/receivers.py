"""Who a delivery is for: the service, who sends to it, and the secrets that are valid now, in one query a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, reduce
from types import ModuleType
from typing import Any

from django.db import connection
from django.db.models import Model
from django.db.models.expressions import Col
from django.utils import timezone

from integrations import credentials, prepared, systems
from integrations.models import Credential, Service
from integrations.systems.base import System
from integrations.webhooks.schemes import Unverified
from integrations.webhooks.schemes.senders import Sender

MIB = 1024 * 1024
KEPT_S = 1.0  # a process goes on with what it read; so long a secret that was taken back may still be believed
READ = {
    *("id", "slug", "name", "system", "options"),
    *("deliveries_per_minute", "max_delivery_mib", "allows_replays", "events_paused_at"),
}
OWN = tuple(
    field.attname for field in Service._meta.concrete_fields if field.attname in READ
)  # from_db wants their order
THEIRS = ("id", "field", "ciphertext", "reference", "last_used_at")


@dataclass(frozen=True)
class Receiver:
    """A service that is listened to.

    Attributes:
        options: each with its default.
        stored: the active credentials by field, newest first.
    """

    service: Service
    system: System
    sender: Sender
    options: Mapping[str, Any]
    stored: Mapping[str, list[Credential]]

    @property
    def webhook(self) -> ModuleType:
        """What the System knows of deliveries."""
        return self.system.module("webhook")

    @property
    def is_verified(self) -> bool:
        """Whether anything is asked of whoever sends."""
        return not isinstance(self.sender.scheme, Unverified)

    @property
    def limit(self) -> int:
        """Bytes of the largest body."""
        return self.service.max_delivery_mib * MIB


_kept: dict[str, tuple[float, Receiver]] = {}  # until when; only who listens, so that strangers cannot fill it


def of_slug(slug: str) -> Receiver | None:
    """The receiver at this address; None where nobody listens, for whatever reason."""
    now = time.monotonic()
    until, receiver = _kept.get(slug, (now, None))
    if now >= until:
        _kept.pop(slug, None)
        if receiver := _found(slug):
            _kept[slug] = now + KEPT_S, receiver
    return receiver


def _found(slug: str) -> Receiver | None:
    rows = prepared.first_rows(_statement(), [connection.ops.adapt_datetimefield_value(timezone.now()), slug])
    return _made_of(tuple(rows)) if rows else None


@lru_cache(maxsize=100)
def _made_of(found: tuple[tuple[Any, ...], ...]) -> Receiver | None:
    """Rows that have not changed make the same receiver."""
    service = Service.from_db(None, OWN, _read(Service, OWN, found[0]))
    stored: dict[str, list[Credential]] = {}
    for row in found:
        if row[len(OWN)] is not None:
            credential = Credential.from_db(None, THEIRS, _read(Credential, THEIRS, row[len(OWN) :]))
            credential.service = service
            stored.setdefault(credential.field, []).append(credential)
    return listening(service, stored)


@cache
def _statement() -> str:
    service, credential = (f'"{model._meta.db_table}"' for model in (Service, Credential))
    columns = ", ".join([*(f"s.{name}" for name in OWN), *(f"c.{name}" for name in THEIRS)])
    valid = "c.superseded_at IS NULL OR c.expires_at > %s"
    return (
        f"SELECT {columns} FROM {service} s LEFT JOIN {credential} c ON c.service_id = s.id AND ({valid}) "  # noqa: S608
        "WHERE s.slug = %s AND s.enabled ORDER BY c.id DESC"
    )


def _read(model: type[Model], names: Sequence[str], row: Sequence[Any]) -> list[Any]:
    """The values as the ORM reads them."""
    return [read(value) for read, value in zip(_readers(model, names), row, strict=False)]


@cache
def _readers(model: type[Model], names: Sequence[str]) -> list[Callable[[Any], Any]]:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return [_reader(fields[name].get_col(model._meta.db_table)) for name in names]


def _reader(column: Col) -> Callable[[Any], Any]:
    ways = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
    return lambda value: reduce(lambda found, way: way(found, column, connection), ways, value)


def of_service(service: Service) -> Receiver | None:
    """The same for a service that is there already, also where it is switched off."""
    return listening(service, credentials.by_field(service))


def listening(service: Service, stored: Mapping[str, list[Credential]]) -> Receiver | None:
    """A receiver, where its System receives anything and staff did not say otherwise."""
    system = systems.all_systems().get(service.system)
    if system is None or not system.receives_webhooks:
        return None
    options = {**system.defaults, **service.options}
    sender = system.module("webhook").sender(options)
    return Receiver(service, system, sender, options, stored) if sender else None
