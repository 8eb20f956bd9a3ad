"""What every scheme can do."""

from __future__ import annotations

import hmac
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from integrations.systems.deliveries import Cause, Delivery, Refused

SECRET = "webhook_secret"  # noqa: S105 - the name of the field that every scheme finds its secret in


@dataclass(frozen=True, kw_only=True)
class Scheme(ABC):
    """One way to tell a genuine delivery.

    Attributes:
        is_json: whoever uses it sends JSON and nothing else.
    """

    is_json: bool = True

    @abstractmethod
    def check(self, delivery: Delivery, secrets: Sequence[str], at: float) -> None:
        """Return where the delivery is genuine.

        Args:
            secrets: the valid ones, any of which will do.
            at: when it came, in seconds of the epoch.

        Raises:
            Refused: it is not; the text says which check failed.
        """

    @abstractmethod
    def sign(self, body: bytes, secret: str, delivery_id: str, at: float) -> dict[str, str]:
        """The headers with which a sender proves it."""

    @property
    def signs_bodies(self) -> bool:
        """Whether it proves what was sent, and not only by whom."""
        return False

    @property
    def signs_ids(self) -> bool:
        """Whether nobody can send the same again under another id."""
        return False

    @property
    def hides(self) -> frozenset[str]:
        """Headers that hold the secret itself and must not be kept."""
        return frozenset()


def usable(secrets: Iterable[str]) -> list[str]:
    """Those that are not empty: an empty one would be known to everybody.

    Raises:
        Refused: there is none.
    """
    found = [secret for secret in secrets if secret]
    if not found:
        raise Refused("no webhook secret is set for this service", Cause.NO_SECRET)
    return found


def header_of(headers: Mapping[str, str], name: str) -> str:
    """What the header says.

    Raises:
        Refused: it is missing or empty.
    """
    value = headers.get(name, "").strip()
    if not value:
        raise Refused(f"the header {name} is missing", Cause.MISSING)
    return value


def on_the_wire(text: str) -> bytes:
    """The bytes of a header, which WSGI hands over as Latin-1."""
    return text.encode("latin-1")


def is_any(given: Sequence[bytes], expected: Sequence[bytes]) -> bool:
    """Whether one is among the others; all are compared, so that the time tells nothing of which one it was."""
    return sum(hmac.compare_digest(one, other) for one in given for other in expected) > 0
