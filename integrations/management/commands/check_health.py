"""The verb “Check now” for a shell."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import ops
from integrations.management.lookup import service_of
from integrations.models import HealthCheck, Service


class Command(BaseCommand):
    """`manage.py check_health [<service>]`: the worker probes; --wait waits for the results."""

    help = "Check the health of one service, or of all that are enabled."

    def add_arguments(self, parser: CommandParser) -> None:
        """Service, and whether to wait."""
        parser.add_argument("service", nargs="?", help="slug of the service; all enabled ones without it")
        parser.add_argument("--pause", action="store_true", help="check it only when asked, until --resume")
        parser.add_argument("--resume", action="store_true", help="check it by its schedule again")
        parser.add_argument("--wait", action="store_true", help="wait for the results; exit 1 unless all are healthy")

    def handle(self, *_: Any, service: str | None, pause: bool, resume: bool, wait: bool, **__: Any) -> None:
        """Do what was asked and say what came of it."""
        services = [service_of(service)] if service else list(Service.objects.filter(enabled=True))
        try:
            if pause or resume:
                self._switch(services, ops.pause_checks if pause else ops.resume_checks)
            else:
                self._check(services, wait=wait)
        except ops.Impossible as reason:
            raise CommandError(str(reason)) from reason

    def _switch(self, services: list[Service], verb: Callable[[Service], None]) -> None:
        for each in services:
            verb(each)
            self.stdout.write(f"The checks of {each} are {'paused' if verb is ops.pause_checks else 'resumed'}.")

    def _check(self, services: list[Service], *, wait: bool) -> None:
        checks = [ops.check(each, HealthCheck.Trigger.COMMAND) for each in services]
        for check in checks:
            self.stdout.write(f"{check} is waiting for a worker.")
        if wait:
            self._wait(checks)

    def _wait(self, checks: list[HealthCheck]) -> None:
        for check in checks:
            while check.state in {HealthCheck.State.QUEUED, HealthCheck.State.RUNNING}:
                time.sleep(0.2)
                check.refresh_from_db()
            self.stdout.write(f"{check.service}: {check.get_state_display()}. {check.remark}".rstrip())
        if any(check.state != HealthCheck.State.SUCCEEDED for check in checks):
            raise CommandError("Not every service is healthy.")
