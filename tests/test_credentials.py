"""A secret is read back by one way only, and only where it was put."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from integrations import credentials, ops, tasks
from integrations.credentials import CredentialUnavailable, reveal, store
from integrations.models import Credential, HealthCheck, Service, WebhookEvent
from tests.tables import places_of
from tests.transport.server import Reply, ScriptedServer

CANARY = "canary/of+the=tests 0123456789"


def keys(settings: Settings, *ring: str) -> None:
    settings.CREDENTIAL_KEYS = ring


@pytest.fixture
def key(settings: Settings) -> Iterator[str]:
    """A fresh key, the only one in the ring."""
    fresh = Fernet.generate_key().decode()
    keys(settings, fresh)
    yield fresh
    credentials._ring.cache_clear()


@pytest.mark.parametrize("secret", [CANARY, "", " spaces ", "snövit\x00\n\N{PILE OF POO}", "x" * 100_000])
def test_what_is_stored_is_revealed(cms: Service, secret: str) -> None:
    store(cms, "token", secret)
    assert reveal(cms, "token") == secret


def test_what_was_never_set_is_empty(cms: Service) -> None:
    assert reveal(cms, "token") == ""


def test_a_new_secret_supersedes_and_the_old_one_is_gone(cms: Service, manager: User) -> None:
    first = store(cms, "token", "the first one", manager)
    second = store(cms, "token", "the second one", manager)
    assert reveal(cms, "token") == "the second one"
    first.refresh_from_db()
    assert first.superseded_at is not None
    assert (first.ciphertext, first.reference) == ("", "")
    assert first.fingerprint != second.fingerprint
    assert (second.set_by, second.superseded_at) == (manager, None)


def test_there_is_one_current_secret_per_field(cms: Service) -> None:
    store(cms, "token", CANARY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Credential.objects.create(service=cms, field="token", ciphertext="x")


def test_fields_and_services_do_not_mix(cms: Service, github: Service) -> None:
    for service, field in ((cms, "token"), (github, "token"), (github, "other")):
        store(service, field, f"{service.slug} {field}")
    assert (reveal(cms, "token"), reveal(github, "token"), reveal(github, "other")) == (
        "cms token",
        "github token",
        "github other",
    )


@pytest.mark.parametrize(("slug", "field"), [("github", "token"), ("cms", "other")])
def test_a_ciphertext_copied_elsewhere_is_not_decrypted(cms: Service, github: Service, slug: str, field: str) -> None:
    copied = store(cms, "token", CANARY).ciphertext
    place = {"cms": cms, "github": github}[slug]
    Credential.objects.create(service=place, field=field, ciphertext=copied)
    with pytest.raises(CredentialUnavailable, match="stored for another place") as failure:
        reveal(place, field)
    assert "canary" not in str(failure.value)


def test_a_wrong_key_says_what_to_do_and_overwrites_nothing(cms: Service, settings: Settings, key: str) -> None:
    before = store(cms, "token", CANARY)
    keys(settings, Fernet.generate_key().decode())
    with pytest.raises(CredentialUnavailable, match=r"CREDENTIAL_KEYS\. Put the key .* back, or enter the"):
        reveal(cms, "token")
    after = Credential.objects.get()
    assert (after.ciphertext, after.last_used_at) == (before.ciphertext, None)
    keys(settings, key)
    assert reveal(cms, "token") == CANARY


@pytest.mark.parametrize("damaged", ["", "nonsense", "gAAAAA", "\N{PILE OF POO}"])
def test_a_damaged_ciphertext_is_never_handed_out(cms: Service, damaged: str) -> None:
    store(cms, "token", CANARY)
    Credential.objects.update(ciphertext=damaged)
    with pytest.raises(CredentialUnavailable, match="cannot be decrypted"):
        reveal(cms, "token")


def test_one_flipped_character_is_noticed(cms: Service) -> None:
    text = store(cms, "token", CANARY).ciphertext
    Credential.objects.update(ciphertext=f"{text[:40]}{'A' if text[40] != 'A' else 'B'}{text[41:]}")
    with pytest.raises(CredentialUnavailable):
        reveal(cms, "token")


def test_an_old_key_still_reads_after_a_new_one_was_put_first(cms: Service, settings: Settings, key: str) -> None:
    store(cms, "token", "stored with the old key")
    new = Fernet.generate_key().decode()
    keys(settings, new, key)
    assert reveal(cms, "token") == "stored with the old key"
    store(cms, "token", "stored with the new key")
    keys(settings, new)
    assert reveal(cms, "token") == "stored with the new key"


def test_references_are_followed(cms: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\n")
    monkeypatch.setenv("TOKEN_OF_THE_TESTS", "from the environment")
    credential = Credential.objects.create(service=cms, field="token", reference="env:TOKEN_OF_THE_TESTS")
    assert reveal(cms, "token") == "from the environment"
    Credential.objects.filter(pk=credential.pk).update(reference=f"file:{tmp_path / 'secret'}")
    assert reveal(cms, "token") == "from a file"


@pytest.mark.parametrize("reference", ["env:NOT_SET_ANYWHERE", "file:/not/there", "file:/", "file:", "env:", "odd:x"])
def test_a_reference_that_leads_nowhere_says_where_it_leads(cms: Service, reference: str) -> None:
    Credential.objects.create(service=cms, field="token", reference=reference)
    with pytest.raises(CredentialUnavailable, match=r"not there .* Set it where the console runs") as failure:
        reveal(cms, "token")
    assert reference in str(failure.value)


def test_a_file_that_is_no_text_is_no_secret(cms: Service, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe\x00")
    Credential.objects.create(service=cms, field="token", reference=f"file:{tmp_path / 'secret'}")
    with pytest.raises(CredentialUnavailable):
        reveal(cms, "token")


def test_use_is_noted(cms: Service) -> None:
    store(cms, "token", CANARY)
    began = timezone.now()
    reveal(cms, "token")
    noted = Credential.objects.get().last_used_at
    assert noted is not None
    assert noted >= began


def test_no_table_and_no_log_holds_a_secret_in_clear(
    github: Service, remote: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    store(github, "token", CANARY)
    Service.objects.update(base_url=remote.url, body_policy=Service.BodyPolicy.ALL)
    echo = f'{{"message": "bad token {CANARY}", "sent": "{quote(CANARY)}"}}'.encode()
    remote.answers(Reply(401, echo, headers=(("X-Echo", CANARY), ("Location", f"/?x={quote(CANARY)}"))))
    check = ops.check(github, HealthCheck.Trigger.COMMAND)
    tasks.check_health(str(check.pk))
    ops.receive(WebhookEvent(service=github, delivery_id="id:1", body=b"{}"))
    assert remote.asked[0].headers["authorization"] == f"Bearer {CANARY}"
    check.refresh_from_db()
    assert "bad token [redacted]" in check.failure_message
    forms = (CANARY, quote(CANARY, safe=""), quote(CANARY), base64.b64encode(CANARY.encode()).decode())
    assert places_of(*forms) == []
    assert not any(form in caplog.text for form in forms)
    assert ("integrations_service", "name") in places_of("GitHub"), "the search finds what is there"
