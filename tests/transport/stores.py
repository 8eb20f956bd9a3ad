"""A token store in memory, for one thread."""

from __future__ import annotations

from collections.abc import Callable

from integrations.transport.tokens import Token


class Kept:
    def __init__(self, token: Token | None = None) -> None:
        self.token = token
        self.uses = 0

    def current(self) -> Token | None:
        return self.token

    def renew(self, usable: Token | None, obtain: Callable[[], Token]) -> Token:
        assert usable in (None, self.token)
        self.token = obtain()
        return self.token

    def forget(self, token: Token) -> None:
        if self.token and self.token.obtained_at == token.obtained_at:
            self.token = None

    def note_use(self, token: Token) -> None:
        self.uses += 1
        self.token = token
