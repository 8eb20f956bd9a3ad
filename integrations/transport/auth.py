"""Signs requests. Where that takes a token, gets one in time, and another one once when it turns out to be dead."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from integrations.transport import sign_in
from integrations.transport.answer import Answer
from integrations.transport.codes import Code, Outcome
from integrations.transport.errors import CallError, SignInFailed
from integrations.transport.sign_in import Ask, SignIn
from integrations.transport.tokens import Token, TokenStore

if TYPE_CHECKING:  # heavy, and loaded by every declaration of a System
    from requests import PreparedRequest

SOON_S = 1.0  # how long all processes believe that a failure that may pass has not passed yet
WHILE_S = 60.0  # the same of one that somebody has to mend
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2


class Auth:
    """Signs nothing; the base of what does.

    Attributes:
        learnt: secrets that were obtained meanwhile; they have to be blanked like the others.
    """

    learnt: tuple[str, ...] = ()

    def ready(self, ask: Ask) -> None:
        """Have what signing needs, before anything of the request itself is begun.

        Args:
            ask: makes one unsigned attempt.

        Raises:
            SignInFailed: it cannot be had.
            Parked: somebody is getting it and takes long.
        """

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """The request, signed."""
        return request

    def is_dead(self, answer: Answer) -> bool:  # noqa: ARG002 - what signs without a token has none that dies
        """Whether the answer says that what signed the request is no longer good, and another can be had."""
        return False

    def drop(self) -> None:
        """Never use again what `is_dead`."""


class HeaderAuth(Auth):
    """The same header with every request."""

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """With the header."""
        _set_header(request, self._name, self._value)
        return request


class QueryAuth(Auth):
    """The same parameter with every request; the vendor's own link to a next page may hold it already."""

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """With the parameter."""
        if self._name not in parse_qs(urlsplit(request.url or "").query):
            request.prepare_url(request.url, {self._name: self._value})
        return request


class TokenAuth(Auth):
    """A token that is obtained by one process for all, and kept in a store between them."""

    def __init__(self, how: SignIn, store: TokenStore) -> None:
        self._how = how
        self._store = store
        self._token: Token | None = None

    def ready(self, ask: Ask) -> None:
        """Have a token that lives, and the next one in time."""
        if self._how.unset:
            raise _not_entered(self._how.unset)
        now = sign_in.now()
        token = self._token or self._store.current()
        if token is None or not token.is_alive(now):
            token = self._store.renew(None, lambda: self._obtain(ask))
        elif token.is_due(now):
            token = self._store.renew(token, lambda: self._obtain(ask))
        self._token = token.used(now)
        self._store.note_use(self._token)
        self._learn(token)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """With the token, and to the place it is good for."""
        assert self._token is not None, "ready comes first"
        _set_header(request, self._how.header, self._how.signature(self._token.value))
        if self._token.base_url:
            place = urlsplit(self._token.base_url)
            request.url = urlsplit(request.url or "")._replace(scheme=place.scheme, netloc=place.netloc).geturl()
        return request

    def is_dead(self, answer: Answer) -> bool:
        """By the vendor's own words."""
        return self._how.dead.matches(answer)

    def drop(self) -> None:
        """Others may have a newer one already, which stays."""
        if self._token:
            self._store.forget(self._token)
        self._token = None

    def _obtain(self, ask: Ask) -> Token:
        asked_at = sign_in.now()
        try:
            token = self._how.token(ask(self._how.exchange()), asked_at)
        except CallError as error:
            raise self._failure(error) from error
        self._learn(token)
        return token

    def _failure(self, error: CallError) -> SignInFailed:
        """Without the answer: it is not one to the request that is not sent now."""
        again_in_s = error.retry_after or (WHILE_S if error.code.outcome is Outcome.REJECTED else SOON_S)
        if error.code is Code.AUTH_FAILED:
            again_in_s = self._how.refused_for_s
        return SignInFailed(error.code, f"Signing in failed: {error}", timedelta(seconds=again_in_s), error.retry_after)

    def _learn(self, token: Token) -> None:
        if token.value not in self.learnt:
            self.learnt += (token.value,)


def basic(username: str, password: str) -> str:
    """The value of an Authorization header. https://www.rfc-editor.org/rfc/rfc7617#section-2.1 allows UTF-8."""
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


def _set_header(request: PreparedRequest, name: str, value: str) -> None:
    # After the preparation nobody looks any more, and a line break would begin another header.
    if not value.isprintable() or not _HEADER.fullmatch(name):
        raise UnicodeError("a header cannot hold it")
    request.headers[name] = value


def _not_entered(labels: tuple[str, ...]) -> SignInFailed:
    names = " and ".join(f"“{label}”" for label in labels)
    return SignInFailed(Code.AUTH_FAILED, f"There is no {names} yet: enter it at the service.", timedelta())
