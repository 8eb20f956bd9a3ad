"""The benchmark of syncs: what it says, and that it says nothing where a candidate did not do its work."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import sync
from calls_candidates import Spoilt
from sync import AGAIN, BARE, BARE_AGAIN, DLT, DLT_CSV, FIRST, TENFOLD, USUAL
from sync_server import SIZE, page, record
from sync_stages import Stages

from tests.commands import PROJECT

RECORDS = 300
DONE = {
    "rows": RECORDS,
    "items": RECORDS,
    "state": "succeeded",
    "calls": 3,
    "pages": 3,
    "created": RECORDS,
    "unchanged": 0,
}


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "bench/sync.py", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False
    )


def told(seconds: float, peak_mib: float = 100.0) -> dict[str, Any]:
    return {"seconds": seconds, "peak_mib": peak_mib, "rows": RECORDS, "stages": {"fetch": seconds}}


def listed(count: int, since: str = "") -> tuple[list[int], set[int]]:
    """The ids of all pages, and the totals they declare."""
    ids, totals, cursor = [], set(), "0"
    while cursor:
        found = json.loads(page(count, int(cursor), since))
        ids += [item["id"] for item in found["items"]]
        totals.add(found["total"])
        cursor = found["next"]
    return ids, totals


def test_the_source_lists_every_record_once_and_names_the_next_page() -> None:
    assert listed(250) == (list(range(250)), {250})
    assert json.loads(page(250, 0))["items"][7] == record(7)


def test_the_source_lists_what_changed_since_a_moment_alone() -> None:
    moment = str(record(55)["updated_at"])
    changed = [number for number in range(1250) if str(record(number)["updated_at"]) >= moment]
    assert listed(1250, moment) == (changed, {len(changed)})
    assert 0 < len(changed) < 125


def test_a_record_has_about_a_kilobyte() -> None:
    assert 800 < len(page(10_000, 5_000)) / SIZE < 1100


def test_the_source_answers_over_a_socket(tmp_path: Path) -> None:
    with sync.source(tmp_path) as url, urllib.request.urlopen(f"{url}/250/records?cursor=200&limit=100") as answer:
        assert answer.read() == page(250, 200)


@pytest.mark.parametrize("name", [FIRST, TENFOLD])
def test_a_run_that_did_all_passes(name: str) -> None:
    sync.verify(name, DONE, RECORDS)
    sync.verify(AGAIN, {**DONE, "created": 0, "unchanged": RECORDS}, RECORDS)
    sync.verify(USUAL, {**DONE, "items": 9, "created": 0, "unchanged": 9}, RECORDS)
    sync.verify(DLT, {"rows": RECORDS}, RECORDS)
    sync.verify(BARE, {"rows": RECORDS, "written": RECORDS}, RECORDS)
    sync.verify(BARE_AGAIN, {"rows": RECORDS, "written": 0}, RECORDS)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        (FIRST, {"rows": 299}),
        (FIRST, {"calls": 2}),
        (FIRST, {"state": "partial"}),
        (FIRST, {"created": 299}),
        (AGAIN, {"unchanged": 0}),
        (USUAL, {"created": 0, "unchanged": RECORDS}),
        (USUAL, {"items": 0, "created": 0, "unchanged": 0}),
        (DLT, {"rows": 0}),
        (BARE, {"written": 299}),
        (BARE_AGAIN, {"written": 300}),
    ],
)
def test_a_run_in_which_something_is_missing_fails(name: str, changed: dict[str, Any]) -> None:
    with pytest.raises(Spoilt, match="unchanged" if name == USUAL else next(iter(changed))):
        sync.verify(name, {**DONE, **changed}, RECORDS)


def test_the_last_line_has_the_worse_database() -> None:
    both = {FIRST: [told(10.0), told(12.0), told(11.0)], USUAL: [told(1.0)], AGAIN: [told(2.0)]}
    both[TENFOLD] = [told(121.0, 130.5)]
    peers = {DLT: [told(44.0)], DLT_CSV: [told(33.0)], BARE: [told(5.5)], BARE_AGAIN: [told(2.75)]}
    found = sync.figures(
        {"sqlite": {FIRST: [told(6.0)], USUAL: [told(1.5)], AGAIN: [told(2.0)]}, "postgresql": both | peers}
    )
    assert found == {
        "first_vs_dlt": 4.0,
        "first_vs_dlt_csv": 3.0,
        "first_vs_bare": 0.5,
        "bare_unchanged_vs_first": 2.0,
        "changes_vs_first": 4.0,
        "unchanged_vs_first": 3.0,
        "unchanged_by_database": {"sqlite": 3.0, "postgresql": 5.5},
        "memory_growth_mib": 30.5,
        "tenfold_vs_ten": 1.1,
    }


def test_a_stage_within_another_is_counted_once() -> None:
    class Work:
        def outer(self) -> int:
            total: int = self.inner() + sum(self.steps())
            return total

        def inner(self) -> int:
            return 1

        def steps(self) -> Any:
            yield from (2, 3)

    stages = Stages()
    for name in ("outer", "inner"):
        stages.time(Work, name, name)
    stages.time_items(Work, "steps", "steps")
    assert Work().outer() == 6
    assert set(stages.seconds) == {"outer", "inner", "steps"}
    assert all(seconds > 0 for seconds in stages.seconds.values())


def test_a_server_that_is_not_there_is_named_in_a_sentence() -> None:
    done = bench("--small", "--database", "postgresql", "--postgres", "postgres://nobody@127.0.0.1:1/")
    assert done.returncode == 1
    assert done.stderr.startswith("PostgreSQL at 127.0.0.1:1 cannot be used: ")
    assert not done.stdout


@pytest.mark.slow
def test_a_small_run_ends_with_its_figures() -> None:
    done = bench("--small", "--database", "sqlite")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["changes_vs_first"] > 0
    assert found["unchanged_vs_first"] == found["unchanged_by_database"]["sqlite"] > 0
