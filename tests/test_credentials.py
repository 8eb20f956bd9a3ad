"""A secret is read back by one way only, and only where it was put."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from urllib.parse import quote

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from integrations import credentials, ops, tasks
from integrations.credentials import CredentialUnavailable, store
from integrations.models import Credential, HealthCheck, Service, WebhookEvent
from tests.revealed import all_of, one_of
from tests.tables import places_of
from tests.transport.server import Reply, ScriptedServer

CANARY = "canary/of+the=tests 0123456789"
OVERLAP = timedelta(hours=24)
Purpose = Credential.Purpose


@pytest.mark.parametrize("secret", [CANARY, "", " spaces ", "snövit\x00\n\N{PILE OF POO}", "x" * 100_000])
def test_what_is_stored_is_revealed(cms: Service, secret: str) -> None:
    store(cms, "token", secret)
    assert one_of(cms, "token") == secret


def test_what_was_never_set_is_nothing(cms: Service) -> None:
    assert (credentials.active(cms, "token"), credentials.by_field(cms)) == ([], {})


def test_a_new_secret_supersedes_and_the_old_one_is_gone(cms: Service, manager: User) -> None:
    first = store(cms, "token", "the first one", manager)
    second = store(cms, "token", "the second one", manager)
    assert one_of(cms, "token") == "the second one"
    first.refresh_from_db()
    assert first.superseded_at is not None
    assert (first.ciphertext, first.reference) == ("", "")
    assert first.fingerprint != second.fingerprint
    assert (second.set_by, second.superseded_at) == (manager, None)


def test_there_is_one_current_secret_per_field(cms: Service) -> None:
    store(cms, "token", CANARY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Credential.objects.create(service=cms, field="token", ciphertext="x")


@pytest.mark.django_db(transaction=True)
def test_of_many_who_store_at_once_each_succeeds_and_one_is_current(cms: Service) -> None:
    together, failures = Barrier(6), list[Exception]()

    def one(number: int) -> None:
        try:
            together.wait()
            store(cms, "token", f"secret {number}", keep_old_for=OVERLAP)
        except Exception as failure:  # noqa: BLE001 - whatever it is, the test shows it
            failures.append(failure)
        finally:
            connection.close()

    threads = [Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Credential.objects.count() == 6
    assert len(all_of(cms, "token")) == 2


def test_the_one_before_stays_valid_for_as_long_as_was_said(cms: Service) -> None:
    before = timezone.now()
    for secret in ("first", "second", "third"):
        store(cms, "token", secret, keep_old_for=OVERLAP)
    assert all_of(cms, "token") == ["third", "second"], "two at most"
    old = credentials.active(cms, "token")[1]
    assert old.expires_at is not None
    assert before + OVERLAP <= old.expires_at <= timezone.now() + OVERLAP
    assert Credential.objects.order_by("pk")[0].ciphertext == ""
    Credential.objects.filter(pk=old.pk).update(expires_at=timezone.now())
    assert all_of(cms, "token") == ["third"]


def test_one_stored_without_overlap_ends_every_other(cms: Service) -> None:
    for keep in (None, OVERLAP, None):
        store(cms, "token", "same", keep_old_for=keep)
    assert len(credentials.active(cms, "token")) == 1
    assert Credential.objects.exclude(ciphertext="").count() == 1


def test_one_that_nobody_can_read_is_not_kept_beside_the_new_one(cms: Service) -> None:
    store(cms, "token", "first")
    Credential.objects.update(ciphertext="damaged")
    store(cms, "token", "second", keep_old_for=OVERLAP)
    assert all_of(cms, "token") == ["second"]


def test_removing_leaves_nothing_behind(cms: Service, github: Service) -> None:
    for secret in ("first", "second"):
        store(github, "webhook_secret", secret, keep_old_for=OVERLAP)
    store(cms, "token", "of another service")
    credentials.remove(github, "webhook_secret")
    assert credentials.active(github, "webhook_secret") == []
    assert not github.credentials.exclude(ciphertext="").exists()
    assert one_of(cms, "token") == "of another service"


def test_fields_and_services_do_not_mix(cms: Service, github: Service) -> None:
    for service, field in ((cms, "token"), (github, "token"), (github, "other")):
        store(service, field, f"{service.slug} {field}")
    assert one_of(cms, "token") == "cms token"
    found = {
        field: [row.reveal(Purpose.VERIFY) for row in rows] for field, rows in credentials.by_field(github).items()
    }
    assert found | {"webhook_secret": []} == {
        "token": ["github token"],
        "other": ["github other"],
        "webhook_secret": [],
    }


@pytest.mark.parametrize(("slug", "field"), [("github", "token"), ("cms", "other")])
def test_a_ciphertext_copied_elsewhere_is_not_decrypted(cms: Service, github: Service, slug: str, field: str) -> None:
    copied = store(cms, "token", CANARY).ciphertext
    place = {"cms": cms, "github": github}[slug]
    Credential.objects.create(service=place, field=field, ciphertext=copied)
    with pytest.raises(CredentialUnavailable, match=r"stored for another place\. Enter it again") as failure:
        one_of(place, field)
    assert "canary" not in str(failure.value)


@pytest.mark.parametrize("ring", [(), (Fernet.generate_key().decode(),)], ids=["missing", "wrong"])
def test_a_wrong_key_says_what_to_do_and_overwrites_nothing(
    cms: Service, settings: Settings, ring: tuple[str, ...]
) -> None:
    store(cms, "token", CANARY)
    before, right = Credential.objects.values().get(), settings.CREDENTIAL_KEYS
    settings.CREDENTIAL_KEYS = ring
    with pytest.raises(CredentialUnavailable, match=r"“token” of Articles .*CREDENTIAL_KEYS.* Put the key .* back"):
        one_of(cms, "token")
    assert Credential.objects.values().get() == before
    settings.CREDENTIAL_KEYS = right
    assert one_of(cms, "token") == CANARY


def test_without_a_key_a_secret_is_refused_and_a_reference_is_taken(cms: Service, settings: Settings) -> None:
    store(cms, "token", CANARY)
    settings.CREDENTIAL_KEYS = ()
    with pytest.raises(CredentialUnavailable, match="CREDENTIAL_KEYS is empty"):
        store(cms, "token", "another")
    assert Credential.objects.get().superseded_at is None
    store(cms, "token", "env:TOKEN_OF_THE_TESTS")
    assert Credential.objects.count() == 2


def test_a_reference_is_stored_as_one_and_followed_each_time(cms: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = store(cms, "token", "env:TOKEN_OF_THE_TESTS")
    assert (stored.reference, stored.ciphertext, stored.fingerprint) == ("env:TOKEN_OF_THE_TESTS", "", "")
    for value in ("first", "second"):
        monkeypatch.setenv("TOKEN_OF_THE_TESTS", value)
        assert one_of(cms, "token") == value


@pytest.mark.parametrize("forbidden", ["env:SECRET_KEY", "file:/etc/passwd", "env:no name"])
def test_a_reference_that_may_not_be_followed_is_neither_stored_nor_read(cms: Service, forbidden: str) -> None:
    with pytest.raises(CredentialUnavailable):
        store(cms, "token", forbidden)
    Credential.objects.create(service=cms, field="token", reference=forbidden)
    with pytest.raises(CredentialUnavailable, match=f"is to be read from {forbidden}"):
        one_of(cms, "token")


def test_use_is_noted_once_a_minute_with_its_purpose(cms: Service) -> None:
    def used() -> tuple[object, str]:
        return Credential.objects.values_list("last_used_at", "last_used_for").get()

    def reveal(purpose: Credential.Purpose) -> None:
        credentials.active(cms, "token")[0].reveal(purpose)

    store(cms, "token", CANARY)
    assert credentials.active(cms, "token")[0].objection() == ""
    reveal(Purpose.REDACT)
    assert used() == (None, ""), "neither looking nor redacting is a use"
    began = timezone.now()
    reveal(Purpose.VERIFY)
    first, purpose = used()
    assert isinstance(first, type(began))
    assert (began <= first, purpose) == (True, "verify")
    reveal(Purpose.AUTHENTICATE)
    assert used() == (first, "verify")
    Credential.objects.update(last_used_at=first - timedelta(seconds=61))
    reveal(Purpose.AUTHENTICATE)
    assert used()[1] == "authenticate"


def check(service: Service) -> HealthCheck:
    made = ops.check(service, HealthCheck.Trigger.COMMAND)
    tasks.check_health(str(made.pk))
    made.refresh_from_db()
    return made


def test_a_token_is_used_to_sign_in_and_the_rest_only_redacted(github: Service) -> None:
    store(github, "token", "good")
    assert check(github).state == "succeeded"
    used = dict(Credential.objects.values_list("field", "last_used_for"))
    assert used == {"token": "authenticate", "webhook_secret": ""}


@pytest.mark.parametrize("form", [str, quote, lambda text: base64.b64encode(text.encode()).decode()])
def test_an_old_secret_that_is_still_valid_is_redacted_too(
    github: Service, remote: ScriptedServer, form: Callable[[str], str]
) -> None:
    store(github, "webhook_secret", CANARY)
    store(github, "webhook_secret", "the next one", keep_old_for=OVERLAP)
    Service.objects.update(base_url=remote.url)
    remote.answers(Reply(401, f'{{"message": "known: {form(CANARY)}"}}'.encode()))
    assert "known: [redacted]" in check(github).failure_message


def test_no_table_and_no_log_holds_a_secret_in_clear(
    github: Service, remote: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    store(github, "token", CANARY)
    Service.objects.update(base_url=remote.url, body_policy=Service.BodyPolicy.ALL)
    echo = f'{{"message": "bad token {CANARY}", "sent": "{quote(CANARY)}"}}'.encode()
    remote.answers(Reply(401, echo, headers=(("X-Echo", CANARY), ("Location", f"/?x={quote(CANARY)}"))))
    failed = check(github)
    ops.receive(WebhookEvent(service=github, delivery_id="id:1", body=b"{}"))
    assert remote.asked[0].headers["authorization"] == f"Bearer {CANARY}"
    assert "bad token [redacted]" in failed.failure_message
    forms = (CANARY, quote(CANARY, safe=""), quote(CANARY), base64.b64encode(CANARY.encode()).decode())
    assert places_of(*forms) == []
    assert not any(form in caplog.text for form in forms)
    assert ("integrations_service", "name") in places_of("GitHub"), "the search finds what is there"
