"""One token for all: obtained by one at a time, kept encrypted, thrown away with the account it was obtained for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from integrations import credentials, systems, tokens
from integrations.models import AccessToken, Call, Service
from integrations.systems.auth import Kind
from integrations.transport import waiting
from tests.peers import guarded
from tests.peers.authorization_server import AuthorizationServer
from tests.peers.session_server import SessionServer

FINE = "1 articles."
Sign = Callable[[Kind], None]


@pytest.fixture
def sign(monkeypatch: pytest.MonkeyPatch) -> Sign:
    """Puts the CMS behind a way to sign in."""

    def put(kind: Kind) -> None:
        registry = {**systems.all_systems(), "cms": guarded.system(kind)}
        monkeypatch.setattr(systems, "all_systems", lambda: registry)

    return put


@pytest.fixture
def service(db: None, oauth_server: AuthorizationServer, sign: Sign) -> Service:
    sign(guarded.CLIENT)
    return guarded.service(oauth_server)


@pytest.fixture
def session(db: None, session_server: SessionServer, sign: Sign) -> Service:
    sign(guarded.SESSION)
    return guarded.service(session_server)


def age(seconds: float) -> None:
    """As if the token had been obtained so much earlier."""
    ago = timedelta(seconds=seconds)
    AccessToken.objects.update(
        obtained_at=F("obtained_at") - ago, expires_at=F("expires_at") - ago, used_at=F("used_at") - ago
    )


@pytest.mark.parametrize("kind", ["CLIENT", "ASSERTION"])
def test_the_next_process_uses_the_token_of_the_one_before(
    db: None, oauth_server: AuthorizationServer, sign: Sign, kind: str
) -> None:
    sign(getattr(guarded, kind))
    service = guarded.service(oauth_server)
    assert [guarded.call(service) for _ in range(3)] == [FINE] * 3
    assert len(oauth_server.token_requests) == 1
    assert list(Call.objects.order_by("pk").values_list("operation", flat=True)) == [
        "fetch_token",
        *["check_health"] * 3,
    ]


def test_a_session_is_shared_and_lives_on_by_being_used(session: Service, session_server: SessionServer) -> None:
    guarded.call(session)
    first = AccessToken.objects.get()
    age(600)
    guarded.call(session)
    second = AccessToken.objects.get()
    assert session_server.logins == 1
    assert first.expires_at
    assert second.expires_at
    assert second.expires_at > first.expires_at
    age(901)
    guarded.call(session)
    assert session_server.logins == 2


def test_a_token_is_renewed_ahead_and_the_old_one_still_serves_while_that_fails(
    service: Service, oauth_server: AuthorizationServer
) -> None:
    guarded.call(service)
    age(3550)
    oauth_server.rules.fail_with = [500, 500]
    assert [guarded.call(service) for _ in range(3)] == [FINE] * 3
    assert len(oauth_server.token_requests) == 2, "for a second everybody knows that it failed"
    AccessToken.objects.update(again_at=timezone.now())
    oauth_server.rules.fail_with = []
    assert [guarded.call(service) for _ in range(3)] == [FINE] * 3
    assert (len(oauth_server.token_requests), len(oauth_server.tokens)) == (3, 2)


def test_whoever_holds_the_renewal_does_not_keep_others_from_a_token_that_lives(
    service: Service, oauth_server: AuthorizationServer
) -> None:
    guarded.call(service)
    age(3550)
    AccessToken.objects.update(held_until=timezone.now() + timedelta(minutes=1))
    assert guarded.call(service) == FINE
    assert len(oauth_server.token_requests) == 1


def test_without_a_living_token_everybody_waits_for_the_holder_and_no_longer_than_a_worker_may(
    service: Service, oauth_server: AuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "LONGEST_SLEEP_S", 0.3)
    held_until = timezone.now() + timedelta(minutes=1)
    AccessToken.objects.create(service=service, held_until=held_until)
    assert guarded.call(service) == "Another process is signing in and takes long."
    assert oauth_server.asked == []
    AccessToken.objects.update(held_until=timezone.now())
    assert guarded.call(service) == FINE


def test_a_dead_token_is_thrown_away_for_all(service: Service, oauth_server: AuthorizationServer) -> None:
    guarded.call(service)
    oauth_server.revoke_all()
    assert [guarded.call(service, attempts=1) for _ in range(3)] == [FINE] * 3
    assert len(oauth_server.token_requests) == 2


def test_a_bad_account_is_never_asked_twice(session: Service, session_server: SessionServer) -> None:
    credentials.store(session, "password", "wrong")
    told = [guarded.call(session) for _ in range(5)]
    assert session_server.bad_logins == len(session_server.asked) == 1
    assert told[0].startswith("Signing in failed: It answered 401: Invalid user account and/or password")
    assert "is not tried again before" in told[4]
    assert "enter the secret again" in told[4]
    assert Call.objects.filter(operation="check_health", code="auth_failed", status=None).count() == 5


@pytest.mark.parametrize("mend", ["the secret", "the same secret once more", "an option", "a day later"])
def test_a_bad_account_is_asked_again_when_something_changed(
    session: Service, session_server: SessionServer, mend: str
) -> None:
    credentials.store(session, "password", "wrong")
    guarded.call(session)
    if mend == "an option":
        session.options |= {"username": "another"}
        session.save()
    elif mend == "a day later":
        AccessToken.objects.update(again_at=F("again_at") - timedelta(days=1))
    else:
        credentials.store(session, "password", session_server.rules.password if mend == "the secret" else "wrong")
    assert (guarded.call(session) == FINE) is (mend == "the secret")
    assert len([question for question in session_server.asked if question.path.endswith("sessions")]) == 2


@pytest.mark.parametrize("change", ["secret", "base URL", "option"])
def test_a_token_does_not_outlive_what_it_was_obtained_with(
    service: Service, oauth_server: AuthorizationServer, change: str
) -> None:
    guarded.call(service)
    if change == "secret":
        credentials.store(service, "client_secret", oauth_server.rules.client_secret)
    elif change == "option":
        service.options |= {"page_size": 5}
    else:
        service.base_url += "/"
    service.save()
    assert guarded.call(service) == FINE
    assert len(oauth_server.token_requests) == 2


def test_two_services_do_not_share_a_token(service: Service, oauth_server: AuthorizationServer) -> None:
    twin = guarded.service(oauth_server, slug="twin")
    assert [guarded.call(each) for each in (service, twin, service, twin)] == [FINE] * 4
    assert len(oauth_server.token_requests) == 2
    AccessToken.objects.filter(service=twin).update(ciphertext=AccessToken.objects.get(service=service).ciphertext)
    copied = AccessToken.objects.get(service=twin)
    assert tokens.opened(copied, copied.ciphertext) == ("", None)
    assert guarded.call(twin) == FINE
    assert len(oauth_server.token_requests) == 3


@pytest.mark.parametrize("spoil", ["damaged", "another key"])
def test_a_token_that_cannot_be_read_counts_as_none(service: Service, settings: Settings, spoil: str) -> None:
    guarded.call(service)
    row = AccessToken.objects.get()
    if spoil == "damaged":
        AccessToken.objects.update(ciphertext="damaged")
    else:
        settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode()]
    assert tokens.opened(AccessToken.objects.get(), AccessToken.objects.get().ciphertext) == ("", None)
    assert row.ciphertext


def test_a_token_in_use_costs_two_queries_a_client_and_none_a_call(
    service: Service, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    guarded.call(service)
    row = AccessToken.objects.get()
    given = guarded.given(service)
    with django_assert_num_queries(2):
        store = tokens.ServiceTokens(service, given)
        token = store.current()
        assert token
        store.note_use(token)
        store.note_use(token)
    assert (token.obtained_at, token.expires_at) == (row.obtained_at, row.expires_at)


def test_the_use_of_a_session_is_noted_now_and_then(
    session: Service, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    guarded.call(session)
    store = tokens.ServiceTokens(session, guarded.given(session))
    token = store.current()
    assert token
    with django_assert_num_queries(1):
        for _ in range(10):
            store.note_use(token)


def test_whoever_comes_too_late_changes_nothing(service: Service) -> None:
    store, late = (tokens.ServiceTokens(service, guarded.given(service)) for _ in range(2))

    def obtain_late() -> Any:
        AccessToken.objects.update(held_until=timezone.now())
        store.renew(None, lambda: guarded.token("new"))
        return guarded.token("late")

    assert late.renew(None, obtain_late).value == "late"
    current = store.current()
    assert current
    assert current.value == "new"


class Killed(BaseException):
    """What no `except Exception` sees."""


def test_whoever_is_stopped_while_signing_in_lets_the_next_one(service: Service) -> None:
    store = tokens.ServiceTokens(service, guarded.given(service))

    def die() -> Any:
        raise Killed

    with pytest.raises(Killed):
        store.renew(None, die)
    assert store.renew(None, lambda: guarded.token("new")).value == "new"
