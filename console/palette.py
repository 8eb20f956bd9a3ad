"""What Ctrl-K finds beside pages: rows by name, number, id of the sender or id at the source, each where one may see it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
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


def found(request: HttpRequest, _term: str) -> list[SearchResult]:
    """Unfold's search callback; it hands over small letters, and ids of senders may have others."""
    words = storable(request.GET.get("s", "")).strip()[:LONGEST]
    allowed = [find for model, find in FINDERS if request.user.has_perm(_view(model))]
    return list(chain.from_iterable(find(words) for find in allowed))


def _view(model: type[Model]) -> str:
    return f"integrations.view_{model._meta.model_name}"


def _results(rows: Iterable[Model], kind: str, icon: str, says: Callable[[Model], str]) -> Found:
    for row in islice(rows, FEW):
        yield SearchResult(str(row), f"{kind}, {says(row)}", row.get_absolute_url(), icon)  # type: ignore[attr-defined]


def _state_of(row: Model) -> str:
    return str(row.get_state_display()).lower()  # type: ignore[attr-defined]


def _services(words: str) -> Found:
    """Few, so that they are searched whole."""
    rows = Service.objects.filter(Q(name__icontains=words) | Q(slug__icontains=words))
    return _results(rows[:FEW], "service", "hub", lambda row: row.get_system_display())  # type: ignore[attr-defined]


def _streams(words: str) -> Found:
    """Few too."""
    rows = Stream.objects.filter(Q(name__icontains=words) | Q(service__name__icontains=words)).select_related("service")
    return _results(rows[:FEW], "stream", "water", lambda row: f"of {row.service}")  # type: ignore[attr-defined]


def _incidents(words: str) -> Found:
    """Those that go on. Index: incident_by_state."""
    fits = Q(message__icontains=words) | Q(operation__icontains=words) | Q(code__icontains=words)
    rows = Incident.objects.filter(fits | Q(service__name__icontains=words), state__in=Incident.GOING_ON)
    return _results(rows.select_related("service")[:FEW], "incident", "crisis_alert", _state_of)


def _runs(words: str) -> Found:
    """By number, as in “Run 12”."""
    rows = SyncRun.objects.filter(pk__in=_numbers(words)).select_related("stream__service")
    return _results(rows, "sync run", "sync", _state_of)


def _calls(words: str) -> Found:
    """By number; all that belong together, by the id of their trail. Index: call_trail."""
    rows = Call.objects.filter(pk__in=_numbers(words)).select_related("service")
    yield from _results(rows, "call", "call_made", lambda row: f"to {row.service}")  # type: ignore[attr-defined]
    for trail in _ids(words):
        if Call.objects.filter(correlation_id=trail).exists():
            yield SearchResult(
                str(trail), "trail, all that belongs together", reverse("trail", args=[trail]), "timeline"
            )


def _events(words: str) -> Found:
    """By its id here, or as its sender calls it. Index: delivery_once_per_service, which begins with the service."""
    services = list(Service.objects.values_list("pk", flat=True))
    sent = Q(service__in=services, delivery_id__in=[f"id:{words}", words])
    for rows in (WebhookEvent.objects.filter(pk__in=_ids(words)), WebhookEvent.objects.filter(sent)):
        shown = rows.defer("body", "headers", "parsed").select_related("service")[:FEW]
        yield from _results(shown, "webhook event", "webhook", _state_of)


def _copied(model: type[SyncedModel], icon: str) -> Callable[[str], Found]:
    title = "address" if model is Property else "title"

    def find(words: str) -> Found:
        """By id at the source; by a part of its title among the newest, as far as that takes no time."""
        services = list(Service.objects.values_list("pk", flat=True))
        rows = model._default_manager.select_related("service")
        exact = rows.filter(_is(model, words, services))[:FEW]
        titled = rows.filter(**{f"{title}__icontains": words}).order_by("-pk")[:FEW]
        met = {row.pk: row for row in (*exact, *_in_time(titled, words))}
        kind = str(model._meta.verbose_name)
        return _results(met.values(), kind, icon, lambda row: f"of {row.service}")  # type: ignore[attr-defined]

    return find


def _is(model: type[SyncedModel], words: str, services: list[int]) -> Q:
    """Indexes: once_per_service, which begins with the service; that of the parcel."""
    at_source = Q(service__in=services, external_id=words)
    return at_source | Q(parcel_id=words) if model is Property else at_source


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


FINDERS: tuple[tuple[type[Model], Callable[[str], Found]], ...] = (
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
