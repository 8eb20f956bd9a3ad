"""What Ctrl-K finds beside pages: rows by name, number, id of the sender or id at the source, each where one may see it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from integrations import patience
from integrations.models import (
    Call,
    Essay,
    Incident,
    Property,
    Record,
    Service,
    Stream,
    SyncedModel,
    SyncRun,
    WebhookEvent,
)
from integrations.text import storable

FEW = 5  # of each kind
SHORTEST = 2  # characters that are looked for inside of titles
PATIENCE_S = 0.3  # for titles, which no index serves: what was not found by then is found by the list's own search
LONGEST = 200
MOST_DIGITS = 18  # of a key

Found = Iterator[SearchResult]


@dataclass
class Asked:
    """What somebody typed."""

    words: str

    @cached_property
    def services(self) -> list[int]:
        """All of them: indexes of what they sent or hold begin with the service."""
        return list(Service.objects.values_list("pk", flat=True))


def found(request: HttpRequest, _term: str) -> list[SearchResult]:
    """Unfold's search callback; it hands over small letters, and ids of senders may have others."""
    asked = Asked(storable(request.GET.get("s", "")).strip()[:LONGEST])
    allowed = [find for model, find in FINDERS if request.user.has_perm(_view(model))]
    return list(chain.from_iterable(find(asked) for find in allowed))


def _view(model: type[Model]) -> str:
    return f"integrations.view_{model._meta.model_name}"


def _results(rows: Iterable[Model], kind: str, icon: str, says: Callable[[Model], str]) -> Found:
    for row in islice(rows, FEW):
        yield SearchResult(str(row), f"{kind}, {says(row)}", row.get_absolute_url(), icon)  # type: ignore[attr-defined]


def _state_of(row: Model) -> str:
    return str(row.get_state_display()).lower()  # type: ignore[attr-defined]


def _services(asked: Asked) -> Found:
    """Few, so that they are searched whole."""
    rows = Service.objects.filter(Q(name__icontains=asked.words) | Q(slug__icontains=asked.words))
    return _results(rows[:FEW], "service", "hub", lambda row: row.get_system_display())  # type: ignore[attr-defined]


def _streams(asked: Asked) -> Found:
    """Few too."""
    words = asked.words
    rows = Stream.objects.filter(Q(name__icontains=words) | Q(service__name__icontains=words)).select_related("service")
    return _results(rows[:FEW], "stream", "water", lambda row: f"of {row.service}")  # type: ignore[attr-defined]


def _incidents(asked: Asked) -> Found:
    """Those that go on. Index: incident_by_state."""
    words = asked.words
    fits = Q(message__icontains=words) | Q(operation__icontains=words) | Q(code__icontains=words)
    rows = Incident.objects.filter(fits | Q(service__name__icontains=words), state__in=Incident.GOING_ON)
    return _results(rows.select_related("service")[:FEW], "incident", "crisis_alert", _state_of)


def _runs(asked: Asked) -> Found:
    """By number, as in “Run 12”."""
    rows = SyncRun.objects.filter(pk__in=_numbers(asked.words)).select_related("stream__service")
    return _results(rows, "sync run", "sync", _state_of)


def _calls(asked: Asked) -> Found:
    """By number; all that belong together, by the id of their trail. Index: call_trail."""
    rows = Call.objects.filter(pk__in=_numbers(asked.words)).select_related("service")
    yield from _results(rows, "call", "call_made", lambda row: f"to {row.service}")  # type: ignore[attr-defined]
    for trail in _ids(asked.words):
        if Call.objects.filter(correlation_id=trail).exists():
            yield SearchResult(
                str(trail), "trail, all that belongs together", reverse("trail", args=[trail]), "timeline"
            )


def _events(asked: Asked) -> Found:
    """By its id here, or as its sender calls it. Index: delivery_once_per_service, which begins with the service."""
    words = asked.words
    sent = Q(service__in=asked.services, delivery_id__in=[f"id:{words}", words])
    for rows in (WebhookEvent.objects.filter(pk__in=_ids(words)), WebhookEvent.objects.filter(sent)):
        shown = rows.defer("body", "headers", "parsed").select_related("service")[:FEW]
        yield from _results(shown, "webhook event", "webhook", _state_of)


def _copied(model: type[SyncedModel], icon: str) -> Callable[[Asked], Found]:
    title = "address" if model is Property else "title"

    def find(asked: Asked) -> Found:
        """By id at the source; by a part of its title among the newest, as far as that takes no time."""
        rows = model._default_manager.select_related("service")
        exact = rows.filter(_is(model, asked))[:FEW]
        titled = rows.filter(**{f"{title}__icontains": asked.words}).order_by("-pk")[:FEW]
        met = {row.pk: row for row in (*exact, *_in_time(titled, asked.words))}
        kind = str(model._meta.verbose_name)
        return _results(met.values(), kind, icon, lambda row: f"of {row.service}")  # type: ignore[attr-defined]

    return find


def _is(model: type[SyncedModel], asked: Asked) -> Q:
    """Indexes: once_per_service, which begins with the service; that of the parcel."""
    at_source = Q(service__in=asked.services, external_id=asked.words)
    return at_source | Q(parcel_id=asked.words) if model is Property else at_source


def _in_time(rows: QuerySet[SyncedModel], words: str) -> list[SyncedModel]:
    if len(words) < SHORTEST:
        return []
    try:
        with patience.at_most(PATIENCE_S):
            return list(rows)
    except patience.TookTooLong:
        return []


def _numbers(words: str) -> list[int]:
    """“12”, or what follows the word in “Run 12”."""
    last = words.rsplit(maxsplit=1)[-1] if words else ""
    return [int(last)] if last.isascii() and last.isdecimal() and len(last) <= MOST_DIGITS else []


def _ids(words: str) -> list[uuid.UUID]:
    try:
        return [uuid.UUID(words)]
    except ValueError:
        return []


FINDERS: tuple[tuple[type[Model], Callable[[Asked], Found]], ...] = (
    (Service, _services),
    (Incident, _incidents),
    (Stream, _streams),
    (SyncRun, _runs),
    (WebhookEvent, _events),
    (Call, _calls),
    (Essay, _copied(Essay, "article")),
    (Property, _copied(Property, "home_work")),
    (Record, _copied(Record, "dataset")),
)
