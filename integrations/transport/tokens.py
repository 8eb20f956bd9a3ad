"""A token or session a service gave us: how long it lives, and what keeps it between calls and processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

LEAD_S = 60.0
LEAD_SHARE = 0.1  # of its life: one that lives a minute would otherwise always be due


@dataclass(frozen=True)
class LogOut:
    """The request that ends a session, in full: address and options of the service may change before it is sent."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Token:
    """What a service lets us in with.

    Attributes:
        obtained_at: also tells two tokens of one service apart.
        expires_at: None where nobody says.
        idle_s: it lives this many seconds after its last use; None where using it changes nothing.
        base_url: the origin it is good for, where that is another than it came from.
        log_out: how to give it back; None where that is not needed.
    """

    value: str = field(repr=False)
    obtained_at: datetime
    expires_at: datetime | None = None
    idle_s: float | None = None
    base_url: str = ""
    log_out: LogOut | None = None

    def is_alive(self, now: datetime) -> bool:
        """Whether it can still be used, as far as its date tells."""
        return self.expires_at is None or now < self.expires_at

    def is_due(self, now: datetime) -> bool:
        """Whether it is time to get the next one; never where using it is enough to keep it."""
        if self.expires_at is None or self.idle_s is not None:
            return False
        life_s = (self.expires_at - self.obtained_at).total_seconds()
        return self.expires_at - now < timedelta(seconds=min(LEAD_S, LEAD_SHARE * life_s))

    def used(self, now: datetime) -> Token:
        """The same after a use."""
        return self if self.idle_s is None else replace(self, expires_at=now + timedelta(seconds=self.idle_s))


class TokenStore(Protocol):
    """Keeps the token of one service, for everybody who speaks to it with the same account."""

    def current(self) -> Token | None:
        """The one to use; None where there is none that lives."""

    def renew(self, usable: Token | None, obtain: Callable[[], Token]) -> Token:
        """Another one than `usable`: of many who ask at a time, one obtains it and all get it.

        Args:
            usable: good for a while yet; whoever would have to wait, or fails, goes on with it.

        Raises:
            SignInFailed: the one who asked could not get any.
            Parked: whoever is getting it takes longer than a worker may sleep.
        """

    def forget(self, token: Token) -> None:
        """This one is dead; a newer one stays."""

    def note_use(self, token: Token) -> None:
        """It is about to be used, which may keep it alive."""
