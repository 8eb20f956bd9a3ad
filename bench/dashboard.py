"""What the pages about calls cost, however long the log: the landing page, Latency, and the call log itself.

    python bench/dashboard.py --small | --full [--database sqlite | postgresql] [--postgres URL]

A database of its own is filled with calls of thirty days by the database itself, rolled up as a worker does, and asked
for its pages as a browser asks, without a network: the time is the server's, all middleware and templates included, the
median of several. Then the log grows tenfold (on PostgreSQL) and everything is measured again; with --full the sums are
then made those of ten times as many calls once more. Percentiles of thirty days are compared with `percentile_cont` over the
calls themselves, in time, and with nearest rank, in value.

Last comes a line of JSON. `page_ms_max` is the slowest page of figures (landing page, Latency; 24 hours, 7 and 30 days) on
any database and amount; `growth_1m_to_10m` by how much the slowest page of the larger log is slower than that of the
smaller; `vs_percentile_cont` how many times longer the database needs over the calls than the console over its sums;
`list_ms_max` the slowest page of the call log (first, filtered, the thousandth); `worst_error` how far a percentile is from
the exact one, as a part of it; `rollup_s_per_million` what rolling a million calls up takes; `purge_s_per_million` what
forgetting a million takes, by a tenth of them or as many as go in a minute and a half; `purge_lock_s` the longest that a
transaction of it, or of somebody who writes meanwhile, took. With --small amounts are
fifty times smaller, and the thousandth page is the last one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calls_candidates import HERE, Spoilt, console_environment
from command_line import parser_of
from databases import KINDS, fresh_database
from peers import Unavailable
from sync import told_by

Told = dict[str, Any]
PURGED = "purged"


@dataclass(frozen=True)
class Amount:
    """How many calls there are, how often each page is asked for, and whether sums are multiplied in the end."""

    calls: int
    rounds: int
    multiplied: bool


AMOUNTS = {"small": Amount(20_000, 5, False), "full": Amount(1_000_000, 9, True)}


def measured(kind: str, postgres: str, amount: Amount) -> list[Told]:
    """A database after each step of its growth.

    Raises:
        Spoilt: a page was not answered, or a process failed.
    """
    tenfold = kind == "postgresql"
    steps = [str(amount.calls), *([str(10 * amount.calls)] if tenfold else [])]
    steps += ["multiplied"] if tenfold and amount.multiplied else []
    steps += [PURGED]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, fresh_database(kind, postgres) as url:
        environment = console_environment(url, Path(folder))
        manage = [sys.executable, str(HERE.parent / "manage.py")]
        for command in ("migrate", "createcachetable", "collectstatic --noinput"):
            words = [*manage, *command.split(), "--verbosity", "0"]
            done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise Spoilt(f"{command} failed: {done.stderr[-1000:]}")
        measure = [sys.executable, "dashboard_console.py", str(amount.rounds)]
        return [told_by([*measure, step], environment) for step in steps]


def print_table(kind: str, found: list[Told]) -> None:
    """Each page at each size."""
    *found, purge = found
    print(f"\n{kind:<12}{'':<24}" + "".join(f"{told['name']:>22}" for told in found))
    for page in found[0]["pages"]:
        cells = (f"{told['pages'][page]:>19,.1f} ms" for told in found)
        print(f"{'':<12}{page:<24}{''.join(cells)}")
    for told in found:
        parts = [f"{told['name']}: generated in {told['generated_s']:.0f} s, rolled up in {told['rolled_s']:.0f} s"]
        if "exact_s" in told:
            parts.append(f"30 days by percentile_cont {told['exact_s']:.2f} s, from sums {told['sums_s']:.3f} s")
        print(f"{'':<12}{', '.join(parts)}", flush=True)
    print(
        f"{'':<12}{purge['purged']:,} calls forgotten in {purge['purge_s']:.0f} s, "
        f"the longest transaction {purge['purge_longest_s']:.2f} s, another's {purge['purge_others_s']:.2f} s",
        flush=True,
    )


def figures(found: dict[str, list[Told]]) -> dict[str, object]:
    """The last line."""
    every = [told for series in found.values() for told in series[:-1]]
    purges = [series[-1] for series in found.values()]
    told: dict[str, object] = {
        "page_ms_max": round(max(_slowest(each, "/") for each in every), 1),
        "list_ms_max": round(max(_slowest(each, "calls") for each in every), 1),
        "rollup_s_per_million": round(max(each["rolled_s_per_million"] for each in every), 1),
        "purge_s_per_million": round(max(each["purge_s"] / max(each["purged"], 1) * 1e6 for each in purges), 1),
        "purge_lock_s": round(max(max(each["purge_longest_s"], each["purge_others_s"]) for each in purges), 3),
    }
    if series := found.get("postgresql"):
        before, after = series[0], series[1]
        told["growth_1m_to_10m"] = round(_slowest(after, "/") / _slowest(before, "/"), 2)
        told["vs_percentile_cont"] = round(after["exact_s"] / after["sums_s"], 1)
        told["worst_error"] = round(max(each["worst_error"] for each in series[:2]), 4)
    return told


def _slowest(told: Told, kind: str) -> float:
    """Of the pages of figures, or of the call log."""
    pages: dict[str, float] = told["pages"]
    return max(ms for page, ms in pages.items() if page.startswith("calls") == (kind == "calls"))


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = parser_of("What the pages about calls cost.", AMOUNTS)
    parser.add_argument("--calls", type=int, help="another number of calls to begin with")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> None:
    """Print the tables and the line of JSON."""
    options, found = parse(arguments), {}
    amount = options.amount
    if options.calls:
        amount = Amount(options.calls, amount.rounds, amount.multiplied)
    try:
        for kind in [options.database] if options.database else KINDS:
            found[kind] = measured(kind, options.postgres, amount)
            print_table(kind, found[kind])
    except (Unavailable, Spoilt) as error:
        raise SystemExit(str(error)) from None
    print(json.dumps(figures(found)))


if __name__ == "__main__":
    main(sys.argv[1:])
