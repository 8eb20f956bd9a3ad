"""What making the pictures of a photograph costs: the console against plain django-imagekit and against pyvips.

    python bench/media.py --small | --full

Three candidates make the same four pictures of the same photographs, of 12 and 24 megapixels in turn: a thumbnail
of 300 × 200 and a large one within 1200 × 800, as JPEG and as WebP, with the same qualities. They take turns photograph
by photograph, in an order that turns too, each in a process of its own whose greatest memory is told; the console's
starts another one for each photograph, since it trusts none, and that is measured with it. A run in which one of them
made other pictures than the rest fails.

Then the photographs are uploaded to a console of its own, and while its worker validates them and makes their
pictures, the upload page is asked for again and again, until all are judged.

Last comes a line of JSON: `vs_pyvips` and `vs_plain_imagekit` are the console's time divided by theirs, by medians of
the same photographs, `page_p95_ms` the milliseconds within which 95 of 100 upload pages came meanwhile.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

import media_page
import media_photos
from calls_candidates import HERE, Spoilt, plain_environment, process
from command_line import parser_of
from peers import Unavailable, python_with

OURS, IMAGEKIT, VIPS = "console", "plain django-imagekit", "pyvips"
PYVIPS = "pyvips[binary]==3.0.0"
PHOTOGRAPHS = {"small": 6, "full": 100}
ROUNDS = 3  # over every photograph

Did = dict[str, Any]  # seconds, what was made, peak_mib
Found = dict[str, dict[str, list[Did]]]


def ask(worker: Popen[str], path: Path, errors: Path) -> Did:
    """One photograph."""
    assert worker.stdin
    assert worker.stdout
    worker.stdin.write(f"{json.dumps(str(path))}\n")
    worker.stdin.flush()
    line = worker.stdout.readline()
    if not line:
        raise Spoilt(f"{errors.stem} ended: {errors.read_text()[-1000:]}")
    did: Did = json.loads(line)
    return did


@contextmanager
def candidates(folder: Path) -> Iterator[dict[str, tuple[Popen[str], Path]]]:
    """All of them, ready."""
    python = python_with("vips", (PYVIPS,))
    env = plain_environment()
    commands: dict[str, tuple[str | Path, list[str], dict[str, str]]] = {
        OURS: (sys.executable, ["media_ours.py"], {**env, "PYTHONPATH": str(HERE.parent)}),
        IMAGEKIT: (sys.executable, ["media_imagekit.py", str(folder)], env),
        VIPS: (python, ["media_vips.py"], env),
    }
    with ExitStack() as stack:
        started = {}
        for name, (interpreter, command, environment) in commands.items():
            errors = folder / f"{name}.log"
            worker = stack.enter_context(process(interpreter, *command, env=environment, errors=errors))
            assert worker.stdout
            worker.stdout.readline()
            started[name] = (worker, errors)
        yield started


def measure(files: Mapping[str, list[Path]], folder: Path) -> Found:
    """What each candidate did, by size of photograph."""
    found: Found = {size: {name: [] for name in (OURS, IMAGEKIT, VIPS)} for size in files}
    with candidates(folder) as started:
        turns = deque(started.items())
        for name, (worker, errors) in started.items():
            for paths in files.values():
                found_first = ask(worker, paths[0], errors)  # what is loaded at the first one is not measured
                assert found_first["made"], name
        for _ in range(ROUNDS):
            for size, paths in files.items():
                for path in paths:
                    turns.rotate()
                    for name, (worker, errors) in turns:
                        found[size][name].append(ask(worker, path, errors))
    return found


def verify(found: Found) -> None:
    """All made the same pictures.

    Raises:
        Spoilt: they did not.
    """
    for size, of_size in found.items():
        made = {name: {tuple(sorted(did["made"])) for did in dids} for name, dids in of_size.items()}
        if len(set.union(*made.values())) != 1:
            raise Spoilt(f"Of photographs of {size} the candidates did not make the same pictures: {made}.")


def seconds(dids: list[Did]) -> list[float]:
    """Of each photograph."""
    return [did["seconds"] for did in dids]


def share(of_size: Mapping[str, list[Did]], peer: str) -> float:
    """The console's median time divided by the peer's."""
    return round(statistics.median(seconds(of_size[OURS])) / statistics.median(seconds(of_size[peer])), 3)


def peak(found: Found, name: str) -> int:
    """MiB that the candidate's process needed at most."""
    return round(max(float(did["peak_mib"]) for of_size in found.values() for did in of_size[name]))


def print_table(found: Found) -> None:
    """Medians, spread, photographs a second, memory."""
    print(f"\n{'photograph':<12}{'candidate':<24}{'median':>10}{'quartiles':>20}{'a second':>10}{'most memory':>13}")
    for size, of_size in found.items():
        for name, dids in of_size.items():
            low, middle, high = (each * 1000 for each in statistics.quantiles(seconds(dids), n=4))
            quartiles = f"{low:.0f} to {high:.0f} ms"
            print(
                f"{size:<12}{name:<24}{middle:>7.0f} ms{quartiles:>20}{1000 / middle:>10.1f}{peak(found, name):>9} MiB",
                flush=True,
            )


def p95(times: list[float]) -> float:
    """Milliseconds within which 95 of 100 came."""
    return round(sorted(times)[len(times) * 95 // 100], 1)


def figures(found: Found, pages: list[float]) -> dict[str, object]:
    """The last line: the worse of both sizes."""
    return {
        "vs_pyvips": max(share(of_size, VIPS) for of_size in found.values()),
        "vs_plain_imagekit": max(share(of_size, IMAGEKIT) for of_size in found.values()),
        "page_p95_ms": p95(pages),
        "peak_mib": {name: peak(found, name) for name in (OURS, IMAGEKIT, VIPS)},
        "by_photograph": {
            size: {peer: share(of_size, peer) for peer in (VIPS, IMAGEKIT)} for size, of_size in found.items()
        },
    }


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    return parser_of("What making the pictures of a photograph costs.", PHOTOGRAPHS).parse_args(arguments)


def main(arguments: list[str]) -> None:
    """Print the tables and the line of JSON."""
    options = parse(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            files = media_photos.write(Path(name), options.amount)
            found = measure(files, Path(name))
            verify(found)
            print_table(found)
            pages = media_page.measure([path for paths in files.values() for path in paths])
    except (Unavailable, Spoilt) as error:
        raise SystemExit(str(error)) from None
    print(f"\nThe upload page came {len(pages)} times meanwhile, 95 of 100 within {p95(pages):.0f} ms.")
    print(json.dumps(figures(found, pages)))


if __name__ == "__main__":
    main(sys.argv[1:])
