"""A fresh copy of the project in which `make run` is typed, and Ctrl-C pressed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from django.conf import settings

from tests.flows import processes

UP_S = 60.0
# What a newcomer's shell does not have: the tests' own settings, and the `make` they run under.
FOREIGN = (
    "ALLOWED_HOSTS",
    "CREDENTIAL_KEYS",
    "DATA_DIR",
    "DJANGO_SETTINGS_MODULE",
    "ENVIRONMENT",
    "HTTPS",
    "REDIS_URL",
)
FOREIGN_OF_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "SECRET_KEY")


@dataclass(frozen=True)
class Run:
    """`make run` in the foreground of a terminal of its own."""

    popen: subprocess.Popen[bytes]
    log: Path

    def output(self) -> str:
        """What it has printed so far."""
        return self.log.read_text()

    def interrupt(self) -> None:
        """What Ctrl-C does: SIGINT to everything in the foreground."""
        os.killpg(self.popen.pid, signal.SIGINT)


@dataclass(frozen=True)
class Copy:
    """The project as it was cloned, with its packages installed."""

    folder: Path
    database_url: str
    port: int
    sandbox_port: int

    @property
    def url(self) -> str:
        """Where the console will be."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def make_run(self) -> Iterator[Run]:
        """Type it; whatever is left of it at the end is killed."""
        log = self.folder / "output.log"
        with log.open("wb") as out:
            popen = subprocess.Popen(
                ["make", "run"],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield Run(popen, log)
        finally:
            for group in {row.group for row in processes.descendants(popen.pid)} | {popen.pid}:
                processes.kill_group(group)
            popen.wait()

    def manage(self, *arguments: str) -> None:
        """A management command in the copy: what it enqueues is signed with the copy's own key."""
        command = [".venv/bin/python", "manage.py", *arguments]
        subprocess.run(command, cwd=self.folder, env=self._environment(), capture_output=True, check=True)

    def is_up(self) -> bool:
        """Whether the login page is there, and the sandbox."""
        try:
            answer = requests.get(f"{self.url}/admin/login/", timeout=5)
        except requests.ConnectionError:
            return False
        return answer.ok and processes.listens(self.sandbox_port)

    def _environment(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if name not in {*FOREIGN, *FOREIGN_OF_MAKE}}
        ports = {"WEB_PORT": str(self.port), "SANDBOX_PORT": str(self.sandbox_port)}
        return {**ours, **ports, "DATABASE_URL": self.database_url}


def clone(folder: Path, database_url: str) -> Copy:
    """What git would bring, with this Python's packages under `.venv`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source = settings.BASE_DIR / name
        if source.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    _lend_packages(folder / ".venv")
    return Copy(folder, database_url, processes.free_port(), processes.free_port())


def _lend_packages(venv: Path) -> None:
    """Links to this environment, with a stamp that says that everything is installed."""
    venv.mkdir()
    for entry in Path(sys.prefix).iterdir():
        if not entry.name.startswith("installed"):
            (venv / entry.name).symlink_to(entry)
    (venv / "installed").touch()
