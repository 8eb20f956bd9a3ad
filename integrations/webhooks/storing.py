"""Stores a delivery once, with its bell, both or neither; holds back what came a short while ago under another id.

Not by the ORM: its INSERT that ignores conflicts does not say whether it stored, ignores other conflicts too, and takes
several trips to the database where one does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.db.models import Field, Model
from django.utils import timezone
from django_q.models import OrmQ

from integrations import prepared
from integrations.models import WebhookEvent

REMEMBERED = timedelta(days=7)
# What the intake says of an event; everything else is as the model has it for a new one.
SAID = {
    *("id", "service_id", "delivery_id", "event_type", "state", "held_because", "received_at", "due_at", "enqueued_at"),
    *("headers", "body", "body_hash", "body_is", "parsed", "correlation_id", "actor_id", "created_at"),
}
HELD = {"state": WebhookEvent.State.HELD.value, "held_because": WebhookEvent.HeldBecause.SUSPECT.value}
QUEUED = WebhookEvent.State.QUEUED.value

Adapter = Callable[[Any], Any]


def insert(event: WebhookEvent, bell: OrmQ, *, watch: bool) -> bool:
    """Whether it was stored; otherwise the same delivery is there already. What is held back has no bell.

    Args:
        watch: hold it back where the same body came under another id within a week.
    """
    since = timezone.now() - (REMEMBERED if watch else timedelta(0))
    of_event = [*_values(event), event.service_id, event.body_hash, connection.ops.adapt_datetimefield_value(since)]
    if connection.vendor == "postgresql":
        # Where the connection broke after it was stored, the second time says that it is here already, as it is.
        stored = prepared.first_rows(_at_once(), [*of_event, *_values(bell)])
    else:
        stored = _in_turn(of_event, _values(bell))
    if stored:
        event.state = stored[0][0]
    return bool(stored)


def _in_turn(of_event: list[Any], of_bell: list[Any]) -> list[tuple[Any, ...]]:
    with transaction.atomic():
        stored = prepared.rows(_event(), of_event)
        if stored and stored[0][0] == QUEUED:
            places = ", ".join(["%s"] * len(of_bell))
            prepared.rows(f"{_into(OrmQ)} VALUES ({places})", of_bell)
    return stored


@cache
def _at_once() -> str:
    """A statement alone is a transaction of its own."""
    bell = f"{_into(OrmQ)} SELECT {_places(OrmQ)} FROM stored WHERE state = '{QUEUED}'"  # noqa: S608 - our own names
    return f"WITH stored AS ({_event()}), bell AS ({bell}) SELECT state FROM stored"  # noqa: S608 - our own names


@cache
def _event() -> str:
    table = WebhookEvent._meta.db_table
    # “+ 0” leaves only the index of the hash: for a plan that the server keeps from the time when the table was empty it
    # would take any that begins with the service, and read all of its events each time.
    same = f'SELECT 1 FROM "{table}" WHERE service_id + 0 = %s AND body_hash = %s AND received_at > %s'  # noqa: S608
    source = f"FROM (SELECT EXISTS ({same}) AS suspect) AS seen WHERE true"
    stored = "ON CONFLICT (service_id, delivery_id) DO NOTHING RETURNING state"
    return f"{_into(WebhookEvent)} SELECT {_places(WebhookEvent)} {source} {stored}"


@cache
def _into(table: type[Model]) -> str:
    columns = ", ".join(f'"{field.column}"' for field in _fields(table))
    return f'INSERT INTO "{table._meta.db_table}" ({columns})'


@cache
def _places(table: type[Model]) -> str:
    return ", ".join(map(_place, _fields(table)))


def _place(field: Field[Any, Any]) -> str:
    if not _is_said(field):
        return _literal(field.get_default())
    place = f"%s::{field.db_type(connection)}" if connection.vendor == "postgresql" else "%s"
    held = HELD.get(field.attname) if field.model is WebhookEvent else None
    return f"CASE WHEN suspect THEN '{held}' ELSE {place} END" if held else place


def _is_said(field: Field[Any, Any]) -> bool:
    return field.model is not WebhookEvent or field.attname in SAID


def _literal(default: str | int) -> str:
    """In the text of the statement, so that nothing is handed over, adapted and read for it each time."""
    return f"'{default}'" if isinstance(default, str) else str(default)


@cache
def _fields(table: type[Model]) -> list[Field[Any, Any]]:
    """All but a key that the database numbers, and what nobody says and is empty."""
    fields = [field for field in table._meta.concrete_fields if not field.db_returning]
    return [field for field in fields if _is_said(field) or field.get_default() is not None]


def _values(row: Model) -> list[Any]:
    return [adapt(getattr(row, name)) for name, adapt in _adapters(type(row))]


@cache
def _adapters(table: type[Model]) -> list[tuple[str, Adapter]]:
    return [(field.attname, _adapter(field)) for field in _fields(table) if _is_said(field)]


def _adapter(field: Field[Any, Any]) -> Adapter:
    """What `get_db_prep_save` of the field would do, without asking again for each value what it is."""
    kind = getattr(field, "target_field", field).get_internal_type()
    if kind == "JSONField":
        return lambda value: None if value is None else json.dumps(value)
    if kind == "BinaryField":
        return bytes
    if connection.vendor == "postgresql":
        # As text, whose type the statement says, so that the server prepares one statement for all.
        return lambda value: None if value is None else str(value)
    if kind == "UUIDField":
        return lambda value: value.hex
    if kind == "DateTimeField":
        return connection.ops.adapt_datetimefield_value
    return lambda value: value
