"""What runs would do that somebody is about to start, judged by the last ones that read the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from integrations import ops
from integrations.models import Service, ServiceState, Stream, SyncRun
from integrations.sync import plan

MOST_AT_ONCE = 50  # a page of a list


@dataclass(frozen=True)
class Forecast:
    """One run that would start.

    Attributes:
        run: as it would be, not saved; a parked one that would go on at once is itself.
        objection: why it cannot start; empty where it can.
        in_the_way: the run that is under way, where that is why.
        calls: about how many, with one for each page; None where nothing read the same before.
        seconds: about how long, likewise.
    """

    run: SyncRun
    objection: str = ""
    in_the_way: SyncRun | None = None
    calls: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Load:
    """What of it falls on one service.

    Attributes:
        left: calls the service says are left, None where it does not say.
    """

    service: Service
    calls: int
    left: int | None

    @property
    def is_too_much(self) -> bool:
        """Whether runs would have to wait for the service's own limit."""
        return self.left is not None and self.calls > self.left


@dataclass(frozen=True)
class Total:
    """All of them together.

    Attributes:
        starting: how many can start.
        calls, seconds: of those of which it is known.
        unknown: how many it is not known of.
    """

    starting: int
    calls: int
    seconds: float
    unknown: int
    loads: Sequence[Load]


def of_syncs(streams: Iterable[Stream]) -> list[Forecast]:
    """Of “Sync” on each of these streams."""
    return _judged([plan.fresh(stream) for stream in streams])


def of_retries(runs: Iterable[SyncRun]) -> list[Forecast]:
    """Of “Retry” on each of these runs."""
    return _judged([run if run.state in SyncRun.ACTIVE else plan.again(run) for run in runs])


def total(forecasts: Iterable[Forecast]) -> Total:
    """What those that can start come to."""
    starting = [each for each in forecasts if not each.objection]
    by_service: dict[Service, int] = {}
    for each in starting:
        service = each.run.stream.service
        by_service[service] = by_service.get(service, 0) + (each.calls or 0)
    return Total(
        starting=len(starting),
        calls=sum(by_service.values()),
        seconds=sum(each.seconds or 0 for each in starting),
        unknown=sum(each.calls is None for each in starting),
        loads=_loads(by_service),
    )


def _loads(by_service: dict[Service, int]) -> list[Load]:
    states = ServiceState.objects.in_bulk([service.pk for service in by_service])
    return [Load(service, calls, _left(states.get(service.pk))) for service, calls in by_service.items()]


def _left(state: ServiceState | None) -> int | None:
    if state is None:
        return None
    is_over = state.quota_reset_at is not None and state.quota_reset_at <= timezone.now()
    return state.quota_limit if is_over else state.quota_left


def _judged(runs: Sequence[SyncRun]) -> list[Forecast]:
    streams = {run.stream.pk for run in runs}
    active = {run.stream_id: run for run in SyncRun.objects.filter(stream__in=streams, state__in=SyncRun.ACTIVE)}
    earlier = _last_that_read(streams)
    found, taken = [], set()
    for run in runs:
        objection = _objection(run, active.get(run.stream.pk), is_second=run.stream.pk in taken)
        if objection:
            found.append(Forecast(run, objection, in_the_way=active.get(run.stream.pk)))
        else:
            taken.add(run.stream.pk)
            found.append(_measured(run, earlier.get((run.stream.pk, _reads(run)))))
    return found


def _objection(run: SyncRun, active: SyncRun | None, *, is_second: bool) -> str:
    if active is not None and active == run and run.state == SyncRun.State.PARKED:
        return ""
    if reason := ops.objection(run.stream):
        return reason
    if active is not None:
        return "It is being synced already."
    return "Another run of the same stream is chosen too, and one at a time can run." if is_second else ""


def _reads(run: SyncRun) -> str:
    """The mode of the runs that read as much: one of chosen items may have to read everything."""
    return SyncRun.Mode.FULL if run.mode == SyncRun.Mode.ITEMS else run.mode


def _last_that_read(streams: Iterable[int]) -> dict[tuple[int, str], SyncRun]:
    """The last whole reading of each stream and mode."""
    whole = SyncRun.objects.filter(stream=OuterRef("pk"), state__in=SyncRun.READ_TO_THE_END, pass_of=None)
    modes = [SyncRun.Mode.FULL, SyncRun.Mode.INCREMENTAL]
    newest = {f"last_{mode}": Subquery(whole.filter(mode=mode).order_by("-pk").values("pk")[:1]) for mode in modes}
    keys = Stream.objects.filter(pk__in=streams).annotate(**newest).values_list(*newest)
    runs = SyncRun.objects.filter(Q(pk__in=[key for row in keys for key in row if key]))
    return {(run.stream_id, run.mode): run for run in runs.defer("checkpoint", "chosen", "warnings")}


def _measured(run: SyncRun, last: SyncRun | None) -> Forecast:
    if last is None or not last.started_at or not last.read_at or not last.pages:
        return Forecast(run)
    seconds = (last.read_at - last.started_at).total_seconds()
    left = max(1 - (run.carried + run.items) / last.items, 0) if last.items else 1.0
    return Forecast(run, calls=max(1, round(last.pages * left)), seconds=seconds * left)
