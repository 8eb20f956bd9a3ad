"""The verb “Geocode” for a shell."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import geocoding, ops
from integrations.management.lookup import service_of
from integrations.models import GeocodeBatch, Service


class Command(BaseCommand):
    """`manage.py geocode --all-missing`, or with keys of properties: the worker asks; --wait waits for the end."""

    help = "Look for properties on the map."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which properties, whom to ask, and whether to wait."""
        parser.add_argument(
            "ids", nargs="*", type=int, help="numbers of properties; they stand in the addresses of their pages"
        )
        parser.add_argument("--all-missing", action="store_true", help="all that have an address and no coordinates")
        parser.add_argument("--service", help="slug of a geocoder; without it the only one there is")
        parser.add_argument("--wait", action="store_true", help="wait for the end; exit 1 unless it came to one")

    def handle(self, *_: Any, ids: list[int], service: str | None, wait: bool, **options: Any) -> None:
        """Ask for it and say what came of it."""
        if bool(ids) is options["all_missing"]:
            raise CommandError("Name properties by their numbers, or say --all-missing.")
        asked = service_of(service) if service else self._only_one()
        try:
            batch = ops.geocode(asked, ids or None)
        except ops.Impossible as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(f"{batch}, {batch.total:,} properties, is waiting for a worker.")
        if wait:
            self._wait(batch)

    def _only_one(self) -> Service:
        found = list(geocoding.places())
        if len(found) == 1:
            return found[0]
        known = ", ".join(service.slug for service in found)
        raise CommandError(
            f"Say which geocoder: --service {known}." if known else "There is no geocoder. Add one first."
        )

    def _wait(self, batch: GeocodeBatch) -> None:
        while batch.state in GeocodeBatch.ACTIVE:
            time.sleep(0.5)
            batch.refresh_from_db()
        counts = f"{batch.found:,} found, {batch.not_found:,} not found, {batch.failed:,} failed."
        self.stdout.write(f"{batch}: {batch.get_state_display()}. {counts} {batch.failure_message}".rstrip())
        if batch.state != GeocodeBatch.State.SUCCEEDED:
            raise CommandError("It did not come to its end.")
