"""Whether a delivery is believed: a System's check, with the secrets that are valid now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType

from integrations import credentials
from integrations.credentials import CredentialUnavailable
from integrations.models import Credential, Service
from integrations.systems.base import Delivery, Refused


class ActiveSecrets(Mapping[str, Sequence[str]]):
    """Field -> valid secrets, newest first. Revealed as they are asked for: what is not needed cannot be in the way."""

    def __init__(self, service: Service) -> None:
        self._stored = credentials.by_field(service)
        self.unreadable: list[CredentialUnavailable] = []

    def __getitem__(self, field: str) -> Sequence[str]:
        found = []
        for credential in self._stored[field]:
            try:
                found.append(credential.reveal(Credential.Purpose.VERIFY))
            except CredentialUnavailable as reason:
                self.unreadable.append(reason)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)


def verify(service: Service, webhook: ModuleType, delivery: Delivery) -> None:
    """Return where the delivery is believed.

    Raises:
        Refused: it was signed with none of the secrets.
        CredentialUnavailable: as above, but a secret that cannot be read might have been the one.
    """
    secrets = ActiveSecrets(service)
    try:
        webhook.verify(delivery, secrets)
    except Refused as reason:
        if secrets.unreadable:
            raise secrets.unreadable[0] from reason
        raise
