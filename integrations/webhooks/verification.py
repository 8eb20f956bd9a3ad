"""Whether a delivery is believed: the scheme's check, with the secrets that are valid now."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence

from integrations.credentials import CredentialUnavailable
from integrations.models import Credential
from integrations.systems.deliveries import Cause, Delivery, Holds, Identity, Refused
from integrations.webhooks.receivers import Receiver
from integrations.webhooks.schemes.base import SECRET

logger = logging.getLogger(__name__)


class ActiveSecrets(Mapping[str, Sequence[str]]):
    """Field -> valid secrets, newest first. Revealed as they are asked for: what is not needed cannot be in the way."""

    def __init__(
        self, stored: Mapping[str, Sequence[Credential]], purpose: Credential.Purpose = Credential.Purpose.VERIFY
    ) -> None:
        self._stored, self._purpose = stored, purpose
        self.unreadable: list[CredentialUnavailable] = []

    def __getitem__(self, field: str) -> Sequence[str]:
        found = []
        for credential in self._stored[field]:
            try:
                found.append(credential.reveal(self._purpose))
            except CredentialUnavailable as reason:
                self.unreadable.append(reason)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)


def believe(receiver: Receiver, delivery: Delivery, at: float, *, takes_anything: bool = False) -> Identity:
    """What the delivery says of itself, where it is believed.

    Args:
        at: when it came, in seconds of the epoch.
        takes_anything: also what is no JSON where it should be.

    Raises:
        Refused: it was signed with none of the secrets, its check failed in any other way, or it is no JSON.
        CredentialUnavailable: as above, but a secret that cannot be read might have been the one.
    """
    secrets = ActiveSecrets(receiver.stored)
    try:
        receiver.sender.scheme.check(delivery, secrets.get(SECRET, ()), at)
        identity: Identity = receiver.webhook.identify(delivery)
    except Refused as reason:
        if secrets.unreadable:
            raise secrets.unreadable[0] from reason
        raise
    except Exception as error:
        # Whatever strangers write into a header: what cannot be checked is not believed, and no reason to come again.
        logger.warning("a delivery to %s could not be checked: %s", receiver.service.slug, type(error).__name__)
        raise Refused(f"it could not be checked ({type(error).__name__})", Cause.MALFORMED) from error
    if identity.holds == Holds.OTHER and receiver.sender.scheme.is_json and not takes_anything:
        raise Refused("it is signed, but its body is no JSON", Cause.NO_JSON)
    return identity


def secrets_of(receiver: Receiver, field: str = SECRET) -> Sequence[str]:
    """The valid ones of a field that can be read."""
    return ActiveSecrets(receiver.stored).get(field, ())


def secrets_to_try(stored: Sequence[Credential]) -> list[str]:
    """The same for whoever only looks whether they would fit: that is no use of them."""
    return [secret for secret in ActiveSecrets({SECRET: stored}, Credential.Purpose.REDACT)[SECRET] if secret]
