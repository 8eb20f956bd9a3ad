"""How far a run has come, how fast it is, and how long it will still take."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.models import SyncRun


@dataclass(frozen=True)
class Progress:
    """Of one run, with what it goes on with.

    Attributes:
        done: items read.
        expected: items there will be; None where nothing tells.
        is_estimate: nobody declared that number; it is what the last good run of the same kind read.
        per_s: items a second while it worked, without the time it waited; None before the first page.
    """

    done: int
    expected: int | None
    is_estimate: bool
    per_s: float | None

    @property
    def percent(self) -> int | None:
        """0 to 100; an estimate that was too low stays at 99."""
        if not self.expected:
            return None
        return min(99 if self.is_estimate else 100, self.done * 100 // self.expected)

    @property
    def left_s(self) -> float | None:
        """Seconds of work that are left; None where nothing tells."""
        if not self.expected or not self.per_s or self.done >= self.expected:
            return None
        return (self.expected - self.done) / self.per_s


def of(run: SyncRun) -> Progress:
    """As the row says; one query where the source declares no total."""
    expected = run.total if run.total is not None else _as_last_time(run)
    per_s = run.items / run.worked_s if run.worked_s and run.items else None
    return Progress(run.carried + run.items, expected, run.total is None, per_s)


def _as_last_time(run: SyncRun) -> int | None:
    if run.state not in SyncRun.ACTIVE:
        return None
    same = SyncRun.objects.filter(stream=run.stream_id, mode=run.mode, pk__lt=run.pk)
    last = same.filter(state__in=SyncRun.READ_TO_THE_END).values_list("carried", "items").first()
    return sum(last) if last else None
