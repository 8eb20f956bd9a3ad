"""What receiving a delivery costs: the console against a bare Django view that does one INSERT.

    python bench/webhooks.py --small | --full [--database sqlite | postgresql] [--postgres URL]

Both views are in the same process of the web server we ship, behind the same middleware, on the same database. They
take turns at deliveries of about 6 KB, each signed and each with an id of its own, from 1, 20 and 100 clients on
connections that stay open. The console verifies, parses and stores them with their headers and their bells; afterwards
the rows of both are counted, and a run in which anything is missing fails. The clients share the machine with the
server, which costs both alike.

Last comes a line of JSON: `throughput_vs_bare` is what the console accepts a second divided by what the bare view does
at 20 clients, `p99_ms_20_clients` the milliseconds within which 99 of 100 deliveries were answered then, both on
the worse of the databases.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from calls_candidates import HERE, Spoilt, console_environment
from command_line import parser_of
from databases import KINDS, fresh_database
from peers import Unavailable
from webhooks_load import PATHS, Took, request, send

BARE, OURS = PATHS
CLIENTS = (1, 20, 100)
JUDGED = 20
ROUNDS = {"small": 10, "full": 40}  # many and short, so that whatever else the machine does hits both alike
DELIVERIES = {1: 15, 20: 100, 100: 100}  # in a turn
WARM_UP = 100
START_S = 30

Turns = dict[int, dict[str, list[Took]]]


def measure(port: int, amount: str) -> Turns:
    """Both by turns, in an order that turns too."""
    numbers = count()
    turns: Turns = {clients: {name: [] for name in PATHS} for clients in CLIENTS}

    def take(name: str, clients: int, deliveries: int) -> Took:
        return send(port, [request(PATHS[name], next(numbers)) for _ in range(deliveries)], clients)

    for name in PATHS:
        take(name, 4, WARM_UP)
    for turn in range(ROUNDS[amount]):
        for clients in CLIENTS:
            for name in sorted(PATHS, reverse=bool(turn % 2)):
                turns[clients][name].append(take(name, clients, DELIVERIES[clients]))
    return turns


def verify(kept: Mapping[str, int], amount: str) -> None:
    """Everything that was answered with 200 is there, processed by nobody yet, with its bell.

    Raises:
        Spoilt: it is not.
    """
    sent = WARM_UP + ROUNDS[amount] * sum(DELIVERIES.values())
    if set(kept.values()) != {sent}:
        raise Spoilt(f"Of {sent} deliveries each, this was kept: {kept}.")


@contextmanager
def serving(environment: Mapping[str, str], folder: Path) -> Iterator[int]:
    """The port of the web server we ship, in a process of its own."""
    port = int(environment["WEB_PORT"])
    with (folder / "web.log").open("wb") as log:
        command = [sys.executable, str(HERE.parent / "manage.py"), "web"]
        server = subprocess.Popen(command, env=dict(environment), cwd=HERE.parent, stdout=log, stderr=log)
    try:
        _wait_for(port, time.monotonic() + START_S)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int, until: float) -> None:
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise Unavailable("The web server does not start.")


def free_port() -> int:
    """One on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _database(environment: Mapping[str, str], verb: str) -> str:
    command = [sys.executable, str(HERE / "webhooks_database.py"), verb]
    done = subprocess.run(command, env=dict(environment), cwd=HERE.parent, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Spoilt(f"The database could not be used: {done.stderr[-500:]}")
    return done.stdout


def run(kind: str, postgres: str, amount: str) -> Turns:
    """One kind of database: measured, verified, printed."""
    with fresh_database(kind, postgres) as url, tempfile.TemporaryDirectory(prefix="bench-") as name:
        environment = console_environment(url, Path(name)) | {
            "DJANGO_SETTINGS_MODULE": "webhooks_settings",
            "PYTHONPATH": f"{HERE.parent}:{HERE}",
            "HTTPS": "false",
            "WEB_PORT": str(free_port()),
            "LOG_LEVEL": "WARNING",
        }
        _database(environment, "prepare")
        with serving(environment, Path(name)) as port:
            turns = measure(port, amount)
        verify(json.loads(_database(environment, "count")), amount)
    print_table(kind, turns)
    return turns


def rate(found: list[Took]) -> float:
    """Deliveries a second in the middle of the turns."""
    return statistics.median(len(took.each) / took.seconds for took in found)


def share(turns: Turns, clients: int) -> float:
    """The console's rate as a share of the bare view's in the same round; the middle of the rounds."""
    pairs = zip(turns[clients][OURS], turns[clients][BARE], strict=True)
    return round(statistics.median(bare.seconds / ours.seconds for ours, bare in pairs), 3)


def percentile(found: list[Took], of_100: int) -> float:
    """Milliseconds, over all turns."""
    each = sorted(took for turn in found for took in turn.each)
    return round(each[min(len(each) - 1, len(each) * of_100 // 100)], 1)


def print_table(kind: str, turns: Turns) -> None:
    """One line for each view and number of clients."""
    print(f"\n{kind:<12}{'clients':>8}{'':4}{'view':<12}{'a second':>10}{'spread':>12}{'p50':>9}{'p95':>9}{'p99':>9}")
    for clients, of_clients in turns.items():
        for name, found in of_clients.items():
            rates = [len(took.each) / took.seconds for took in found]
            spread = f"{min(rates):.0f}–{max(rates):.0f}"
            times = "".join(f"{percentile(found, each):>6.1f} ms" for each in (50, 95, 99))
            more = f"   {share(turns, clients):.2f} of the bare view" if name == OURS else ""
            print(f"{'':<12}{clients:>8}{'':4}{name:<12}{rate(found):>10.0f}{spread:>12}{times}{more}", flush=True)


def figures(measured: Mapping[str, Turns]) -> dict[str, object]:
    """The last line."""
    return {
        "throughput_vs_bare": min(share(turns, JUDGED) for turns in measured.values()),
        "p99_ms_20_clients": max(percentile(turns[JUDGED][OURS], 99) for turns in measured.values()),
        "by_database": {kind: {n: share(turns, n) for n in CLIENTS} for kind, turns in measured.items()},
        "a_second": {kind: {n: round(rate(turns[n][OURS])) for n in CLIENTS} for kind, turns in measured.items()},
    }


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    return parser_of("What receiving a delivery costs.", {name: name for name in ROUNDS}).parse_args(arguments)


def main(arguments: list[str]) -> None:
    """Print the tables and the line of JSON."""
    options = parse(arguments)
    kinds = [options.database] if options.database else list(KINDS)
    try:
        measured = {kind: run(kind, options.postgres, options.amount) for kind in kinds}
    except (Unavailable, Spoilt) as error:
        raise SystemExit(str(error)) from None
    print(json.dumps(figures(measured)))


if __name__ == "__main__":
    main(sys.argv[1:])
