"""The benchmark of calls: what it says, and that it says nothing where a candidate did not do its work."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import calls
import pytest
from calls_candidates import BARE, CACHED, COMMIT, OURS, PACKAGE, Candidate, Spoilt, plain_environment, process
from calls_server import SIZES, body

from tests.commands import PROJECT

CALLS = 3


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "bench/calls.py", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False
    )


def kept(**changed: Any) -> dict[str, Any]:
    bodies = {body(articles).decode(): CALLS for articles in SIZES.values()}
    told = {"rows": CALLS * len(SIZES), "bodies": bodies, "durability": ["wal", "2"], "leaks": 0}
    return {**told, **changed}


class Told(Candidate):
    """A candidate that was asked `CALLS` calls of each size and finds what it is told to find."""

    def __init__(self, finds: dict[str, Any]) -> None:
        self.asked = dict.fromkeys(SIZES, CALLS)
        self.finds = finds

    def kept(self) -> dict[str, Any]:
        return self.finds


def verify(**of_console: Any) -> None:
    told = {name: Told(kept()) for name in (PACKAGE, CACHED)}
    calls.verify({**told, OURS: Told(kept(**of_console))})


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[str]:
    """The address of the benchmark's own remote."""
    server = process(sys.executable, "calls_server.py", env=plain_environment(), errors=tmp_path / "server.log")
    with server as started:
        assert started.stdout
        yield started.stdout.readline().strip()


@pytest.mark.parametrize("size", SIZES)
def test_an_answer_has_about_the_size_it_is_named_by(size: str) -> None:
    wanted = int(size.removesuffix(" KB")) * 1000
    assert wanted * 0.85 < len(body(SIZES[size])) < wanted * 1.15


def test_a_candidate_answers_with_one_time_a_call(remote: str, tmp_path: Path) -> None:
    worker = process(sys.executable, "calls_bare.py", env=plain_environment(), errors=tmp_path / "bare.log")
    with worker as started:
        bare = Candidate(started, tmp_path / "bare.log")
        times = [bare.times(remote, size, CALLS) for size in SIZES]
    assert [len(found) for found in times] == [CALLS] * len(SIZES)
    assert all(time > 0 for found in times for time in found)
    assert bare.asked == dict.fromkeys(SIZES, CALLS)


def test_a_candidate_that_ends_spoils_the_run_with_its_last_words(tmp_path: Path) -> None:
    errors = tmp_path / "console.log"
    environment = {**plain_environment(), "DATABASE_URL": "nonsense", "PYTHONPATH": str(PROJECT)}
    console = process(sys.executable, "calls_console.py", env=environment, errors=errors)
    with console as started, pytest.raises(Spoilt, match=r"(?s)console ended:.*DATABASE_URL"):
        Candidate(started, errors)


def test_rows_and_bodies_of_every_call_pass() -> None:
    verify()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"rows": 5}, "console kept 5 rows"),
        ({"bodies": {"{}": CALLS * len(SIZES)}}, "console kept 6 rows, bodies"),
        ({"leaks": 1}, "1 with the token in clear"),
        ({"durability": ["wal", "1"]}, "do not commit alike"),
    ],
)
def test_a_run_fails_where_something_was_not_kept(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Spoilt, match=sentence):
        verify(**changed)


def test_the_last_line_has_the_worse_database_first() -> None:
    def times(ours: float) -> calls.Times:
        medians = {COMMIT: 1.0, BARE: 10.0, OURS: 10.0 + ours, PACKAGE: 30.0, CACHED: 20.0}
        return {size: {name: [median] * calls.PARTS for name, median in medians.items()} for size in SIZES}

    found = calls.figures({"sqlite": times(8), "postgresql": times(12)})
    assert found == {
        "overhead_vs_package": 0.6,
        "by_database": {"sqlite": dict.fromkeys(SIZES, 0.4), "postgresql": dict.fromkeys(SIZES, 0.6)},
        "in_fifths_of_the_run": {
            "sqlite": {size: [0.4, 0.4] for size in SIZES},
            "postgresql": {size: [0.6, 0.6] for size in SIZES},
        },
        "by_database_config_cached": {"sqlite": dict.fromkeys(SIZES, 0.8), "postgresql": dict.fromkeys(SIZES, 1.2)},
    }


def test_a_server_that_is_not_there_is_named_in_a_sentence() -> None:
    done = bench("--small", "--database", "postgresql", "--postgres", "postgres://nobody@127.0.0.1:1/")
    assert done.returncode == 1
    assert done.stderr.startswith("PostgreSQL at 127.0.0.1:1 cannot be used: ")
    assert "--database sqlite" in done.stderr
    assert not done.stdout


@pytest.mark.slow
def test_a_small_run_ends_with_its_figures() -> None:
    done = bench("--small", "--database", "sqlite")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["overhead_vs_package"] == found["by_database"]["sqlite"]["2 KB"] > 0
