"""A new key is put to use for what is stored, whatever happens in between."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as real
from django.core.management import CommandError, call_command
from pytest_django import DjangoDbBlocker, Settings

from integrations import credentials, keyring, rotation
from integrations.models import Credential, Service
from tests.commands import BASE, manage
from tests.flows.databases import fresh_database, orm_on
from tests.revealed import one_of

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
MANY = 4000


@pytest.fixture
def old_key(settings: Settings) -> None:
    """What is stored now is under a key that will be replaced."""
    settings.CREDENTIAL_KEYS = (OLD,)


def under_newest() -> list[bool]:
    found = Credential.objects.exclude(ciphertext="").order_by("pk").values_list("ciphertext", flat=True)
    return [keyring.is_newest(each) for each in found]


def rotate(capsys: pytest.CaptureFixture[str]) -> str:
    call_command("rotate_credentials")
    return capsys.readouterr().out


def test_everything_is_encrypted_anew_and_the_old_key_can_go(
    old_key: None, cms: Service, github: Service, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    credentials.store(cms, "token", "of the cms")
    settings.CREDENTIAL_KEYS = (NEW, OLD)
    kept = Credential.objects.order_by("pk").values("fingerprint", "set_at", "set_by", "last_used_at")
    before = list(kept)
    assert rotate(capsys) == (
        "2 of 2\n2 of 2 secrets were encrypted anew with the first key.\n"
        "The older keys are no longer needed for them.\n"
    )
    settings.CREDENTIAL_KEYS = (NEW,)
    assert list(kept) == before
    assert one_of(cms, "token") == "of the cms"
    assert "0 of 2 secrets were encrypted anew" in rotate(capsys)


def test_an_old_secret_that_is_still_valid_is_taken_along(
    old_key: None, github: Service, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    credentials.store(github, "webhook_secret", "new", keep_old_for=timedelta(hours=1))
    settings.CREDENTIAL_KEYS = (NEW, OLD)
    rotate(capsys)
    assert under_newest() == [True, True]


def test_what_cannot_be_read_is_named_and_left_as_it_is(
    old_key: None, cms: Service, github: Service, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = credentials.store(cms, "token", "of the cms")
    settings.CREDENTIAL_KEYS = (NEW,)
    credentials.store(github, "token", "of github")
    with pytest.raises(CommandError, match=r"2 cannot be read and were left as they are") as failure:
        call_command("rotate_credentials")
    assert failure.value.returncode == 1
    said = capsys.readouterr()
    assert "“token” of Articles cannot be decrypted" in said.err
    assert "“webhook_secret” of GitHub" in said.err
    assert "no longer needed" not in said.out
    assert Credential.objects.get(pk=stored.pk).ciphertext == stored.ciphertext


def test_what_somebody_stores_meanwhile_stays(old_key: None, cms: Service, settings: Settings) -> None:
    stored = credentials.store(cms, "token", "first")
    settings.CREDENTIAL_KEYS = (NEW, OLD)
    rows = list(Credential.objects.all())
    credentials.store(cms, "token", "second")
    assert rotation._renew(rows).renewed == 0
    stored.refresh_from_db()
    assert stored.ciphertext == ""
    assert one_of(cms, "token") == "second"


def test_without_a_key_it_says_so(github: Service, settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = ()
    with pytest.raises(CommandError, match="CREDENTIAL_KEYS is empty"):
        call_command("rotate_credentials")


@pytest.fixture
def installation(tmp_path: Path, django_db_blocker: DjangoDbBlocker, settings: Settings) -> Iterator[dict[str, str]]:
    """A database of its own with many secrets under the old key; the environment of its processes."""
    with django_db_blocker.unblock(), fresh_database(tmp_path) as url, orm_on(url):
        environment = {**BASE, "DATABASE_URL": url, "DATA_DIR": str(tmp_path), "CREDENTIAL_KEYS": OLD}
        assert manage("migrate", "--verbosity", "0", environment=environment).returncode == 0
        settings.CREDENTIAL_KEYS = (OLD,)
        service = Service.objects.create(slug="cms", name="Articles", system="cms", base_url="http://127.0.0.1:9")
        rows = [Credential(service=service, field=f"field-{number}") for number in range(MANY)]
        for row in rows:
            row.ciphertext = keyring.encrypt(row.context, row.field)
        Credential.objects.bulk_create(rows)
        yield environment | {"CREDENTIAL_KEYS": f"{NEW},{OLD}"}


def test_a_rotation_that_is_killed_goes_on_when_it_is_run_again(
    installation: dict[str, str], settings: Settings
) -> None:
    command = [sys.executable, "manage.py", "rotate_credentials"]
    with subprocess.Popen(
        command, cwd=real.BASE_DIR, env={**os.environ, **installation}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == f"{rotation.AT_ONCE} of {MANY:,}\n"
        process.kill()
    settings.CREDENTIAL_KEYS = (NEW, OLD)
    done = sum(under_newest())
    assert rotation.AT_ONCE <= done < MANY
    assert done % rotation.AT_ONCE == 0, "a batch is whole or not there"
    again = manage("rotate_credentials", environment=installation)
    assert (again.returncode, again.stderr) == (0, "")
    assert f"{MANY - done:,} of {MANY:,} secrets were encrypted anew" in again.stdout
    settings.CREDENTIAL_KEYS = (NEW,)
    for row in Credential.objects.select_related("service"):
        assert row.reveal(Credential.Purpose.REDACT) == row.field
