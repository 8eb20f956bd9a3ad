"""The CMS behind each kind of signing in that takes a token: only the declaration differs."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django.utils import timezone

from integrations import connections, credentials, systems
from integrations.connections import client_for
from integrations.models import Service
from integrations.recorder import Cause
from integrations.systems.auth import (
    Basic,
    ClientCredentials,
    Dead,
    JwtBearer,
    Kind,
    Reading,
    SessionToken,
)
from integrations.systems.base import Option, SecretField, System
from integrations.systems.cms import SYSTEM as CMS
from integrations.systems.given import Given, given_to
from integrations.transport.errors import CallError, Parked
from integrations.transport.tokens import Token
from tests.peers import authorization_server as oauth
from tests.peers import session_server
from tests.peers.loopback import Loopback

INVALID_SESSION = Dead(code="[0].errorCode", values=("INVALID_SESSION_ID",))
CLIENT = ClientCredentials(
    "client_id", "client_secret", oauth.TOKEN_PATH, form={"scope": "{scope}"}, dead=INVALID_SESSION
)
ASSERTION = JwtBearer("issuer", "subject", "audience", "private_key", oauth.TOKEN_PATH, dead=INVALID_SESSION)
SESSION = SessionToken(
    "/databases/{database}/sessions",
    needs=("database", "username", "password"),
    basic=Basic("username", "password"),
    log_out="DELETE /databases/{database}/sessions/{token}",
    reading=Reading(token="response.token", expiry="", life_s=900, slides=True),
    dead=Dead(code="messages[0].code", values=(session_server.DEAD,)),
)
OPTIONS = ("client_id", "scope", "issuer", "subject", "audience", "database", "username")
SECRETS = ("client_secret", "private_key", "password")


def system(auth: Kind) -> System:
    """The CMS with this way to sign in."""
    options = tuple(Option(name, f"The {name.replace('_', ' ')}", default="") for name in OPTIONS)
    secrets = tuple(SecretField(name, f"The {name.replace('_', ' ')}") for name in SECRETS)
    return replace(CMS, auth=auth, options=CMS.options + options, secrets=CMS.secrets + secrets)


def entered(peer: Loopback) -> tuple[dict[str, Any], dict[str, str]]:
    """Options and secrets that this peer lets in."""
    rules: Any = getattr(peer, "rules")  # noqa: B009 - each peer has its own
    known = {**vars(rules), "private_key": oauth.PEM}
    return (
        {name: known[name] for name in OPTIONS if name in known},
        {name: known[name] for name in SECRETS if name in known},
    )


def service(peer: Loopback, **values: Any) -> Service:
    """A service that is signed in at this peer."""
    options, secrets = entered(peer)
    fields = {"slug": "guarded", "name": "Guarded", "system": "cms", "check_every_minutes": 0, **values}
    made = Service.objects.create(base_url=peer.url, options=options, **fields)
    for name, secret in secrets.items():
        credentials.store(made, name, secret)
    return made


def call(service: Service, **values: Any) -> str:
    """What one call to it comes to."""
    try:
        with client_for(service, Cause("command", uuid.uuid4()), **values) as client:
            return client.check_health()
    except (CallError, Parked) as error:
        return str(error)


def given(service: Service) -> Given:
    """What was entered for it."""
    made = systems.get("cms")
    secrets = connections._current(connections._secrets(service, made))
    return given_to(made, service.base_url, service.options, secrets)


def token(value: str) -> Token:
    """One that was obtained now, and is good for long."""
    return Token(value, timezone.now())
