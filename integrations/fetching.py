"""Fetches a file from an address that staff typed, in the worker.

Through a service that may ask strangers, so that only public addresses are dialled, its limits hold, and every
attempt is in the call log.
"""

from __future__ import annotations

from django.core.files.base import ContentFile

from integrations import leases, systems
from integrations.connections import transport_for
from integrations.credentials import CredentialUnavailable
from integrations.models import Call, MediaAttachment, Service
from integrations.recorder import Cause
from integrations.transport.errors import CallError, Parked

ACCEPT = {"Accept": "image/*, application/pdf;q=0.9, */*;q=0.1"}
NOBODY = (
    "Nothing here may fetch from strangers. Add a service of the kind “{kind}” and switch it on, then validate again; "
    "or upload the file itself."
)


class NotFetched(Exception):
    """Why there is no file, and what to do."""


def door() -> Service | None:
    """The service through which strangers' addresses are asked: the first by name of those that are switched on."""
    kinds = [system.slug for system in systems.all_systems().values() if system.untrusted_urls]
    return Service.objects.filter(system__in=kinds, enabled=True).order_by("name", "pk").first()


def fetch(media: MediaAttachment, lease: leases.Lease) -> None:
    """Store what is at the address.

    Raises:
        NotFetched: with a sentence for whoever asked for it.
        LostLease: somebody else works on the row; nothing was kept.
    """
    media.file.save("", ContentFile(_asked(media, lease)), save=False)
    try:
        lease.write(file=media.file.name, size=media.file.size)
    except leases.LostLease:
        media.file.delete(save=False)
        raise


def _asked(media: MediaAttachment, lease: leases.Lease) -> bytes:
    if (service := door()) is None:
        raise NotFetched(NOBODY.format(kind=systems.get("opengraph").label))
    cause = Cause(Call.Trigger.STAFF, media.correlation_id, actor_id=media.actor_id)
    try:
        with transport_for(service, cause, lease.renew) as transport:
            address = media.source_url.partition("#")[0]
            return transport.request("fetch_file", "GET", address, headers=ACCEPT, raw=True).body
    except Parked as parked:
        raise NotFetched(f"{parked} Validate again after {parked.until:%H:%M} UTC.") from parked
    except CallError as error:
        raise NotFetched(error.for_staff()) from error
    except CredentialUnavailable as error:
        raise NotFetched(str(error)) from error
