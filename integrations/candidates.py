"""Settings of a service that are tried before they are saved: how they wait in a row, and the token they are let in with.

Nothing of a trial is shared: a wrong password must not end the session of the right one, nor a good one use its token.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from django.contrib.auth.models import User

from integrations import keyring, references
from integrations.credentials import CredentialUnavailable
from integrations.models import Service, Trial
from integrations.systems.base import System
from integrations.transport.errors import TransportError
from integrations.transport.http import Transport
from integrations.transport.tokens import Token

# What a probe depends on. Limits are not among them: a trial keeps those that hold.
TRIED = (
    *("name", "system", "base_url", "options", "ca_bundle"),
    *("connect_timeout_s", "deadline_s", "max_response_mib"),
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Candidate:
    """A service as it would be.

    Attributes:
        service: with the values to be tried; not saved like that, or not at all yet.
        typed: secrets or references by field, to be used instead of the stored ones; empty to do without one.
    """

    service: Service
    typed: Mapping[str, str] = field(default_factory=dict, repr=False)

    def trial(self, kind: str, subject: str = "", actor: User | None = None) -> Trial:
        """A row that holds it until a worker comes; not saved."""
        settings = {name: getattr(self.service, name) for name in TRIED}
        trial = Trial(kind=kind, subject=subject, actor=actor, settings=settings)
        trial.service_id = self.service.pk
        trial.sealed = keyring.encrypt(_context(trial), json.dumps(dict(self.typed))) if self.typed else ""
        whole = json.dumps([kind, subject, settings, dict(self.typed)], sort_keys=True)
        trial.fingerprint = keyring.fingerprint(("trial",), whole)
        return trial


def subjects(system: System | None) -> Mapping[str, Collection[str]]:
    """What can be tried, by kind; the connection has no name."""
    if system is None:
        return {}
    return {
        Trial.Kind.CONNECTION: {""},
        Trial.Kind.STREAM: {stream.name for stream in system.streams},
        Trial.Kind.LOOKUP: {option.name for option in system.options if option.suggest},
    }


def opened(trial: Trial) -> Candidate:
    """What waits in that row.

    Raises:
        CredentialUnavailable: a secret in it cannot be read.
    """
    service = trial.service or Service()
    for name, value in trial.settings.items():
        setattr(service, name, value)
    return Candidate(service, {name: _followed(name, text) for name, text in _unsealed(trial).items()})


def _unsealed(trial: Trial) -> dict[str, str]:
    if not trial.sealed:
        return {}
    try:
        typed: dict[str, str] = json.loads(keyring.decrypt(_context(trial), trial.sealed))
    except keyring.Unreadable as reason:
        raise CredentialUnavailable(f"What was typed {reason}. Type it again.") from reason
    return typed


def _followed(name: str, text: str) -> str:
    if not references.is_reference(text):
        return text
    try:
        return references.follow(text)
    except references.Broken as reason:
        raise CredentialUnavailable(f"The secret “{name}” is to be read from {text}. {reason}") from reason


def _context(trial: Trial) -> keyring.Context:
    """The row has no key before it is saved; this is its own as well."""
    return ("trial", str(trial.correlation_id))


class OwnToken:
    """A `TokenStore` of one transport, for one thread."""

    def __init__(self) -> None:
        self._token: Token | None = None

    def current(self) -> Token | None:
        """What was obtained here."""
        return self._token

    def renew(self, usable: Token | None, obtain: Callable[[], Token]) -> Token:  # noqa: ARG002 - the protocol's
        """Another one; nobody else could have it already."""
        self._token = obtain()
        return self._token

    def forget(self, token: Token) -> None:  # noqa: ARG002 - the protocol's; there is only one
        """It is dead."""
        self._token = None

    def note_use(self, token: Token) -> None:
        """With the life that using it gives."""
        self._token = token

    def give_back(self, transport: Transport) -> None:
        """End the session, where it is one: services allow few at a time."""
        if self._token and self._token.log_out:
            try:
                transport.log_out(self._token)
            except TransportError as error:
                logger.info("The session of a trial could not be ended: %s", error)
