"""What a run's state means, who must act, and what to do next: sentences for staff."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations import formatting
from integrations.models import SyncRun
from integrations.sync import applying
from integrations.sync.failures import MOST_RECOVERIES, WAITS_S
from integrations.transport.codes import Code

State, Origin = SyncRun.State, SyncRun.Origin
MUST_ACT: dict[str, str] = {
    Origin.SOURCE: "whoever runs the source",
    Origin.CONFIGURATION: "whoever manages the settings of the service",
    Origin.MAPPING: "whoever manages the paths in the options of the service",
    Origin.DATABASE: "whoever runs the database of the console",
    Origin.CONSOLE: "the programmers",
}
NEXT: dict[str, str] = {
    State.QUEUED: "It begins as soon as a worker is free. If it waits for more than a minute, look at the worker.",
    State.RUNNING: "Nothing to do.",
    State.PAUSED: "Press “Resume” on the page of the stream: it goes on where it stopped.",
    State.SUCCEEDED: "Nothing to do.",
    State.WARNED: "What was read is copied. Look at the warnings.",
    State.PARTIAL: "What could be used is copied. Look at the rejected items, mend them at the source or correct the "
    "paths in the options of the service, then press “Run again”.",
    State.FAILED: "Mend that, then press “Retry”: it goes on where it stopped.",
    State.CANCELLED: "What was copied stays. “Retry” goes on from there, “Run again” starts over.",
}


def code_label(code: str) -> str:
    """A failure code in words."""
    return Code(code).label if code in set(Code) else code.replace("_", " ").capitalize()


def who_must_act(run: SyncRun) -> str:
    """“the programmers”; empty where nobody must."""
    return MUST_ACT.get(run.failure_origin, "") if run.state == State.FAILED else ""


def tries(run: SyncRun) -> str:
    """Which try comes next, and how many there are; empty where it did not fail."""
    if run.stalls:
        return f"Try {min(run.stalls + 1, len(WAITS_S) + 1)} of {len(WAITS_S) + 1}."
    return f"It has gone on {run.recoveries} of at most {MOST_RECOVERIES} times." if run.recoveries else ""


def what_next(run: SyncRun) -> SafeString | str:
    """What happens next, and what a person may do about it."""
    if run.state == State.PARKED:
        when = formatting.until(run.due_at)
        waits = format_html("It waits {} and goes on by itself.", when) if when else "It goes on by itself now."
        return format_html("{} {} “Retry” has it go on at once.", waits, tries(run))
    if run.state == State.HELD:
        return format_html(
            "“Approve” marks these rows as gone, “Keep the rows” leaves them. If nobody decides {}, they are kept.",
            formatting.until(run.due_at) or "now",
        )
    if run.state == State.QUEUED and run.read_at:
        return "Approved: the rows are marked as gone as soon as a worker is free."
    if run.mode == SyncRun.Mode.PREVIEW and run.state in SyncRun.READ_TO_THE_END:
        return applying.objection(run) or "Look at what a sync would do; “Apply this plan” does exactly that."
    return NEXT[run.state]
