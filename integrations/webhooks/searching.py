"""Search in what was sent: ids, types, headers, payload. Bounded, since bodies are large and no index holds them."""

from __future__ import annotations

import re
import shlex
from datetime import datetime
from typing import Any

from django.db.models import BinaryField, BooleanField, Func, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast

from integrations.models import WebhookEvent
from integrations.text import storable

NEWEST = 10_000  # whose headers and payload are looked through
MOST_WORDS = 8
_PATH = re.compile(r"(?P<path>[\w$-]+(?:\.[\w$-]+)*)=(?P<value>.*)", re.DOTALL)


class Holds(Func):
    """Whether bytes stand in a binary column, as they are."""

    output_field = BooleanField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """`position` takes bytes."""
        return super().as_sql(
            compiler, connection, template="position(%(expressions)s) > 0", arg_joiner=" in ", **context
        )

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """`instr` does, with the two the other way round."""
        turned = self.copy()
        turned.set_source_expressions(self.get_source_expressions()[::-1])
        return super(Holds, turned).as_sql(compiler, connection, template="instr(%(expressions)s) > 0", **context)


def words_of(text: str) -> list[str]:
    """What is looked for; quotes keep words together."""
    text = storable(text)
    try:
        return shlex.split(text)[:MOST_WORDS]
    except ValueError:  # a quote without its other half
        return text.split()[:MOST_WORDS]


def found(events: QuerySet[WebhookEvent], text: str) -> QuerySet[WebhookEvent]:
    """Those of the newest of these events in which every word stands, or every path of the payload has its value."""
    words = words_of(text)
    if not words:
        return events
    newest = events.order_by("-received_at", "-id").values("pk")[:NEWEST]
    condition = Q()
    for word in words:
        condition &= _at_path(word) if _PATH.fullmatch(word) else _anywhere(word)
    return events.filter(condition, pk__in=newest)


def oldest(events: QuerySet[WebhookEvent]) -> datetime | None:
    """When the oldest of these events was received that is looked through; None where all of them are."""
    moments = events.order_by("-received_at", "-id").values_list("received_at", flat=True)
    return next(iter(moments[NEWEST - 1 : NEWEST]), None)


def _anywhere(word: str) -> Q:
    parts = Q(delivery_id__icontains=word) | Q(event_type__icontains=word) | Q(summary__icontains=word)
    in_headers = Q(headers__icontains=word)
    return parts | in_headers | Q(Holds(Value(word.encode(), BinaryField()), "body"))


def _at_path(word: str) -> Q:
    """`repository.full_name=acme/site`: a number in a path is a place in a list. Or the word as it is, somewhere."""
    match = _PATH.fullmatch(word)
    assert match
    *way, last = match["path"].split(".")
    at: Any = "parsed"
    for name in way:
        at = KeyTransform(name, at)
    value = Cast(KeyTextTransform(last, at), TextField())
    return Q(_Is(value, Value(match["value"]))) | _anywhere(word)


class _Is(Func):
    template = "%(expressions)s"
    arg_joiner = " = "
    output_field = BooleanField()
