"""What the tests of tokens share: transports that sign in at a peer, and a token of a certain age."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.systems.auth import Given, Kind
from integrations.transport.auth import TokenAuth
from integrations.transport.codes import Code
from integrations.transport.details import CallDetails
from integrations.transport.http import Transport
from integrations.transport.settings import Keep, Settings
from integrations.transport.sign_in import SignIn
from integrations.transport.tokens import Token
from tests.peers import guarded
from tests.peers.loopback import Loopback
from tests.transport.stores import Kept

Make = Callable[..., Transport]
SESSION_ANSWER = b'{"response": {"token": "s-1"}}'


def token_auth(kind: Kind, given: Given, store: Kept | None = None) -> TokenAuth:
    how = kind.signing(given)
    assert isinstance(how, SignIn)
    return TokenAuth(how, store or Kept())


def anything(url: str, **labels: str) -> Given:
    """Everything is entered, whatever it is."""
    return Given(url, dict.fromkeys(guarded.OPTIONS, "x"), dict.fromkeys(guarded.SECRETS, "x"), labels)


def signed_in(kind: Kind, peer: Loopback, hooks: Any, store: Kept | None = None, **more: Any) -> Transport:
    """A transport that signs in with what the peer wants."""
    options, secrets = guarded.entered(peer)
    given = Given(peer.url, {**dict.fromkeys(guarded.OPTIONS, ""), **options}, {**secrets, **more.pop("entered", {})})
    gate, auth = more.pop("gate", None), token_auth(kind, given, store)
    settings = Settings(peer.url, secrets=tuple(secrets.values()), deadline_s=5.0, keep=Keep.ALWAYS, **more)
    return Transport(settings, hooks, gate, auth=auth)


def told(heard: list[CallDetails]) -> list[tuple[str, int | None, Code]]:
    return [(details.operation, details.status, details.code) for details in heard]


def aged(life_s: float, left_s: float, **more: Any) -> Token:
    """A token that lives so long in all, and so long from now on."""
    expires_at = datetime.now(UTC) + timedelta(seconds=left_s)
    return Token("old", expires_at - timedelta(seconds=life_s), expires_at, **more)
