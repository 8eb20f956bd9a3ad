"""The token of a service, shared by all processes: encrypted in a row, and obtained by one of them at a time."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.utils import timezone

from integrations import keyring
from integrations.models import AccessToken, Service
from integrations.systems.given import Given
from integrations.throttle import LOOK_AGAIN_S
from integrations.transport import waiting
from integrations.transport.codes import Code
from integrations.transport.errors import SignInFailed
from integrations.transport.tokens import LogOut, Token

MARGIN = timedelta(seconds=5)
USE_IS_NOTED_EVERY = timedelta(seconds=30)
WORTH_SAYING = timedelta(seconds=10)


class ServiceTokens:
    """A `TokenStore` over the row of one service; a token that was obtained with anything else than this counts as none."""

    def __init__(self, service: Service, given: Given) -> None:
        self._service = service
        self._given = given
        self._rows = AccessToken.objects.filter(service=service)
        self._holder = uuid.uuid4()
        # One attempt with all its waits; whoever died in it is replaced after that.
        attempt_s = service.connect_timeout_s + service.deadline_s + waiting.LONGEST_SLEEP_S
        self._hold = timedelta(seconds=attempt_s) + MARGIN
        self._noted_at: datetime | None = None

    @cached_property
    def _account(self) -> str:
        """A fingerprint of everything staff can change, also of a secret that is entered again as it was."""
        entered = self._service.credentials.filter(superseded_at=None).order_by("pk").values_list("pk", flat=True)
        given = vars(self._given) | {"system": self._service.system, "entered": list(entered)}
        return keyring.fingerprint(_context(self._service.pk), json.dumps(given, default=str, sort_keys=True))

    def current(self) -> Token | None:
        """The one to use; None where there is none that lives."""
        row = self._rows.first()
        return self._living(row) if row else None

    def renew(self, usable: Token | None, obtain: Callable[[], Token]) -> Token:
        """See `TokenStore`."""
        AccessToken.objects.bulk_create([AccessToken(service=self._service)], ignore_conflicts=True)
        patience = waiting.Patience()
        while True:
            row, now = self._rows.get(), timezone.now()
            token = self._living(row)
            if token and (usable is None or token.obtained_at > usable.obtained_at):
                return token
            failure = self._failure(row, now)
            if not failure and row.held_until <= now and self._take(row):
                return self._obtain(row, usable, obtain)
            if usable:
                return usable
            if failure:
                raise failure
            pause = timedelta(seconds=random.uniform(*LOOK_AGAIN_S))  # noqa: S311 - spreads load, hides nothing
            patience.wait_until(now + pause, "Another process is signing in and takes long.")

    def forget(self, token: Token) -> None:
        """Nobody uses it any more; one that was obtained since stays."""
        self._rows.filter(obtained_at=token.obtained_at).update(ciphertext="")

    def note_use(self, token: Token) -> None:
        """So that a session lives on in the row as at the remote, and is not ended while it is used."""
        now = timezone.now()
        if not _is_session(token) or (self._noted_at and now - self._noted_at < USE_IS_NOTED_EVERY):
            return
        self._noted_at = now
        self._rows.filter(obtained_at=token.obtained_at).update(used_at=now, expires_at=token.expires_at)

    def _living(self, row: AccessToken) -> Token | None:
        account, token = opened(row, row.ciphertext)
        return token if token and account == self._account and token.is_alive(timezone.now()) else None

    def _failure(self, row: AccessToken, now: datetime) -> SignInFailed | None:
        """What this account came to elsewhere or before, as long as trying again would be of no use or do harm."""
        if row.failed_account != self._account or row.again_at is None or row.again_at <= now:
            return None
        left, text = row.again_at - now, row.failure
        if row.failure_code == Code.AUTH_FAILED and left > WORTH_SAYING:
            text += (
                f" This is not tried again before {row.again_at:%d %B %H:%M} UTC, since accounts are locked after "
                "a few tries; to try at once, enter the secret again."
            )
        return SignInFailed(Code(row.failure_code), text, left, left.total_seconds())

    def _take(self, row: AccessToken) -> bool:
        """Of many who saw the same row one wins."""
        untouched = self._rows.filter(held_until=row.held_until)
        return bool(untouched.update(holder=self._holder, held_until=timezone.now() + self._hold))

    def _obtain(self, row: AccessToken, usable: Token | None, obtain: Callable[[], Token]) -> Token:
        result: dict[str, Any] = {}
        try:
            token = obtain()
            result = self._columns(token) | self._replaced(row)
        except SignInFailed as error:
            result = self._failed(error)
            if usable:
                return usable
            raise
        finally:
            # Whoever held it too long changes nothing: somebody else holds it now.
            self._rows.filter(holder=self._holder).update(holder=None, held_until=timezone.now(), **result)
        return token

    def _columns(self, token: Token) -> dict[str, Any]:
        return {
            "ciphertext": _sealed(self._service, self._account, token),
            "obtained_at": token.obtained_at,
            "expires_at": token.expires_at,
            "used_at": timezone.now() if _is_session(token) else None,
            "again_at": None,
        }

    def _replaced(self, row: AccessToken) -> dict[str, Any]:
        """The open session of another account is put aside, to be ended."""
        account, token = opened(row, row.ciphertext)
        return {"ending": row.ciphertext} if token and token.log_out and account != self._account else {}

    def _failed(self, error: SignInFailed) -> dict[str, Any]:
        return {
            "failed_account": self._account,
            "failure_code": error.code,
            "failure": str(error),
            "again_at": timezone.now() + error.lasts,
        }


def opened(row: AccessToken, ciphertext: str) -> tuple[str, Token | None]:
    """Account and token in a ciphertext of the row; none where it cannot be read, since another is easily had."""
    if not ciphertext:
        return "", None
    try:
        kept = json.loads(keyring.decrypt(_context(row.service_id), ciphertext))
    except keyring.Unreadable:
        return "", None
    log_out = LogOut(**kept["log_out"]) if kept["log_out"] else None
    token = Token(
        kept["value"], row.obtained_at or timezone.now(), row.expires_at, kept["idle_s"], kept["base_url"], log_out
    )
    return kept["account"], token


def _sealed(service: Service, account: str, token: Token) -> str:
    kept = {
        "account": account,
        "value": token.value,
        "idle_s": token.idle_s,
        "base_url": token.base_url,
        "log_out": vars(token.log_out) if token.log_out else None,
    }
    try:
        return keyring.encrypt(_context(service.pk), json.dumps(kept))
    except keyring.Unreadable:  # without a key nothing can be kept, and this process goes on with what it has
        return ""


def _context(service_pk: int) -> keyring.Context:
    return ("access token", service_pk)


def _is_session(token: Token) -> bool:
    return token.idle_s is not None or token.log_out is not None
