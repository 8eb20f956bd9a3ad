"""How a token is asked for, found in the answer, told dead and given back."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import jmespath
from jmespath.exceptions import JMESPathError

from integrations.transport import quota
from integrations.transport.answer import Answer
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.exchange import Content, Exchange
from integrations.transport.tokens import LogOut, Token

Ask = Callable[[Exchange], Answer]

LONGEST_LIFE_S = 366 * 86400.0  # what claims to live longer is asked for again after that
# Strict: it is said by the answer, and the token goes there.
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?")


@dataclass(frozen=True)
class Dead:
    """How a service says that a token is no longer good.

    Attributes:
        statuses: only answers with one of these are looked at.
        code: where in the JSON of the answer the vendor's own code is; without it the status is enough.
        values: codes that mean a dead token. Others with the same status never sign in again: an account
            that was refused gets locked by trying.
    """

    statuses: Sequence[int] = (401,)
    code: str = ""
    values: Sequence[str] = ()

    def matches(self, answer: Answer) -> bool:
        """Whether this answer says so."""
        if answer.status not in self.statuses:
            return False
        return not self.code or _found(self.code, answer.json) in self.values


@dataclass(frozen=True)
class Reading:
    """Where things are in the answer to a request for a token: JMESPath, empty where the answer does not say.

    Attributes:
        expiry: for how long it is good, in units of `unit_s` seconds.
        life_s: how long it is good where the answer does not say; None where nobody knows.
        slides: each use begins its life anew.
        base_url: the origin that all further calls go to.
    """

    token: str = "access_token"  # noqa: S105 - RFC 6749's name for it
    expiry: str = "expires_in"
    unit_s: float = 1.0
    life_s: float | None = None
    slides: bool = False
    base_url: str = ""


@dataclass(frozen=True)
class SignIn:
    """Everything about one account of one service that gives tokens.

    Attributes:
        operation: its name in the call log.
        content: made for each request, since an assertion is good for minutes.
        header, scheme: how the token is sent.
        log_out: method and URL, with {token} where the token stands in the URL; empty where there is none.
        unset: labels of what staff have not entered yet.
        refused_for_s: how long a refused account is not tried again; a few tries in a row would lock it.
    """

    operation: str
    url: str
    content: Callable[[], Content]
    reading: Reading
    dead: Dead
    header: str = "Authorization"
    scheme: str = "Bearer"
    log_out: str = ""
    unset: tuple[str, ...] = ()
    refused_for_s: float = 60.0

    def compile(self) -> None:
        """Raise a ValueError where a path into the answer is none."""
        for path in (self.reading.token, self.reading.expiry, self.reading.base_url, self.dead.code):
            if path:
                jmespath.compile(path)

    def exchange(self) -> Exchange:
        """The request for a token; a second token does no harm, so it may be sent again."""
        return Exchange(self.operation, "POST", self.url, self.content(), keyed=True)

    def signature(self, token: str) -> str:
        """The value of the header that carries the token."""
        return f"{self.scheme} {token}".strip()

    def token(self, answer: Answer, asked_at: datetime) -> Token:
        """The token in the answer.

        Raises:
            CallError: there is none.
        """
        reading, value = self.reading, _found(self.reading.token, answer.json)
        if not isinstance(value, str) or not value:
            raise CallError(Code.BAD_ANSWER, f"There is no token at “{reading.token}” in the answer.")
        life_s = self._life_s(answer)
        return Token(
            value=value,
            obtained_at=asked_at,
            expires_at=None if life_s is None else asked_at + timedelta(seconds=life_s),
            idle_s=life_s if reading.slides else None,
            base_url=self._origin(answer),
            log_out=self._log_out(value),
        )

    def _life_s(self, answer: Answer) -> float | None:
        said = quota.number(str(_found(self.reading.expiry, answer.json)))
        return self.reading.life_s if said is None else min(said * self.reading.unit_s, LONGEST_LIFE_S)

    def _origin(self, answer: Answer) -> str:
        if not self.reading.base_url:
            return ""
        said = str(_found(self.reading.base_url, answer.json))
        downgraded = self.url.startswith("https:") and not said.startswith("https:")
        if downgraded or not _ORIGIN.fullmatch(said):
            raise CallError(Code.BAD_ANSWER, f"There is no usable address at “{self.reading.base_url}” in the answer.")
        return said.rstrip("/")

    def _log_out(self, token: str) -> LogOut | None:
        if not self.log_out:
            return None
        method, _, url = self.log_out.partition(" ")
        if "{token}" in url:
            return LogOut(method, url.replace("{token}", quote(token, safe="")))
        return LogOut(method, url, {self.header: self.signature(token)})


def now() -> datetime:
    """With its zone."""
    return datetime.now(UTC)


def _found(path: str, data: Any) -> Any:
    try:
        return jmespath.search(path, data) if path else None
    except JMESPathError:  # its functions do not fit what came
        return None
