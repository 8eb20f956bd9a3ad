"""A PostgreSQL server of a test's own, which speaks TLS and believes passwords and certificates only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from tests.flows.processes import free_port
from tests.transport.certificates import Authority

PASSWORD = "swordfish of the tests"
OWNER = "owner"
CERTIFIED = "console.example"  # who needs no password but a certificate of that name
HBA = f"hostssl all {CERTIFIED} localhost cert\nhostssl all all localhost scram-sha-256\n"


def binaries() -> Path:
    """The folder of `initdb`; skips where there is none, unless this is CI."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        assert not os.environ.get("CI"), "CI must have PostgreSQL's initdb."
        pytest.skip("there is no initdb on this machine")
    return folders[-1]


@contextmanager
def serving(authority: Authority) -> Iterator[int]:
    """The port of a server that the authority knows as `localhost`."""
    programs = binaries()
    with TemporaryDirectory(prefix="pg-", dir="/tmp") as name:  # short: a socket's path has 107 characters at most
        folder = Path(name)
        run(folder, programs / "initdb", "-D", folder / "data", "-U", OWNER, "-A", "trust", "-N")
        port = free_port()
        (folder / "data/server.pem").write_text(authority.identity("localhost"))
        (folder / "data/authority.pem").write_text(authority.pem)
        (folder / "data/server.pem").chmod(0o600)
        with (folder / "data/postgresql.conf").open("a") as settings:
            settings.write(f"port={port}\nssl=on\nfsync=off\nunix_socket_directories='{folder}'\n")
            settings.write("ssl_cert_file='server.pem'\nssl_key_file='server.pem'\nssl_ca_file='authority.pem'\n")
        control = (programs / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log")
        run(folder, *control, "start")
        try:
            with psycopg.connect(host=name, port=port, user=OWNER, dbname="postgres", autocommit=True) as connection:
                connection.execute(f"ALTER ROLE {OWNER} PASSWORD '{PASSWORD}'".encode())
                connection.execute(f'CREATE ROLE "{CERTIFIED}" LOGIN'.encode())
            (folder / "data/pg_hba.conf").write_text(HBA)
            run(folder, *control, "reload")
            yield port
        finally:
            run(folder, *control, "-m", "immediate", "stop")


def run(folder: Path, *command: str | Path) -> None:
    """PostgreSQL refuses to run as root: then as the user that its packages make."""
    as_user: Sequence[str] = ()
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
        as_user = ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    subprocess.run([*as_user, *map(str, command)], check=True, stdout=subprocess.DEVNULL, cwd=folder)
