"""`manage.py prepare --demo` in a folder of its own, with the real settings, in processes of their own."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from pytest_django import DjangoDbBlocker

from console import dotenv
from integrations import credentials
from integrations.models import Credential, Incident, Service
from tests.admin.asking import tables
from tests.flows.databases import fresh_database, orm_on
from tests.flows.processes import free_port
from tests.revealed import one_of

Done = subprocess.CompletedProcess[str]


class Installation:
    """A folder, a database and an environment as a newcomer has them."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder, self.port = folder, free_port()
        secrets = dict(line.split("=", 1) for line in dotenv.text().splitlines() if "=" in line)
        known = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        ports = {"WEB_PORT": str(self.port), "SANDBOX_PORT": str(free_port())}
        self.env = known | secrets | ports | {"DATA_DIR": str(folder / "var"), "DATABASE_URL": database_url}

    def prepare(self, *options: str, **more: str) -> Done:
        command = [sys.executable, "manage.py", "prepare", *options]
        environment = {**self.env, **more}
        return subprocess.run(
            command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False, timeout=120
        )

    def files(self) -> dict[str, tuple[int, float]]:
        static = self.folder / "var" / "static"
        return {str(file): (file.stat().st_size, file.stat().st_mtime) for file in static.rglob("*") if file.is_file()}


def may_sign_in(password: str) -> bool:
    """Checked with the hasher of the real settings; those of the tests know a cheaper one only."""
    return PBKDF2PasswordHasher().verify(password, User.objects.get(is_superuser=True, username="admin").password)


@pytest.fixture(scope="module")
def started(tmp_path_factory: Any, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Installation, Done]]:
    """An installation after its first start; the ORM of this process looks into its database."""
    folder = tmp_path_factory.mktemp("installation")
    with django_db_blocker.unblock(), fresh_database(folder) as url, orm_on(url):
        installation = Installation(folder, url)
        yield installation, installation.prepare("--demo")


def test_the_first_start_makes_everything_and_prints_the_password_once(started: tuple[Installation, Done]) -> None:
    installation, first = started
    assert (first.returncode, first.stderr) == (0, "")
    (password,) = re.findall(r"The first superuser is admin, the password (\S+) \(shown this once\)\.", first.stdout)
    assert may_sign_in(password)
    assert f"http://127.0.0.1:{installation.port}/" in first.stdout
    names = sorted(service.name for service in Service.objects.all())
    assert names == ["Articles (demonstration)", "GitHub (demonstration)"]
    assert f"Two services to try are there: {', '.join(names)}." in first.stdout
    assert len(installation.files()) > 100


def test_the_demonstration_talks_to_the_sandboxes_and_has_a_secret_of_its_own(
    started: tuple[Installation, Done],
) -> None:
    installation, _first = started
    port = installation.env["SANDBOX_PORT"]
    addresses = {service.slug: service.base_url for service in Service.objects.all()}
    assert addresses == {"articles": f"http://127.0.0.1:{port}/cms", "github": f"http://127.0.0.1:{port}/github"}
    assert Service.objects.get(slug="github").credentials.count() == 2
    with pytest.raises(credentials.CredentialUnavailable):  # encrypted with that installation's key, not with ours
        one_of(Service.objects.get(slug="github"), "webhook_secret")


def test_a_second_start_changes_nothing_and_prints_no_password(started: tuple[Installation, Done]) -> None:
    installation, _first = started
    rows, files = tables(), installation.files()
    second = installation.prepare("--demo")
    assert (second.returncode, second.stderr) == (0, "")
    assert "password" not in second.stdout
    assert "Two services" not in second.stdout
    assert f"http://127.0.0.1:{installation.port}/" in second.stdout
    assert tables() == rows
    assert installation.files() == files


@pytest.mark.parametrize("name", ["WEB_PORT", "SANDBOX_PORT"])
def test_a_taken_port_is_one_sentence(started: tuple[Installation, Done], name: str) -> None:
    installation, _first = started
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        done = installation.prepare("--demo", **{name: port})
    assert done.returncode == 1
    said = (done.stdout + done.stderr).strip()
    assert said == f"CommandError: Port {port} is taken. Stop what uses it, or set {name} to a free port in .env."


def test_a_start_that_cannot_be_says_what_is_missing(started: tuple[Installation, Done]) -> None:
    installation, _first = started
    done = installation.prepare(SECRET_KEY="short", WEB_PORT="many")
    assert done.returncode != 0
    assert "SECRET_KEY: must be 50 or more random characters; `make setup` writes one into .env." in done.stderr
    assert "WEB_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_deploy_takes_the_password_from_the_environment_and_seeds_nothing(
    tmp_path: Path, started: tuple[Installation, Done]
) -> None:
    """On the migrated database of the first start, emptied of people, and with its static files."""
    installation, _first = started
    User.objects.filter(is_superuser=True).delete()
    services = Service.objects.count()
    done = installation.prepare(CONSOLE_ADMIN_PASSWORD="a password of the tests")
    assert done.stdout.strip() == "The first superuser is admin, the password the one in CONSOLE_ADMIN_PASSWORD."
    assert "a password of the tests" not in done.stdout + done.stderr
    assert may_sign_in("a password of the tests")
    assert Service.objects.count() == services


@pytest.mark.parametrize("key", ["", "d3JvbmctLS13cm9uZy0tLXdyb25nLS0td3JvbmctLS0="], ids=["missing", "wrong"])
def test_without_its_key_the_console_starts_and_says_which_services_that_affects(
    started: tuple[Installation, Done], key: str
) -> None:
    installation, _first = started
    before = list(Credential.objects.values())
    done = installation.prepare(CREDENTIAL_KEYS=key)
    assert done.returncode == 0
    (line,) = [line for line in done.stderr.splitlines() if "GitHub (demonstration)" in line]
    assert line.startswith("The secret “token” of GitHub (demonstration) cannot be decrypted")
    assert ("No secret of any service can be read or stored" in done.stderr) is not bool(key)
    assert list(Credential.objects.values()) == before
    assert Incident.objects.get(kind="credentials").state == "open"
    again = installation.prepare()
    assert (again.returncode, again.stderr) == (0, "")
    assert Incident.objects.get(kind="credentials").state == "resolved"
    Incident.objects.all().delete()


def test_a_first_start_without_a_key_makes_everything_but_the_secret(tmp_path: Path) -> None:
    installation = Installation(tmp_path, f"sqlite:///{tmp_path / 'console.sqlite3'}")
    done = installation.prepare("--demo", CREDENTIAL_KEYS="")
    assert done.returncode == 0, done.stderr
    assert "Two services to try are there" in done.stdout
    assert "Set CREDENTIAL_KEYS, see .env.example." in done.stderr
