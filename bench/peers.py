"""Environments for the packages we are measured against: made once, outside the project, with pinned versions."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Unavailable(Exception):
    """Something the benchmark needs cannot be had; the text says what and why."""


def home() -> Path:
    """Where environments and databases of benchmarks are; on a real disk, so that a commit costs what it costs."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(cache) / "console-peers"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def python_with(name: str, pins: tuple[str, ...]) -> Path:
    """The Python of an environment that holds these packages.

    Raises:
        Unavailable: it cannot be made here.
    """
    folder = home() / f"bench-{name}-{sys.version_info.major}.{sys.version_info.minor}"
    python, stamp = folder / "bin" / "python", folder / "installed.txt"
    with _alone(folder):
        # A venv whose own Python was since removed has a dangling link here.
        if not (python.exists() and stamp.exists() and stamp.read_text() == " ".join(pins)):
            print(f"Installing {pins[0]}, once ...", file=sys.stderr, flush=True)
            shutil.rmtree(folder, ignore_errors=True)
            _run(name, [sys.executable, "-m", "venv", str(folder)])
            _run(name, [str(python), "-m", "pip", "install", "--quiet", "--retries", "1", *pins])
            # Written last: an installation that was cut short has no stamp and is redone.
            stamp.write_text(" ".join(pins))
    return python


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(name: str, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"The environment for {name} could not be made: {done.stderr.strip()[-500:]}")
