"""Bring up a real Wagtail on loopback, with N articles, for tests to sync against.

    python tests/peers/wagtail_peer.py --port 8090 --pages 1200
        [--home DIR] [--limit-max M]

It prints one line, ``ready http://127.0.0.1:8090/api/v2/pages/``, once the API has
answered, and then serves until SIGTERM or SIGINT. The articles are listed at

    /api/v2/pages/?type=articles.ArticlePage&fields=body,author,last_published_at
        &limit=20&offset=0&order=id

The first start makes a virtual environment and a database in the home folder, outside
the project; later starts reuse both, and another number of pages makes a database only.
Each start serves a fresh copy, so that no test finds what an earlier one changed. Exit
codes: 0 stopped, 1 failed, 2 the port cannot be had, 3 Wagtail could not be installed.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen
from types import FrameType
from typing import BinaryIO, NoReturn

Command = list[str | Path]
Environment = dict[str, str]

WAGTAIL = "8.0.1"
PINS = (f"wagtail=={WAGTAIL}", "Django==5.2.19")
HOST = "127.0.0.1"
HERE = Path(__file__).resolve().parent
SITE = HERE / "wagtail_site.py"
RECIPE = (SITE, HERE / "wagtail_articles.py")
FAILED, PORT_TAKEN, NOT_INSTALLED = 1, 2, 3
PR_SET_PDEATHSIG = 1  # from linux/prctl.h


class Refusal(Exception):
    """Why the peer cannot come up: one sentence and the exit code that goes with it."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


def number_from(lowest: int, highest: int = sys.maxsize) -> Callable[[str], int]:
    """An argument type: a whole number within these bounds."""

    def whole_number(text: str) -> int:
        if lowest <= int(text) <= highest:
            return int(text)
        raise ValueError(text)

    return whole_number


def default_home() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "console-peers" / f"wagtail-{WAGTAIL}"


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A real Wagtail, for tests.")
    parser.add_argument("--port", type=number_from(1, 65535), required=True)
    parser.add_argument("--pages", type=number_from(0), required=True)
    parser.add_argument("--home", type=Path, default=default_home())
    parser.add_argument("--limit-max", type=number_from(0), help="WAGTAILAPI_LIMIT_MAX")
    return parser.parse_args(arguments)


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def require_port(port: int) -> None:
    """Refuse a taken port before minutes are spent on an installation."""
    with socket.socket() as probe:
        # As the server does, so that a predecessor's closing connections do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            reason = f"Cannot listen on {HOST}:{port}: {error.strerror}."
            raise Refusal(reason, PORT_TAKEN) from None


@contextmanager
def alone_in(home: Path) -> Iterator[None]:
    """Let one launcher at a time build; a second one waits and finds all done."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def death_wish() -> Callable[[], None] | None:
    """Have Linux end a child when this process dies, even by SIGKILL."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl  # now: little is safe between fork and exec
    return lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(command: Command, log: BinaryIO, env: Environment) -> Popen[bytes]:
    return Popen(
        command,
        stdin=DEVNULL,
        stdout=log,
        stderr=STDOUT,
        env=env,
        preexec_fn=death_wish(),  # noqa: PLW1509 - this process has no threads
        process_group=0,
    )


def succeeds(command: Command, log: Path, env: Environment) -> bool:
    """Run a step of the preparation with its output in a file; leave no part of it."""
    with log.open("wb") as output, start(command, output, env) as step:
        try:
            return step.wait() == 0
        except BaseException:
            # The group: making a virtual environment has a child of its own.
            os.killpg(step.pid, signal.SIGKILL)
            raise


def clean_environment() -> Environment:
    """Ours without what would point the peer's Python at the caller's packages."""
    foreign = {"PYTHONPATH", "PYTHONHOME", "DJANGO_SETTINGS_MODULE"}
    return {name: value for name, value in os.environ.items() if name not in foreign}


