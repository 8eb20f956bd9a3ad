"""What recording costs a call: the console against django-log-outgoing-requests, both over a bare session.

    python bench/calls.py --small | --full [--database sqlite | postgresql] [--postgres URL]

Three candidates ask the same remote on loopback for the same JSON over connections that stay open, in blocks
that take turns, so that whatever else the machine does hits all of them alike. The two that record keep the
bodies, each in an empty database of its own of the same kind with the same durability; afterwards the rows and
bodies they kept are compared with what was asked, and a run in which anything is missing fails. The overhead of
a candidate is the median of its times less the median of the bare session's.

Last comes a line of JSON: `overhead_vs_package` is the console's overhead divided by the package's for answers
of 2 KB, on the worse of the databases. Two more rows help to judge it: the package with its configuration row
cached, which its documentation does not mention, and a commit alone, which both overheads contain: on a slow or
busy disk it outweighs all else and every ratio goes towards 1.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

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
from databases import KINDS
from peers import Unavailable

POSTGRES = "postgres://postgres@127.0.0.1:5432/"
WARM_UP = 20


@dataclass(frozen=True)
class Amount:
    """How many calls make a block, and how often each candidate has its turn."""

    blocks: int
    calls: int


AMOUNTS = {"small": Amount(40, 15), "full": Amount(100, 30)}


Times = dict[str, dict[str, list[float]]]


def measure(found: Mapping[str, Candidate], server: str, amount: Amount) -> Times:
    """Microseconds of every call, by size and candidate; the candidates take turns."""
    times: Times = {size: {name: [] for name in found} for size in SIZES}
    for size in SIZES:
        for candidate in found.values():
            candidate.times(server, size, WARM_UP)
        for _ in range(amount.blocks):
            for name, candidate in found.items():
                times[size][name] += candidate.times(server, size, amount.calls)
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
    """Microseconds that each candidate needs more than the bare session, by medians."""
    bare = statistics.median(times[BARE])
    return {name: statistics.median(found) - bare for name, found in times.items() if name not in {BARE, COMMIT}}


def print_table(kind: str, times: Times) -> None:
    """Medians, quartiles, overheads."""
    print(f"\n{kind:<12}{'answer':<8}{'candidate':<24}{'calls':>6}{'median':>10}{'quartiles':>20}{'overhead':>11}")
    for size, of_size in times.items():
        over = overheads(of_size)
        for name, found in of_size.items():
            low, middle, high = statistics.quantiles(found, n=4)
            spread = f"{low:.0f} to {high:.0f} µs"
            more = f"{over[name]:>8.0f} µs" if name in over else ""
            print(f"{'':<12}{size:<8}{name:<24}{len(found):>6}{middle:>7.0f} µs{spread:>20}{more:>11}", flush=True)


def run(kind: str, postgres: str, amount: Amount) -> Times:
    """One kind of database: measured, verified, printed."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        found = stack.enter_context(candidates(kind, postgres, folder))
        remote = process(sys.executable, "calls_server.py", env=plain_environment(), errors=folder / "server.log")
        listening = stack.enter_context(remote).stdout
        assert listening
        times = measure(found, listening.readline().strip(), amount)
        verify(found)
    print_table(kind, times)
    return times


def figures(measured: Mapping[str, Times]) -> dict[str, object]:
    """The last line: the console's overhead as a share of the package's, by database and size."""
    shares = {peer: {kind: _shares(times, peer) for kind, times in measured.items()} for peer in (PACKAGE, CACHED)}
    return {
        "overhead_vs_package": max(of_kind["2 KB"] for of_kind in shares[PACKAGE].values()),
        "by_database": shares[PACKAGE],
        "by_database_config_cached": shares[CACHED],
    }


def _shares(times: Times, peer: str) -> dict[str, float]:
    over = {size: overheads(of_size) for size, of_size in times.items()}
    return {size: round(found[OURS] / found[peer], 3) for size, found in over.items()}


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="What recording costs a call.")
    amount = parser.add_mutually_exclusive_group(required=True)
    for name, value in AMOUNTS.items():
        amount.add_argument(f"--{name}", dest="amount", action="store_const", const=value)
    parser.add_argument("--database", choices=KINDS, help="one of them only")
    parser.add_argument("--postgres", default=os.environ.get("BENCH_POSTGRES", POSTGRES), help="URL of the server")
    return parser.parse_args(arguments)


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
