"""Which webhook events somebody means: a filter that is stored, shown, counted and worked off as the same thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from integrations import ranges
from integrations.models import BulkOperation, Service, WebhookEvent
from integrations.ops.events import REPLAYABLE
from integrations.webhooks import searching

Verb = BulkOperation.Verb
Filter = Mapping[str, str]

MOST_COUNTED = 100_000
SAMPLE = 5
MOST_GROUPS = 12
PER_SECOND = 100  # events that a bulk operation touches at most
NOTHING = {
    Verb.REPLAY: "Nothing that can be replayed matches: what waits or is being processed cannot. Choose other filters.",
    Verb.CANCEL: "Nothing that waits matches: only what waits or is held back can be cancelled. Choose other filters.",
}
STATES: dict[str, Sequence[str]] = {Verb.REPLAY: REPLAYABLE, Verb.CANCEL: WebhookEvent.PENDING}


class Nonsense(ValueError):
    """A filter that nobody can follow; the text says which part of it and what there is instead."""


@dataclass(frozen=True)
class Estimate:
    """What a verb would touch.

    Attributes:
        total: events, counted up to `MOST_COUNTED`.
        groups: service, type and how many, the largest first.
        sample: the newest of them.
        seconds: how long it takes at least.
    """

    total: int
    groups: list[tuple[str, str, int]]
    sample: list[WebhookEvent]
    seconds: float

    @property
    def is_more(self) -> bool:
        """Whether there are more than were counted."""
        return self.total == MOST_COUNTED


def events(wanted: Filter) -> QuerySet[WebhookEvent]:
    """Those that the filter means, in no order.

    Raises:
        Nonsense: it names what there is not.
    """
    if unknown := wanted.keys() - FIELDS.keys():
        raise Nonsense(f"There is no filter “{min(unknown)}”. There are: {', '.join(FIELDS)}.")
    condition = Q()
    for name, value in wanted.items():
        condition &= FIELDS[name](value)
    return searching.found(WebhookEvent.objects.filter(condition).order_by(), wanted.get("search", ""))


def touched_by(verb: str, wanted: Filter) -> QuerySet[WebhookEvent]:
    """Those of them with which the verb does something."""
    return events(wanted).filter(state__in=STATES[verb])


def estimate(verb: str, wanted: Filter) -> Estimate:
    """What it would touch; four queries.

    Raises:
        Nonsense: as `events`.
    """
    found = touched_by(verb, wanted)
    total = len(found.values_list("pk")[:MOST_COUNTED])
    counted = found.values_list("service__name", "event_type").annotate(number=Count("pk")).order_by("-number")
    newest = found.select_related("service").defer("headers", "body").order_by("-received_at")
    return Estimate(total, list(counted[:MOST_GROUPS]), list(newest[:SAMPLE]), total / PER_SECOND)


def fixed(wanted: Filter) -> dict[str, str]:
    """The same events, also when others come or change later: what ends now, and begins where the search looks to."""
    until = wanted.get("until") or timezone.now().isoformat()
    since = searching.oldest(events({name: value for name, value in wanted.items() if name != "search"}))
    bounds = {"since": since.isoformat()} if since and wanted.get("search") else {}
    return {**wanted, **bounds, "until": until}


def in_words(wanted: Filter) -> str:
    """For people, and for a command to take."""
    return " ".join(f"{name}={value}" for name, value in wanted.items()) or "all events"


def _service(slug: str) -> Q:
    if not Service.objects.filter(slug=slug).exists():
        known = ", ".join(Service.objects.values_list("slug", flat=True)) or "none yet"
        raise Nonsense(f"There is no service “{slug}”. There are: {known}.")
    return Q(service__slug=slug)


def _state(names: str) -> Q:
    wanted = names.split(",")
    if unknown := set(wanted) - set(WebhookEvent.State.values):
        raise Nonsense(f"There is no state “{min(unknown)}”. There are: {', '.join(WebhookEvent.State.values)}.")
    return Q(state__in=wanted)


def _moment(text: str, *, last: bool) -> datetime:
    try:
        return ranges.moment(text, last=last)
    except (ValueError, OverflowError):
        raise Nonsense(f"“{text}” is no moment. Write 2026-01-31 or 2026-01-31T14:05.") from None


FIELDS: dict[str, Callable[[str], Q]] = {
    "service": _service,
    "state": _state,
    "type": lambda text: Q(event_type=text),
    "since": lambda text: Q(received_at__gte=_moment(text, last=False)),
    "until": lambda text: Q(received_at__lte=_moment(text, last=True)),
    "search": lambda _text: Q(),
}
