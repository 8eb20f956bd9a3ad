"""What a sync costs: the console against dlt's REST source, and against itself when nothing has changed.

    python bench/sync.py --small | --full [--database sqlite | postgresql] [--postgres URL]

A source on loopback lists records of about 1 KB, 100 a page. The console copies them as a worker does: a service of
the REST system, a run in slices, each call recorded, each batch of pages committed with its checkpoint; then once more
with nothing changed, once as a sync usually goes, asking for changes alone, and once reading all of it again; and ten
times as many, to see whether time and memory grow with the amount. dlt reads the same
list in the same run into the same PostgreSQL, merged on the id, once with its defaults and once with files of CSV,
which it copies faster; so do forty lines that do what no copy can do without and nothing else, twice too, which say
what there is to be won at all. Each run is a process of its own on an empty database, so that its peak of memory is its own;
the start of Python, the loading of packages and the making of tables are not counted. Afterwards the rows and calls
are counted, and a run in which one is missing fails. Of a small amount dlt's seconds are mostly those it always needs,
so that only --full says how the two compare.

Last comes a line of JSON. `first_vs_dlt` is dlt's time by its defaults divided by the console's, on PostgreSQL;
`changes_vs_first` the time of the first sync divided by that of one that asks for changes, `unchanged_vs_first` by that of
one that reads all of it again, each on the worse of the databases, and `bare_unchanged_vs_first` the latter of the bare
minimum;
`memory_growth_mib` what the peak of memory grew by while the amount grew tenfold; `tenfold_vs_ten` the time for ten
times as many divided by ten times the time, which is 1 where each record costs the same.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calls_candidates import HERE, Spoilt, console_environment, plain_environment, process
from command_line import parser_of
from databases import KINDS, fresh_database
from peers import Unavailable, python_with
from sync_server import SIZE

PEER = "dlt[postgres]==1.31.0"
FIRST, USUAL, AGAIN, TENFOLD = "first sync", "asks for changes", "reads all again", "ten times as many"
DLT, DLT_CSV = "dlt", "dlt, CSV"
BARE, BARE_AGAIN = "bare minimum", "bare, unchanged"

Told = dict[str, Any]
Runs = dict[str, list[Told]]


@dataclass(frozen=True)
class Amount:
    """How many records there are, how often all is measured, and whether the tenfold amount is."""

    records: int
    rounds: int
    kinds_tenfold: tuple[str, ...]


AMOUNTS = {"small": Amount(3_000, 1, ("postgresql",)), "full": Amount(100_000, 3, KINDS)}


def told_by(command: list[str], environment: Mapping[str, str]) -> Told:
    """What a process prints as its last line.

    Raises:
        Spoilt: it failed.
    """
    done = subprocess.run(command, cwd=HERE, env=dict(environment), capture_output=True, text=True, check=False)
    if done.returncode:
        raise Spoilt(f"{Path(command[1]).name} failed: {done.stderr[-1000:]}")
    found: Told = json.loads(done.stdout.splitlines()[-1])
    return found


def verify(name: str, told: Told, records: int) -> None:
    """The run did all that it was measured for.

    Raises:
        Spoilt: it did not.
    """
    wanted: Told = {"rows": records}
    if name == USUAL:
        few = min(
            max(told["items"], 1), records // 10
        )  # what changed in the last minutes before the newest comes again
        wanted |= {"state": "succeeded", "items": few, "created": 0, "unchanged": few}
    if name in {BARE, BARE_AGAIN}:
        wanted["written"] = 0 if name == BARE_AGAIN else records
    if name in {FIRST, AGAIN, TENFOLD}:
        wanted |= {"state": "succeeded", "items": records, "calls": records // SIZE, "pages": records // SIZE}
        wanted["unchanged" if name == AGAIN else "created"] = records
    if wrong := {key: told.get(key) for key, value in wanted.items() if told.get(key) != value}:
        raise Spoilt(f"{name}: {wrong} where there should be { ({key: wanted[key] for key in wrong}) }.")


@dataclass(frozen=True)
class Bench:
    """One kind of database and one source.

    Attributes:
        folder: for what the processes leave behind.
    """

    kind: str
    postgres: str
    source: str
    folder: Path

    @contextmanager
    def database(self) -> Iterator[str]:
        """A new one with the console's tables, made by another process than those whose memory is measured."""
        with fresh_database(self.kind, self.postgres) as url:
            manage = [sys.executable, str(HERE.parent / "manage.py"), "migrate", "--verbosity", "0"]
            done = subprocess.run(
                manage, env=console_environment(url, self.folder), capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise Spoilt(f"The tables could not be made: {done.stderr[-1000:]}")
            yield url

    def console(self, database: str, name: str, records: int) -> Told:
        """One sync by the console."""
        environment = console_environment(database, self.folder)
        mode = "changes" if name == USUAL else "full"
        told = told_by([sys.executable, "sync_console.py", f"{self.source}/{records}", mode], environment)
        verify(name, told, records)
        return told

    def peer(self, name: str, file_format: str, records: int) -> Told:
        """One sync by dlt."""
        python = str(python_with("dlt", (PEER,)))
        with fresh_database(self.kind, self.postgres) as database, tempfile.TemporaryDirectory() as folder:
            command = [python, "sync_dlt.py", f"{self.source}/{records}/", database, folder, file_format]
            told = told_by(command, plain_environment())
        verify(name, told, records)
        return told

    def bare(self, amount: Amount) -> dict[str, Told]:
        """The bare minimum, for the first time and once more."""
        found = {}
        with fresh_database(self.kind, self.postgres) as database:
            for name in (BARE, BARE_AGAIN):
                command = [sys.executable, "sync_bare.py", f"{self.source}/{amount.records}/records", database]
                found[name] = told_by(command, plain_environment())
                verify(name, found[name], amount.records)
        return found

    def rounds(self, amount: Amount) -> Runs:
        """All of them, one after the other, as often as asked for."""
        runs: Runs = defaultdict(list)
        for _ in range(amount.rounds):
            with self.database() as database:
                for name in (FIRST, USUAL, AGAIN):
                    runs[name].append(self.console(database, name, amount.records))
            if self.kind == "postgresql":
                runs[DLT].append(self.peer(DLT, "", amount.records))
                runs[DLT_CSV].append(self.peer(DLT_CSV, "csv", amount.records))
                for name, told in self.bare(amount).items():
                    runs[name].append(told)
        if self.kind in amount.kinds_tenfold:
            with self.database() as database:
                runs[TENFOLD].append(self.console(database, TENFOLD, 10 * amount.records))
        return runs


def median(runs: list[Told], name: str) -> float:
    """Of one figure."""
    return float(statistics.median(told[name] for told in runs))


def print_table(kind: str, runs: Runs) -> None:
    """Times with their spread, records a second, peaks of memory, and where the time of the console went."""
    print(f"\n{kind:<12}{'what':<20}{'records':>10}{'median':>10}{'spread':>18}{'a second':>10}{'peak':>10}")
    for name, found in runs.items():
        seconds, records = [told["seconds"] for told in found], found[0]["items" if "items" in found[0] else "rows"]
        spread = f"{min(seconds):.1f} to {max(seconds):.1f} s"
        middle, peak = median(found, "seconds"), median(found, "peak_mib")
        print(f"{'':<12}{name:<20}{records:>10,}{middle:>8.1f} s{spread:>18}{records / middle:>10,.0f}{peak:>6.0f} MiB")
    for name in (FIRST, AGAIN):
        stages = {
            stage: statistics.median(told["stages"].get(stage, 0) for told in runs[name]) for stage in _stages(runs)
        }
        print(
            f"{'':<12}{name}: {', '.join(f'{stage} {seconds:.1f} s' for stage, seconds in stages.items())}", flush=True
        )


def _stages(runs: Runs) -> list[str]:
    return list(dict.fromkeys(stage for told in (*runs[FIRST], *runs[AGAIN]) for stage in told["stages"]))


def figures(measured: Mapping[str, Runs]) -> dict[str, object]:
    """The last line."""
    found: dict[str, object] = {}
    if runs := measured.get("postgresql"):
        first = median(runs[FIRST], "seconds")
        found["first_vs_dlt"] = round(median(runs[DLT], "seconds") / first, 2)
        found["first_vs_dlt_csv"] = round(median(runs[DLT_CSV], "seconds") / first, 2)
        found["first_vs_bare"] = round(median(runs[BARE], "seconds") / first, 2)
        found["bare_unchanged_vs_first"] = _ratio(runs, BARE, BARE_AGAIN)
    usual, again = ({kind: _ratio(runs, FIRST, name) for kind, runs in measured.items()} for name in (USUAL, AGAIN))
    found |= {"changes_vs_first": min(usual.values())}
    found |= {"unchanged_vs_first": min(again.values()), "unchanged_by_database": again}
    tenfold = [runs for runs in measured.values() if TENFOLD in runs]
    if tenfold:
        growth = [median(runs[TENFOLD], "peak_mib") - median(runs[FIRST], "peak_mib") for runs in tenfold]
        found["memory_growth_mib"] = round(max(growth), 1)
        found["tenfold_vs_ten"] = max(round(_ratio(runs, TENFOLD, FIRST) / 10, 3) for runs in tenfold)
    return found


def _ratio(runs: Runs, name: str, other: str) -> float:
    return round(median(runs[name], "seconds") / median(runs[other], "seconds"), 2)


@contextmanager
def source(folder: Path) -> Iterator[str]:
    """The address of the list."""
    with process(sys.executable, "sync_server.py", env=plain_environment(), errors=folder / "server.log") as started:
        assert started.stdout
        yield started.stdout.readline().strip()


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    return parser_of("What a sync costs.", AMOUNTS).parse_args(arguments)


def main(arguments: list[str]) -> None:
    """Print the tables and the line of JSON."""
    options, measured = parse(arguments), {}
    try:
        for kind in [options.database] if options.database else KINDS:
            with tempfile.TemporaryDirectory(prefix="bench-") as name, source(Path(name)) as url:
                measured[kind] = Bench(kind, options.postgres, url, Path(name)).rounds(options.amount)
            print_table(kind, measured[kind])
    except (Unavailable, Spoilt) as error:
        raise SystemExit(str(error)) from None
    print(json.dumps(figures(measured)))


if __name__ == "__main__":
    main(sys.argv[1:])
