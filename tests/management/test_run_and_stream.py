"""What can be clicked on a run's and a stream's page, in a shell."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from django.utils import timezone

from integrations.management.following import Follower, moving, outcome, standing
from integrations.models import Service, SyncRun
from tests.worker import work_off


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run_of(service: Service, **values: object) -> SyncRun:
    return SyncRun.objects.create(stream=service.streams.get(), trigger="staff", **values)


def state_of(run: SyncRun) -> str:
    run.refresh_from_db()
    return run.state


def test_a_run_is_cancelled_retried_and_started_over(cms: Service, capsys: pytest.CaptureFixture[str]) -> None:
    run = run_of(cms, checkpoint={"at": 20}, items=20)
    call_command("run", "cancel", str(run.pk))
    assert state_of(run) == "cancelled"
    call_command("run", "retry", str(run.pk))
    again = SyncRun.objects.get(retry_of=run)
    assert again.checkpoint == {"at": 20}
    call_command("run", "cancel", str(again.pk))
    call_command("run", "again", str(run.pk))
    assert SyncRun.objects.latest("pk").checkpoint == {}
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"{run} is cancelled. What was copied stays."
    assert told[1] == f"{again} waits for a worker."


@pytest.mark.parametrize(("verb", "state", "gone"), [("approve", "succeeded", 0), ("keep", "warned", 0)])
def test_rows_that_are_missing_are_decided_about_with_a_reason(
    transactional_db: None, cms: Service, verb: str, state: str, gone: int
) -> None:
    run = run_of(cms, state="held", read_at=timezone.now(), withheld=3, due_at=timezone.now() + timedelta(days=7))
    call_command("run", verb, str(run.pk), "--reason", "The source was tidied up.")
    work_off()
    assert (state_of(run), run.deleted, run.decision) == (state, gone, "The source was tidied up.")
    assert run.decided_by == "the command line"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["approve", "{run}"], "approve and keep need a --reason"),
        (["keep", "{run}", "--reason", " "], "approve and keep need a --reason"),
        (["cancel", "{run}", "--reason", "x"], "the others take none"),
        (["cancel", "{run}"], "This run has ended already."),
        (["approve", "{run}", "--reason", "x"], "does not wait for anybody"),
        (["cancel", "0"], "There is no run 0. The newest is {run}."),
    ],
)
def test_what_cannot_be_done_to_a_run_is_said(cms: Service, arguments: list[str], sentence: str) -> None:
    run = run_of(cms, state="succeeded")
    with pytest.raises(CommandError, match=sentence.format(run=run.pk)):
        call_command("run", *(each.format(run=run.pk) for each in arguments))


def test_a_stream_is_paused_and_resumed(cms: Service, capsys: pytest.CaptureFixture[str]) -> None:
    for verb, other in (("pause", "is paused already"), ("resume", "is not paused")):
        call_command("stream", verb, "cms", "articles")
        assert (cms.streams.get().paused_at is not None) == (verb == "pause")
        with pytest.raises(CommandError, match=other):
            call_command("stream", verb, "cms", "articles")
    assert capsys.readouterr().out.splitlines() == [
        "Articles · articles is paused: no run starts, and one under way rests, until somebody resumes it.",
        "Articles · articles is resumed: what rested goes on.",
    ]


def test_a_bar_shows_how_far_it_is(cms: Service) -> None:
    run = run_of(cms, state="running", items=120, total=240, worked_s=12.0)
    assert moving(run) == f"[{'#' * 15}{'.' * 15}] 120 of 240 · 10/s · 12 s left"
    run.total = None
    assert moving(run) == "120 read · 10/s"


def test_where_the_source_does_not_count_the_bar_goes_by_the_run_before(cms: Service) -> None:
    run_of(cms, state="succeeded", items=200)
    assert "120 of about 200" in moving(run_of(cms, state="running", items=120))


def test_what_waits_says_for_what_and_what_to_do(cms: Service) -> None:
    run = run_of(
        cms, state="parked", due_at=timezone.now() + timedelta(minutes=5), stalls=1, failure_message="It broke."
    )
    assert standing(run).startswith("parked until ")
    assert standing(run).endswith(
        f"It broke. Try 2 of 5. It goes on by itself; `manage.py run retry {run.pk}` has it go on at once."
    )
    run.state = "paused"
    assert standing(run) == "paused. `manage.py stream resume cms articles` has it go on."


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        ("held", "Decide with `manage.py run approve {run} --reason …` or `manage.py run keep {run} --reason …`."),
        ("failed", "Mend that, then `manage.py run retry {run}`."),
        ("cancelled", "`manage.py run retry {run}` goes on where it stopped."),
        ("succeeded", "3 skipped."),
    ],
)
def test_the_end_is_said_with_what_to_do(cms: Service, state: str, advice: str) -> None:
    run = run_of(cms, state=state, skipped=3)
    assert outcome(run).endswith(advice.format(run=run.pk))


class Watched(Follower):
    """One whose run has ended when it looks the second time."""

    def _show(self) -> None:
        super()._show()
        SyncRun.objects.filter(pk=self.run.pk).update(state="succeeded")


@pytest.mark.parametrize(("stream", "is_one_line"), [(Terminal(), True), (io.StringIO(), False)])
def test_on_a_terminal_one_line_moves_and_elsewhere_lines_are_plain(
    cms: Service, stream: io.StringIO, is_one_line: bool
) -> None:
    run = run_of(cms, state="running", total=240)
    Watched(run, OutputWrapper(stream)).to_its_end()
    told = stream.getvalue()
    assert ("\r" in told) == is_one_line
    assert ("[....." in told) == is_one_line
    assert told.endswith(f"{run}: Succeeded. 0 created, 0 updated, 0 unchanged, 0 gone, 0 rejected.\n")
