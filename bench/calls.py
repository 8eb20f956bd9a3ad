"""What recording costs a call: the console against django-log-outgoing-requests, both over a bare session.

    python bench/calls.py --small | --full [--database sqlite | postgresql] [--postgres URL]

Three candidates ask the same remote on loopback for the same JSON over connections that stay open. They take
turns of a few calls, as a run of a stream makes them, in an order that turns too, so that whatever else the machine
does hits all of them alike. The two that record keep the bodies, each in an empty database of its own of the same
kind with the same durability; afterwards the rows and bodies they kept are compared with what was asked, and a run
in which anything is missing fails. The overhead of a candidate is the median of its times less the bare session's in
the same round. The share of the overheads is told for the fifths of the run too: where those differ much, the
machine was too busy for the figure to say anything.

Last comes a line of JSON: `overhead_vs_package` is the console's overhead divided by the package's for answers
of 2 KB, on the worse of the databases. Two more rows help to judge it: the package with its configuration row
cached, which its documentation does not mention, and a commit alone, which both overheads contain: on a slow or
busy disk it outweighs all else and every ratio goes towards 1.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from operator import sub
from pathlib import Path
from typing import Any

from calls_candidates import (
    BARE,
    CACHED,
    COMMIT,
    OURS,
    PACKAGE,
    Candidate,
    Spoilt,
    candidates,
    plain_environment,
    process,
)
from calls_server import SIZES, body
from command_line import parser_of
from databases import KINDS
from peers import Unavailable

WARM_UP = 300  # by then the log that SQLite writes first has its full length; while it grows a commit is dearer
CALLS = 5  # in a turn
ROUNDS = {"small": 100, "full": 600}
PARTS = 5  # of a run, each with a share of its own

Times = dict[str, dict[str, list[float]]]


def measure(found: Mapping[str, Candidate], server: str, rounds: int) -> Times:
    """Microseconds of every call, by size and candidate; in a round each has its turn."""
    turns = deque(found.items())
    times: Times = {size: {name: [] for name in found} for size in SIZES}
    for size in SIZES:
        for candidate in found.values():
            candidate.times(server, size, WARM_UP)
        for _ in range(rounds):
            turns.rotate()
            for name, candidate in turns:
                times[size][name] += candidate.times(server, size, CALLS)
    return times


def verify(found: Mapping[str, Candidate]) -> None:
    """Those that record kept every call with its body, without the token, and equally durably.

    Raises:
        Spoilt: one did not.
    """
    durabilities = set()
    for name in (OURS, PACKAGE, CACHED):
        candidate, kept = found[name], found[name].kept()
        expected = {body(articles).decode(): candidate.asked[size] for size, articles in SIZES.items()}
        if kept["rows"] != sum(expected.values()) or kept["bodies"] != expected or kept["leaks"]:
            counts = sorted(kept["bodies"].values())
            raise Spoilt(f"{name} kept {kept['rows']} rows, bodies {counts}, {kept['leaks']} with the token in clear.")
        durabilities.add(tuple(kept["durability"]))
    if len(durabilities) != 1:
        raise Spoilt(f"The candidates do not commit alike: {sorted(durabilities)}.")


def overheads(times: Mapping[str, list[float]]) -> dict[str, float]:
    """Microseconds that each candidate needs more than the bare session in the same round, by medians."""
    recording = times.keys() - {BARE, COMMIT}
    return {name: statistics.median(map(sub, times[name], times[BARE])) for name in recording}


def share(times: Mapping[str, list[float]], peer: str) -> float:
    """The console's overhead divided by the peer's."""
    over = overheads(times)
    return round(over[OURS] / over[peer], 3)


def spread(times: Mapping[str, list[float]], peer: str) -> list[float]:
    """The least and the largest share of all parts of the run."""
    length = len(times[BARE]) // PARTS
    parts = [{name: all_[at : at + length] for name, all_ in times.items()} for at in range(0, length * PARTS, length)]
    shares = [share(part, peer) for part in parts]
    return [min(shares), max(shares)]


def print_table(kind: str, times: Times) -> None:
    """Medians, quartiles, overheads."""
    print(f"\n{kind:<12}{'answer':<8}{'candidate':<24}{'calls':>6}{'median':>10}{'quartiles':>20}{'overhead':>11}")
    for size, of_size in times.items():
        over = overheads(of_size)
        for name, found in of_size.items():
            low, middle, high = statistics.quantiles(found, n=4)
            quartiles = f"{low:.0f} to {high:.0f} µs"
            more = f"{over[name]:>8.0f} µs" if name in over else ""
            print(f"{'':<12}{size:<8}{name:<24}{len(found):>6}{middle:>7.0f} µs{quartiles:>20}{more:>11}", flush=True)


def run(kind: str, postgres: str, rounds: int) -> Times:
    """One kind of database: measured, verified, printed."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        found = stack.enter_context(candidates(kind, postgres, folder))
        remote = process(sys.executable, "calls_server.py", env=plain_environment(), errors=folder / "server.log")
        listening = stack.enter_context(remote).stdout
        assert listening
        times = measure(found, listening.readline().strip(), rounds)
        verify(found)
    print_table(kind, times)
    return times


def figures(measured: Mapping[str, Times]) -> dict[str, object]:
    """The last line: the console's overhead as a share of the package's, by database and size."""

    def by_database(figure: Callable[[Mapping[str, list[float]], str], object], peer: str) -> dict[str, Any]:
        return {kind: {size: figure(of_size, peer) for size, of_size in of.items()} for kind, of in measured.items()}

    shares = by_database(share, PACKAGE)
    return {
        "overhead_vs_package": max(of_kind["2 KB"] for of_kind in shares.values()),
        "by_database": shares,
        "in_fifths_of_the_run": by_database(spread, PACKAGE),
        "by_database_config_cached": by_database(share, CACHED),
    }


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    return parser_of("What recording costs a call.", ROUNDS).parse_args(arguments)


def main(arguments: list[str]) -> None:
    """Print the table and the line of JSON."""
    options = parse(arguments)
    kinds = [options.database] if options.database else list(KINDS)
    try:
        measured = {kind: run(kind, options.postgres, options.amount) for kind in kinds}
    except (Unavailable, Spoilt) as error:
        raise SystemExit(str(error)) from None
    print(json.dumps(figures(measured)))


if __name__ == "__main__":
    main(sys.argv[1:])
