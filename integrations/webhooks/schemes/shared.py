"""Schemes that show a shared secret, or nothing: they say who sends, and nothing of what was sent."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from integrations.systems.deliveries import Cause, Delivery, Refused
from integrations.webhooks.schemes.base import Scheme, header_of, is_any, on_the_wire, usable


@dataclass(frozen=True)
class Token(Scheme):
    """A header that holds the secret."""

    header: str

    def check(self, delivery: Delivery, secrets: Sequence[str], at: float) -> None:  # noqa: ARG002 - no moment is told
        """It must be there."""
        expected = [self.shown(secret).encode() for secret in usable(secrets)]
        if not is_any([on_the_wire(header_of(delivery.headers, self.header))], expected):
            raise Refused(f"what the header {self.header} holds is not the webhook secret", Cause.WRONG)

    def sign(self, body: bytes, secret: str, delivery_id: str, at: float) -> dict[str, str]:  # noqa: ARG002 - as above
        """The header."""
        return {self.header: self.shown(secret)}

    def shown(self, secret: str) -> str:
        """What the header says."""
        return secret

    @property
    def hides(self) -> frozenset[str]:
        """Its header."""
        return frozenset({self.header})


@dataclass(frozen=True)
class Bearer(Token):
    """Authorization: Bearer ..."""

    header: str = "authorization"

    def shown(self, secret: str) -> str:
        """With its word."""
        return f"Bearer {secret}"


@dataclass(frozen=True)
class Basic(Token):
    """Authorization: Basic ...; the secret is user and password with a colon between them."""

    header: str = "authorization"

    def shown(self, secret: str) -> str:
        """In base64."""
        return f"Basic {base64.b64encode(secret.encode()).decode()}"


@dataclass(frozen=True)
class ClientCertificate(Token):
    """A proxy asked for the certificate and says in a header whose it is. Anybody else could write that header too."""

    def check(self, delivery: Delivery, secrets: Sequence[str], at: float) -> None:
        """It must come from the proxy, and name the certificate."""
        if not delivery.through_proxy:
            raise Refused("it did not come through a proxy of TRUSTED_PROXIES", Cause.ROUND_THE_PROXY)
        super().check(delivery, secrets, at)


@dataclass(frozen=True)
class Unverified(Scheme):
    """Everybody is believed."""

    def check(self, delivery: Delivery, secrets: Sequence[str], at: float) -> None:
        """Nothing is."""

    def sign(self, body: bytes, secret: str, delivery_id: str, at: float) -> dict[str, str]:  # noqa: ARG002 - as above
        """Nothing proves it."""
        return {}
