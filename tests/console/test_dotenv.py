"""The first `.env`: fresh secrets, for its owner's eyes, never written over, and good enough to start with."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import settings


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the two files of the project that are needed to write and to read a `.env`."""
    (tmp_path / "console").mkdir()
    for name in ("__init__.py", "dotenv.py", "env.py"):
        shutil.copy(settings.BASE_DIR / "console" / name, tmp_path / "console" / name)
    return tmp_path


def write(project: Path) -> dict[str, str]:
    """Run it as `make setup` does, but without any package: -S leaves out site-packages."""
    subprocess.run([sys.executable, "-S", "-m", "console.dotenv"], cwd=project, check=True)
    lines = (project / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def test_it_holds_fresh_secrets_and_plain_http(project: Path) -> None:
    written = write(project)
    assert set(written) == {"SECRET_KEY", "CREDENTIAL_KEYS", "ENVIRONMENT", "HTTPS"}
    assert len(written["SECRET_KEY"]) >= 50
    assert Fernet(written["CREDENTIAL_KEYS"]).decrypt(Fernet(written["CREDENTIAL_KEYS"]).encrypt(b"x")) == b"x"
    assert (written["ENVIRONMENT"], written["HTTPS"]) == ("development", "false")


def test_only_its_owner_may_read_it(project: Path) -> None:
    write(project)
    assert stat.S_IMODE((project / ".env").stat().st_mode) == 0o600


def test_one_that_is_there_is_left_alone(project: Path) -> None:
    (project / ".env").write_text("SECRET_KEY=mine\n")
    assert write(project) == {"SECRET_KEY": "mine"}


def test_no_two_are_the_same(project: Path) -> None:
    first = write(project)
    (project / ".env").unlink()
    second = write(project)
    assert not {first[name] for name in ("SECRET_KEY", "CREDENTIAL_KEYS")} & set(second.values())


def test_the_console_can_start_with_it(project: Path) -> None:
    written = write(project)
    script = "from console import env; print(env.read().secret_key)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=project, env={}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == written["SECRET_KEY"]