def install(home: Path) -> Path:
    """The Python of a virtual environment that holds exactly the pinned versions."""
    venv, log = home / "venv", home / "install.log"
    python, stamp = venv / "bin" / "python", venv / "installed.txt"
    # A venv whose own Python was since removed has a dangling link here.
    if python.exists() and stamp.exists() and stamp.read_text() == " ".join(PINS):
        return python
    say(f"Installing Wagtail {WAGTAIL}, once ...")
    shutil.rmtree(venv, ignore_errors=True)
    make_venv(venv, log)
    pip_install(python, log)
    # Written last: an installation that was cut short has no stamp and is redone.
    stamp.write_text(" ".join(PINS))
    return python


def make_venv(venv: Path, log: Path) -> None:
    if not succeeds([sys.executable, "-m", "venv", venv], log, clean_environment()):
        sentence = f"This Python cannot make a virtual environment (see {log})."
        raise Refusal(sentence, NOT_INSTALLED)


def pip_install(python: Path, log: Path) -> None:
    command: Command = [python, "-m", "pip", "install", "--retries", "1", *PINS]
    if not succeeds(command, log, clean_environment()):
        sentence = f"pip could not get Wagtail {WAGTAIL} from a registry (see {log})."
        raise Refusal(sentence, NOT_INSTALLED)


def recipe() -> str:
    """Changes whenever a database made earlier would no longer be what is made now."""
    parts = [path.read_bytes() for path in RECIPE]
    return hashlib.sha256(b"".join([" ".join(PINS).encode(), *parts])).hexdigest()[:10]


def site_environment(database: Path, port: int, limit_max: int | None) -> Environment:
    environment = clean_environment() | {
        "PYTHONPATH": str(HERE),
        "WAGTAIL_PEER_DATABASE": str(database),
        "WAGTAIL_PEER_PORT": str(port),
    }
    environment.pop("WAGTAIL_PEER_LIMIT_MAX", None)
    if limit_max is not None:
        environment["WAGTAIL_PEER_LIMIT_MAX"] = str(limit_max)
    return environment


def make_database(home: Path, python: Path, pages: int) -> Path:
    """A database with this many pages, made under another name until it is complete."""
    database = home / f"articles-{pages}-{recipe()}.sqlite3"
    if database.exists():
        return database
    say(f"Creating {pages} pages, once ...")
    unfinished, log = home / "unfinished.sqlite3", home / "database.log"
    for leftover in (unfinished, Path(f"{unfinished}-journal")):
        leftover.unlink(missing_ok=True)
    environment = site_environment(unfinished, 80, None)
    if not succeeds([python, SITE, "fill", str(pages)], log, environment):
        raise Refusal(f"Wagtail's database could not be made (see {log}).", FAILED)
    return unfinished.rename(database)


def fresh_copy(database: Path, home: Path, port: int) -> Path:
    folder = home / f"serving-{port}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return shutil.copyfile(database, folder / "db.sqlite3")


def prepare(options: argparse.Namespace) -> tuple[Path, Path]:
    """The Python to serve with and the database to serve."""
    home = options.home.expanduser().absolute()
    with alone_in(home):
        python = install(home)
        database = make_database(home, python, options.pages)
    return python, fresh_copy(database, home, options.port)


def serve(options: argparse.Namespace) -> NoReturn:
    require_port(options.port)
    python, database = prepare(options)
    environment = site_environment(database, options.port, options.limit_max)
    # In place of this process, not below it: whatever ends the one ends the other.
    os.execve(python, [str(python), str(SITE), "serve"], environment)


def stop(_number: int, _frame: FrameType | None) -> NoReturn:
    """End the launcher, and with it the step of the preparation that is under way."""
    raise SystemExit(0)


def main(arguments: list[str]) -> None:
    options = parse(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        serve(options)
    except Refusal as refusal:
        say(str(refusal))
        raise SystemExit(refusal.code) from None


if __name__ == "__main__":
    main(sys.argv[1:])
