"""A run followed to its end in a shell: one line that moves on a terminal, a line for each change elsewhere."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.core.management.base import OutputWrapper
from django.utils.html import strip_tags

from integrations import formatting, progress, run_words
from integrations.models import SyncRun

BAR = 30  # characters
EVERY_S = 0.5
WIPE = "\r\x1b[2K"
State = SyncRun.State


@dataclass
class Follower:
    """Writes about one run."""

    run: SyncRun
    stdout: OutputWrapper
    said: str = ""

    def to_its_end(self) -> None:
        """Look twice a second until it has ended."""
        while self.run.state in SyncRun.ACTIVE:
            self._show()
            time.sleep(EVERY_S)
            self.run.refresh_from_db()
        self._wipe()
        self.stdout.write(f"{self.run}: {outcome(self.run)}")

    def _show(self) -> None:
        if self.run.state == State.RUNNING and self.stdout.isatty():
            self.stdout.write(f"{WIPE}{self.run}: {moving(self.run)}", ending="")
            self.stdout.flush()
            self.said = ""
        elif (said := standing(self.run)) != self.said:
            self._wipe()
            self.stdout.write(f"{self.run}: {said}")
            self.said = said

    def _wipe(self) -> None:
        if self.stdout.isatty():
            self.stdout.write(WIPE, ending="")


def moving(run: SyncRun) -> str:
    """“[#####.....] 1,200 of about 2,400 · 210/s · 6 s left”."""
    found = progress.of(run)
    parts = [f"{found.done:,} read"]
    if found.expected:
        filled = BAR * (found.percent or 0) // 100
        about = "about " if found.is_estimate else ""
        parts = [f"[{'#' * filled}{'.' * (BAR - filled)}] {found.done:,} of {about}{found.expected:,}"]
    if found.per_s:
        parts.append(formatting.rate(found.per_s))
    if found.left_s:
        parts.append(f"{formatting.length_of_time(found.left_s)} left")
    return " · ".join(parts)


def standing(run: SyncRun) -> str:
    """What a run that has not ended waits for, and what to do; the same text as long as nothing changes."""
    stream = f"{run.stream.service.slug} {run.stream.name}"
    if run.state == State.PARKED:
        until = strip_tags(formatting.until(run.due_at)).partition(" (")[0]
        return (
            f"parked {until or 'for a moment'}. {run.failure_message} {run_words.tries(run)} It goes on by itself; "
            f"`manage.py run retry {run.pk}` has it go on at once."
        )
    if run.state == State.PAUSED:
        return f"paused. `manage.py stream resume {stream}` has it go on."
    return f"{run.get_state_display().lower()}."


def outcome(run: SyncRun) -> str:
    """What a run that has ended came to, and what to do."""
    would = "A sync would do this: " if run.mode == SyncRun.Mode.PREVIEW else ""
    counts = (
        f"{run.get_state_display()}. {would}{run.created:,} created, {run.updated:,} updated, {run.unchanged:,} unchanged, "
        f"{run.deleted:,} gone, {run.rejected:,} rejected{f', {run.skipped:,} skipped' if run.skipped else ''}."
    )
    return " ".join(part for part in (counts, run.failure_message, *run.warnings, _next(run)) if part)


def _next(run: SyncRun) -> str:
    decide = f"`manage.py run approve {run.pk} --reason …` or `manage.py run keep {run.pk} --reason …`"
    return {
        State.HELD: f"Decide with {decide}.",
        State.FAILED: f"Mend that, then `manage.py run retry {run.pk}`.",
        State.CANCELLED: f"`manage.py run retry {run.pk}` goes on where it stopped.",
    }.get(State(run.state), "")
