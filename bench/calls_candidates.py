"""The candidates of the benchmark of calls: processes that do what they are told, each in a clean environment."""

from __future__ import annotations

import json
import os
import secrets
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import dj_database_url
from calls_server import PATHS, SIZES
from databases import fresh_database
from peers import python_with

HERE = Path(__file__).resolve().parent
# 0.7.1 is the last that runs on Python 3.11. From 0.8 on its default is a thread that writes in batches after
# the call has returned, which is another promise than a row for every call. The others are as in our environment.
PEER = "django-log-outgoing-requests==0.7.1"
ALIKE = {"Django": "", "psycopg": "[binary]", "requests": "", "urllib3": ""}
# Those of console/settings.py; that they come to the same durability is checked after each run.
OPTIONS: dict[str, dict[str, object]] = {
    "sqlite": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    },
    "postgresql": {"connect_timeout": 3, "prepare_threshold": 5},
}
BARE, OURS, PACKAGE, CACHED = "bare session", "console", "package", "package, config cached"
COMMIT = "a commit alone"


class Spoilt(Exception):
    """The run says nothing, because a candidate did not do what it was measured for."""


class Candidate:
    """A worker process, and what it was asked so far."""

    def __init__(self, worker: Popen[str], errors: Path) -> None:
        self._worker = worker
        self._errors = errors
        self.asked = dict.fromkeys(SIZES, 0)
        self._read()

    def times(self, server: str, size: str, calls: int) -> list[float]:
        """Microseconds of each of so many calls."""
        self.asked[size] += calls
        found: list[float] = self._do(do="call", url=f"{server}{PATHS[size]}", calls=calls)
        return found

    def kept(self) -> Any:
        """What it finds in its database."""
        return self._do(do="kept")

    def _do(self, **order: object) -> Any:
        assert self._worker.stdin
        self._worker.stdin.write(f"{json.dumps(order)}\n")
        self._worker.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._worker.stdout
        line = self._worker.stdout.readline()
        if not line:
            raise Spoilt(f"{self._errors.stem} ended: {self._errors.read_text()[-1000:]}")
        return json.loads(line)


@contextmanager
def process(python: str | Path, *command: str, env: Mapping[str, str], errors: Path) -> Iterator[Popen[str]]:
    """A process beside us that ends with the block; what it logs goes to a file, as a service's does."""
    arguments = [str(python), str(HERE / command[0]), *command[1:]]
    with (
        errors.open("wb") as log,
        Popen(arguments, stdin=PIPE, stdout=PIPE, stderr=log, text=True, env=dict(env), cwd=HERE.parent) as started,
    ):
        try:
            yield started
        finally:
            started.kill()


def plain_environment() -> dict[str, str]:
    """Ours without what would point a candidate at other packages, settings or proxies."""
    foreign = {
        "PYTHONPATH",
        "PYTHONHOME",
        "DJANGO_SETTINGS_MODULE",
        "http_proxy",
        "HTTP_PROXY",
        "all_proxy",
        "ALL_PROXY",
    }
    return {name: value for name, value in os.environ.items() if name not in foreign}


def console_environment(database: str, folder: Path) -> dict[str, str]:
    """A production console on that database."""
    return plain_environment() | {
        "PYTHONPATH": str(HERE.parent),
        "SECRET_KEY": secrets.token_hex(40),
        "CREDENTIAL_KEYS": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "DATABASE_URL": database,
        "DATA_DIR": str(folder),
        "REDIS_URL": "",
        "ENVIRONMENT": "production",
        "LOG_LEVEL": "INFO",
    }


def package_environment(database: str, kind: str) -> dict[str, str]:
    """The package on that database."""
    settings = {**dj_database_url.parse(database), "OPTIONS": OPTIONS[kind]}
    return plain_environment() | {"BENCH_DATABASE": json.dumps(settings)}


def peer_python() -> Path:
    """The Python of the package's environment."""
    return python_with("package", (PEER, *(f"{name}{extra}=={version(name)}" for name, extra in ALIKE.items())))


@contextmanager
def candidates(kind: str, postgres: str, folder: Path) -> Iterator[dict[str, Candidate]]:
    """All of them, each on a database of its own of that kind."""
    with ExitStack() as stack:

        def database() -> str:
            return stack.enter_context(fresh_database(kind, postgres))

        def start(name: str, python: str | Path, *command: str, env: Mapping[str, str]) -> Candidate:
            errors = folder / f"{name}.log"
            return Candidate(stack.enter_context(process(python, *command, env=env, errors=errors)), errors)

        ours = {name: console_environment(database(), folder) for name in (COMMIT, OURS)}
        package = {name: package_environment(database(), kind) for name in (PACKAGE, CACHED)}
        peer = peer_python()
        yield {
            COMMIT: start(COMMIT, sys.executable, "calls_commit.py", env=ours[COMMIT]),
            BARE: start(BARE, sys.executable, "calls_bare.py", env=plain_environment()),
            OURS: start(OURS, sys.executable, "calls_console.py", env=ours[OURS]),
            PACKAGE: start(PACKAGE, peer, "calls_package.py", env=package[PACKAGE]),
            CACHED: start(CACHED, peer, "calls_package.py", "--cached", env=package[CACHED]),
        }
