"""A whole console in a temporary folder: its own database, files and ports, its real processes.

    with deploy(folder) as deployment:
        deployment.start_sandbox()
        worker = deployment.start_worker()
        Service.objects.create(slug="cms", system="cms", base_url=f"{deployment.sandbox_url}/cms", ...)
        deployment.run("sync", "cms", "--wait")

Inside the block the ORM and the verbs of the test's own process work on the deployment's database, so
that a test asks and looks with `Model.objects`. At the end every process is killed and the database is
dropped, also when the test fails. The fixture `deployment` is one of these per test.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from django.conf import settings

from tests.flows import processes
from tests.flows.databases import fresh_database, orm_on

START_S = 30.0
# What `make run` has on one machine, where the defaults are those of production.
FIRST_START = {"DJANGO_SETTINGS_MODULE": "console.settings", "HTTPS": "false", "ENVIRONMENT": "development"}
PASSWORD = "the password of the first superuser"


class Failed(Exception):
    """A command or process of the deployment failed; the text is what it printed."""


@dataclass(frozen=True)
class Running:
    """A process of the deployment, leader of a group of its own, and where its output goes."""

    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """Of the command itself."""
        return self.popen.pid

    def output(self) -> str:
        """What it has printed so far."""
        return self.log.read_text()

    def stop(self, at_most: float = 60) -> int:
        """SIGTERM, and the exit code."""
        self.popen.terminate()
        return self.popen.wait(at_most)


@dataclass(frozen=True)
class Deployment:
    """One console; see the module's text."""

    folder: Path
    env: dict[str, str]  # what differs for its processes from this one's
    port: int = field(default_factory=processes.free_port)
    sandbox_port: int = field(default_factory=processes.free_port)
    _started: list[Running] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the web server is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """Where the sandboxes are; a System's is at <sandbox_url>/<slug>."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    def run(self, *arguments: str) -> str:
        """What a management command prints.

        Raises:
            Failed: its exit code is not 0.
        """
        done = subprocess.run(
            self._manage(*arguments),
            env=self._environment(),
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Failed(f"manage.py {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def fault(self, slug: str, **fault: object) -> None:
        """Switch a fault of a System's sandbox on, see `integrations/faults.py`; without any it is switched off."""
        method = requests.post if fault else requests.delete
        method(f"{self.sandbox_url}/_faults/{slug}/", json=fault, timeout=10).raise_for_status()

    def start_worker(self) -> Running:
        """Start `manage.py worker`; returns when it is supervising, not when its first task has run."""
        worker = self.start("worker", *self._manage("worker"))
        self.wait_until(worker, lambda: processes.children(worker.pid))
        return worker

    def start_sandbox(self, port: int | None = None) -> Running:
        """Start `manage.py sandbox`, on another port if something stands in front of it; returns when it answers."""
        at = port or self.sandbox_port
        sandbox = self.start("sandbox", *self._manage("sandbox", "--port", str(at)))
        self.wait_until(sandbox, lambda: processes.listens(at))
        return sandbox

    def start_web(self) -> Running:
        """Start the web server with the line of the Procfile; returns when it answers."""
        lines = (settings.BASE_DIR / "Procfile").read_text().splitlines()
        command = next(line.removeprefix("web: ") for line in lines if line.startswith("web: "))
        web = self.start("web", "/bin/sh", "-c", command)
        self.wait_until(web, lambda: processes.listens(self.port))
        return web

    def start(self, name: str, *command: str) -> Running:
        """Start anything else in the deployment's environment and the project's folder."""
        log = self.folder / f"{name}-{len(self._started)}.log"
        with log.open("wb") as out:
            popen = subprocess.Popen(
                command,
                env=self._environment(),
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started.append(Running(popen, log))
        return self._started[-1]

    @staticmethod
    def wait_until(running: Running, ready: processes.Happened) -> None:
        """Wait for a process that was started.

        Raises:
            Failed: it ended instead.
        """
        processes.seconds_until(lambda: ready() or running.popen.poll() is not None, START_S, f"{running.log.stem} up")
        if running.popen.poll() is not None:
            raise Failed(running.output())

    def close(self) -> None:
        """Kill everything that was started, with whatever that has started."""
        groups = [process.group for running in self._started for process in processes.descendants(running.pid)]
        for group in {*groups, *(running.pid for running in self._started)}:
            processes.kill_group(group)
        for running in self._started:
            running.popen.wait()

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.env, "WEB_PORT": str(self.port), "SANDBOX_PORT": str(self.sandbox_port)}

    def _manage(self, *arguments: str) -> list[str]:
        return [sys.executable, "manage.py", *arguments]


@contextmanager
def deploy(folder: Path, template: str = "", *, first_start: bool = False) -> Iterator[Deployment]:
    """A console with a fresh, migrated database; nothing runs yet.

    Args:
        folder: for its files, the processes' output among them; the caller removes it.
        template: the URL of a migrated database to copy, which saves the seconds of migrating.
        first_start: with the real settings and what `manage.py prepare --demo` leaves: static files, two
            services and the superuser `admin`, whose password is PASSWORD.
    """
    with fresh_database(folder, template) as database_url, orm_on(database_url):
        deployment = Deployment(
            folder,
            {
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "DATABASE_URL": database_url,
                "DATA_DIR": str(folder),
                "SECRET_KEY": settings.SECRET_KEY,
                "CREDENTIAL_KEYS": ",".join(settings.CREDENTIAL_KEYS),
                "ALLOWED_HOSTS": "127.0.0.1,localhost",
                "WORKERS": "2",
                "LOG_LEVEL": "INFO",
                **(FIRST_START | {"CONSOLE_ADMIN_PASSWORD": PASSWORD} if first_start else {}),
            },
        )
        try:
            if first_start:
                deployment.run("prepare", "--demo")
            elif not template:
                deployment.run("migrate")
                deployment.run("createcachetable")
            yield deployment
        finally:
            deployment.close()
