"""Sessions are given back when nobody uses them, and are open to nobody who looks into the database."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from django_q.models import OrmQ

from integrations import ops, sessions, systems, tasks
from integrations.models import AccessToken, Call, Credential, Service, SyncRun
from tests.peers import guarded
from tests.peers.authorization_server import AuthorizationServer
from tests.peers.session_server import SessionServer
from tests.tables import places_of
from tests.worker import queued, work_off

FINE = "1 articles."


@pytest.fixture
def service(db: None, session_server: SessionServer, monkeypatch: pytest.MonkeyPatch) -> Service:
    """Its session is open."""
    registry = {**systems.all_systems(), "cms": guarded.system(guarded.SESSION)}
    monkeypatch.setattr(systems, "all_systems", lambda: registry)
    made = guarded.service(session_server)
    assert guarded.call(made) == FINE
    return made


def leave_unused(minutes: float) -> None:
    AccessToken.objects.update(used_at=F("used_at") - timedelta(minutes=minutes))


def test_a_session_in_use_is_left_alone(service: Service) -> None:
    leave_unused(9.5)
    tasks.tick()
    assert queued() == []


def test_a_session_that_nobody_used_for_ten_minutes_is_ended_once(
    service: Service, session_server: SessionServer
) -> None:
    leave_unused(10.5)
    tasks.tick()
    tasks.tick()
    assert queued() == [("integrations.tasks.log_out", (str(service.pk),))] * 2
    work_off()
    assert (session_server.logouts, session_server.sessions) == (1, {})
    row = AccessToken.objects.get()
    assert (row.ciphertext, row.ending) == ("", "")
    call = Call.objects.get(operation="log_out")
    assert (call.trigger, call.code, call.url.endswith("/sessions/[redacted]")) == ("upkeep", "ok", True)
    tasks.tick()
    assert not OrmQ.objects.exists()
    assert guarded.call(service) == FINE
    assert session_server.logins == 2


def test_the_session_of_a_service_that_was_switched_off_is_ended(
    service: Service, session_server: SessionServer
) -> None:
    Service.objects.update(enabled=False)
    sessions.ask_to_end()
    work_off()
    assert session_server.sessions == {}


def test_the_session_of_a_former_account_is_ended_where_it_was_opened(
    service: Service, session_server: SessionServer
) -> None:
    with SessionServer() as other:
        service.base_url = other.url
        service.save()
        assert guarded.call(service) == FINE
        assert other.logins == 1
        sessions.ask_to_end()
        work_off()
        assert (other.logouts, session_server.logouts, session_server.sessions) == (0, 1, {})
        assert guarded.call(service) == FINE
        assert other.logins == 1, "the new one is still open"


def test_a_session_that_was_taken_up_again_meanwhile_is_not_ended(
    service: Service, session_server: SessionServer
) -> None:
    leave_unused(10.5)
    sessions.ask_to_end()
    assert guarded.call(service) == FINE
    work_off()
    assert (session_server.logins, session_server.logouts) == (1, 0)


@pytest.mark.parametrize("trouble", ["dead there", "dead here", "secret", "unreadable"])
def test_whatever_stops_a_log_out_the_session_is_not_used_again(
    service: Service, session_server: SessionServer, trouble: str
) -> None:
    leave_unused(10.5)
    if trouble == "dead there":
        session_server.kill_all()
    elif trouble == "dead here":
        AccessToken.objects.update(expires_at=timezone.now())
    elif trouble == "secret":
        Credential.objects.update(ciphertext="damaged")
    else:
        AccessToken.objects.update(ciphertext="damaged")
    tasks.log_out(str(service.pk))
    row = AccessToken.objects.get()
    assert (row.ciphertext, row.ending) == ("", "")
    assert session_server.logouts == 0


def test_a_log_out_where_nobody_listens_any_more_ends_the_matter(service: Service) -> None:
    with SessionServer() as other:
        service.base_url = other.url
        service.save()
        assert guarded.call(service) == FINE
    leave_unused(10.5)
    tasks.log_out(str(service.pk))
    assert Call.objects.filter(operation="log_out", code="connection_refused").count() == 0, (
        "the first one is due first"
    )
    tasks.log_out(str(service.pk))
    assert Call.objects.filter(operation="log_out", code="connection_refused").count() == 1
    assert AccessToken.objects.get().ciphertext == ""


def test_a_log_out_of_a_service_that_is_gone_does_nothing(db: None) -> None:
    tasks.log_out("12345")
    assert not Call.objects.exists()


def test_tokens_without_a_session_are_never_given_back(
    db: None, oauth_server: AuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = {**systems.all_systems(), "cms": guarded.system(guarded.CLIENT)}
    monkeypatch.setattr(systems, "all_systems", lambda: registry)
    guarded.call(guarded.service(oauth_server))
    Service.objects.update(enabled=False)
    sessions.ask_to_end()
    assert queued() == []


@pytest.mark.parametrize("kind", ["CLIENT", "ASSERTION", "SESSION"])
def test_no_token_is_in_clear_in_any_table_or_line_of_the_log(
    db: None,
    oauth_server: AuthorizationServer,
    session_server: SessionServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    kind: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    registry = {**systems.all_systems(), "cms": guarded.system(getattr(guarded, kind))}
    monkeypatch.setattr(systems, "all_systems", lambda: registry)
    peer: SessionServer | AuthorizationServer = session_server if kind == "SESSION" else oauth_server
    service = guarded.service(peer, body_policy=Service.BodyPolicy.ALL)
    run = ops.sync(service.streams.get(), SyncRun.Trigger.COMMAND)
    work_off()
    run.refresh_from_db()
    assert run.state == "succeeded"
    given_out = {*oauth_server.tokens, *session_server.sessions}
    assert len(given_out) == 1
    leave_unused(10.5)
    sessions.ask_to_end()
    forms = [*given_out, *guarded.entered(peer)[1].values()]
    assert places_of(*forms) == []
    assert all(form not in caplog.text for form in forms)
    work_off()
    assert places_of(*forms) == []
    assert ("integrations_call", "url") in places_of(peer.url), "the search finds what is there"
