"""What waits for a person now, what fails first; each with a sentence, its age, where to go and what to press there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from django.db.models import Count, Max, Model
from django.urls import reverse
from django.utils import timezone

from integrations import formatting, stats
from integrations.models import Incident, RecordError, RefusedDelivery, Service, SyncRun, WebhookEvent

MOST = 6  # rows of a kind; the list has the others
MOST_COUNTED = 1000
RECENT = timedelta(days=1)


@dataclass(frozen=True)
class Need:
    """One of them.

    Attributes:
        tone: `bad` where something fails, `warn` where somebody is to decide.
        model: who may see its rows is told of it.
        row: the one whose verbs are at hand, by the names of their admin's methods.
    """

    tone: str
    label: str
    what: str
    says: str
    since: datetime | None
    href: str
    model: type[Model]
    row: Model | None = None
    verbs: tuple[str, ...] = ()


def now(beat: datetime | None) -> list[Need]:
    """All, in the order in which to look at them; one query for each kind.

    Args:
        beat: when a worker last gave a sign of life.
    """
    return list(chain(_worker(beat), _incidents(), _held(), _dead(), _refused(), _errors()))


def _list_of(model: type[Model], **filters: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist", query=filters)


def _worker(beat: datetime | None) -> Iterator[Need]:
    if stats.worker_is_late(beat):
        says = "Nothing is synced, checked or processed until one runs. Start manage.py worker."
        yield Need("bad", "Worker silent", "No worker gives a sign of life", says, beat, reverse("vitals"), Service)


def _incidents() -> Iterator[Need]:
    """Those that nobody is at. Index: incident_by_state."""
    found = Incident.objects.filter(state=Incident.State.OPEN).select_related("service").order_by("-last_at")
    first = list(found[: MOST + 1])
    for each in first[:MOST]:
        times = (
            f" {formatting.number(each.count)} times, last {formatting.ago(each.last_at)}." if each.count > 1 else ""
        )
        what = " ".join(filter(None, (each.service.name, each.operation)))
        says, address = f"{each.message}{times}", each.get_absolute_url()
        label, verbs = f"{each.get_kind_display()} fails", ("acknowledge",)
        yield Need("bad", label, what, says, each.first_at, address, Incident, each, verbs)
    if len(first) > MOST:
        says = "Look at the ones that came last first, or ignore what is known."
        yield Need("bad", "Incidents", "More are open", says, None, _list_of(Incident), Incident)


def _held() -> Iterator[Need]:
    """Runs that somebody must decide about. Index: syncrun_held."""
    held = SyncRun.objects.filter(state=SyncRun.State.HELD).select_related("stream__service").order_by("due_at")
    for run in held[:MOST]:
        says = f"{run.withheld:,} rows did not come any more. Approve that they are marked as gone, or keep them."
        verbs = ("approve", "keep")
        yield Need(
            "warn", "Waits for you", str(run.stream), says, run.read_at, run.get_absolute_url(), SyncRun, run, verbs
        )


def _dead() -> Iterator[Need]:
    """Deliveries that were given up, by service; counted up to a number, for this is asked all the time. Index: event_failing."""
    dead = WebhookEvent.objects.filter(state=WebhookEvent.State.DEAD).order_by()
    came: dict[tuple[int, str], list[datetime]] = defaultdict(list)
    for service, name, moment in dead.values_list("service_id", "service__name", "received_at")[:MOST_COUNTED]:
        came[service, name].append(moment)
    more = "More than " if sum(map(len, came.values())) == MOST_COUNTED else ""
    for (service, name), moments in sorted(came.items(), key=lambda pair: -len(pair[1]))[:MOST]:
        what = f"{more}{len(moments):,} deliver{'y' if len(moments) == 1 else 'ies'} of {name}"
        says = "Processing them was given up. Mend the cause, then replay them."
        address = _list_of(WebhookEvent, service__id__exact=service, state__exact="dead")
        yield Need("bad", "Given up", what, says, min(moments), address, WebhookEvent)


def _refused() -> Iterator[Need]:
    """Of the last day, by service. Index: refused_newest."""
    recent = RefusedDelivery.objects.filter(accepted_at=None, received_at__gte=timezone.now() - RECENT).order_by()
    rows = recent.values_list("service_id", "service__name").annotate(number=Count("pk"), last=Max("received_at"))
    for service, name, number, last in rows.order_by("-number")[:MOST]:
        what = f"{number:,} deliver{'y' if number == 1 else 'ies'} to {name}"
        says = "They were not believed. The page of each says which check failed."
        yield Need(
            "warn", "Refused", what, says, last, _list_of(RefusedDelivery, service__id__exact=service), RefusedDelivery
        )


def _errors() -> Iterator[Need]:
    """What stands in the error inbox, counted up to a number. Index: recorderror_inbox."""
    newest = RecordError.objects.filter(state=RecordError.State.OPEN).order_by("-met_at")
    met = list(newest.values_list("met_at", flat=True)[:MOST_COUNTED])
    if met:
        more = "More than " if len(met) == MOST_COUNTED else ""
        what = f"{more}{len(met):,} item{'' if len(met) == 1 else 's'} that cannot be used"
        says = "Mend them at their source and retry them, or skip them for ever."
        yield Need("warn", "Error inbox", what, says, met[0], _list_of(RecordError), RecordError)
