"""A fragment whose service can be brought into trouble."""

from __future__ import annotations

from dataclasses import dataclass

import requests
from django.test import Client

from integrations.models import CachedAnswer, Essay, Property, Service
from tests.pages.showing import hours_pass, settled

SYSTEMS = {"analytics": "analytics", "preview": "opengraph", "assessment": "tax_assessor", "place": "geocoding"}


@dataclass
class Shown:
    """One fragment of one row, whose service can be brought into trouble."""

    client: Client
    kind: str
    row: Essay | Property
    service: Service
    sandbox_url: str

    def settled(self) -> str:
        return settled(self.client, self.kind, self.row)

    def fault(self, **fault: object) -> None:
        address = f"{self.sandbox_url}/_faults/{self.service.system}/"
        (requests.post if fault else requests.delete)(address, json=fault, timeout=10).raise_for_status()

    def is_slow(self) -> None:
        self.fault(delay_s=1.0)
        Service.objects.filter(pk=self.service.pk).update(deadline_s=0.3)

    def hours_pass(self, hours: int = 3) -> None:
        """The transport has forgotten its own copy too, which is not what these tests are about."""
        hours_pass(hours)
        CachedAnswer.objects.all().delete()
        Service.objects.update(per_second=1000)
