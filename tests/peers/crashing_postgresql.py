"""A PostgreSQL server of a test's own that can be crashed and comes back with what was committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.flows.processes import free_port
from tests.peers.private_postgresql import binaries, run

OWNER = "postgres"


@dataclass(frozen=True)
class CrashingPostgreSQL:
    """It writes as durably as any: nothing is switched off."""

    folder: Path
    programs: Path
    port: int

    @property
    def url(self) -> str:
        """Of the server, as its owner, who needs no password."""
        return f"postgres://{OWNER}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Returns when it takes connections, after recovery."""
        self._control("-w", "-l", self.folder / "log", "start")

    def crash(self) -> None:
        """End every process of it at once, without a checkpoint."""
        self._control("-m", "immediate", "stop")

    def _control(self, *words: str | Path) -> None:
        run(self.folder, self.programs / "pg_ctl", "-D", self.folder / "data", *words)


@contextmanager
def serving() -> Iterator[CrashingPostgreSQL]:
    """Running; skips where there is no `initdb`."""
    programs = binaries()
    with TemporaryDirectory(prefix="pg-", dir="/tmp") as name:
        server = CrashingPostgreSQL(Path(name), programs, free_port())
        run(server.folder, programs / "initdb", "-D", server.folder / "data", "-U", OWNER, "-A", "trust")
        with (server.folder / "data/postgresql.conf").open("a") as settings:
            settings.write(
                f"port={server.port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories='{server.folder}'\n"
            )
        server.start()
        try:
            yield server
        finally:
            server.crash()
