"""The system's process table, as `ps` gives it on Linux and macOS."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

Happened = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One process that is not a zombie."""

    pid: int
    parent: int
    group: int


def table() -> list[Row]:
    """Every living process."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,pgid=,stat="], capture_output=True, text=True, check=True)
    rows = (line.split() for line in listed.stdout.splitlines())
    return [Row(int(pid), int(parent), int(group)) for pid, parent, group, state in rows if not state.startswith("Z")]


def members(group: int) -> list[int]:
    """Pids of a process group."""
    return [row.pid for row in table() if row.group == group]


def children(pid: int) -> list[int]:
    """Pids of the children of a process."""
    return [row.pid for row in table() if row.parent == pid]


def descendants(pid: int) -> list[Row]:
    """Children, their children, and so on, whatever groups they are in."""
    rows = table()
    found: list[Row] = []
    parents = {pid}
    while parents:
        below = [row for row in rows if row.parent in parents]
        found += below
        parents = {row.pid for row in below}
    return found


def kill(pid: int) -> None:
    """SIGKILL one process."""
    os.kill(pid, signal.SIGKILL)


def kill_group(group: int) -> None:
    """SIGKILL a process group, which may be gone already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def seconds_until(happened: Happened, at_most: float, what: str, every: float = 0.2) -> float:
    """Look again and again; how long it took.

    Raises:
        AssertionError: it has not happened after `at_most` seconds.
    """
    start = time.monotonic()
    while not happened():
        assert time.monotonic() - start < at_most, f"not within {at_most:g} s: {what}"
        time.sleep(every)
    return time.monotonic() - start


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Whether somebody accepts connections on loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
