"""How fast the upload page is while the worker has its hands full."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from calls_candidates import HERE, Spoilt, console_environment
from databases import fresh_database
from webhooks import free_port, serving

PAGE = "/admin/integrations/mediaattachment/add/"
PAUSE_S = 0.05
PATIENCE_S = 1200


def _console(environment: Mapping[str, str], *command: str) -> Any:
    told = [sys.executable, str(HERE / "media_console.py"), *command]
    done = subprocess.run(told, env=dict(environment), cwd=HERE.parent, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Spoilt(f"The console could not be used: {done.stderr[-500:]}")
    return json.loads(done.stdout) if done.stdout else None


@contextmanager
def _working(environment: Mapping[str, str], folder: Path) -> Iterator[None]:
    """The worker we ship."""
    with (folder / "worker.log").open("wb") as log:
        command = [sys.executable, str(HERE.parent / "manage.py"), "worker"]
        worker = subprocess.Popen(command, env=dict(environment), cwd=HERE.parent, stdout=log, stderr=log)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()


def _asked(url: str, session: requests.Session) -> float:
    """Milliseconds until the whole page is here."""
    started = time.perf_counter()
    answer = session.get(url, timeout=30, allow_redirects=False)
    if answer.status_code != 200 or "data-drop" not in answer.text:
        raise Spoilt(f"The upload page answered {answer.status_code}.")
    return (time.perf_counter() - started) * 1000


def measure(files: list[Path]) -> list[float]:
    """Milliseconds of each time the page was asked for, from the upload of the files until all are judged."""
    with fresh_database("sqlite", "") as url, tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder, port = Path(name), free_port()
        environment = console_environment(url, folder) | {
            "DJANGO_SETTINGS_MODULE": "console.settings",
            "PYTHONPATH": f"{HERE.parent}:{HERE}",
            "HTTPS": "false",
            "WEB_PORT": str(port),
            "LOG_LEVEL": "WARNING",
        }
        session = requests.Session()
        session.cookies.update(_console(environment, "prepare"))
        with serving(environment, folder):
            _asked(f"http://127.0.0.1:{port}{PAGE}", session)  # the first compiles its templates
            _console(environment, "bring", *map(str, files))
            with _working(environment, folder):
                return _until_judged(environment, f"http://127.0.0.1:{port}{PAGE}", session)


def verify(told: str) -> None:
    """The worker has accepted all.

    Raises:
        Spoilt: it has not.
    """
    if not told:
        raise Spoilt("The worker has not come to the end of the photographs.")
    if refused := json.loads(told):
        raise Spoilt(f"Of the photographs {refused} were refused.")


def _until_judged(environment: Mapping[str, str], url: str, session: requests.Session) -> list[float]:
    times: list[float] = []
    until = time.monotonic() + PATIENCE_S
    with subprocess.Popen(
        [sys.executable, str(HERE / "media_console.py"), "wait"],
        env=dict(environment),
        cwd=HERE.parent,
        stdout=subprocess.PIPE,
        text=True,
    ) as waiting:
        while waiting.poll() is None and time.monotonic() < until:
            times.append(_asked(url, session))
            time.sleep(PAUSE_S)
        waiting.kill()
        told, _ = waiting.communicate()
    verify(told)
    return times
