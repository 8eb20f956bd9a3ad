"""The page “Latency” for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from integrations import formatting, latency, stats
from integrations.latency import Traffic
from integrations.management.lookup import service_of
from integrations.rollups.reading import Of
from integrations.windows import DEFAULT, LAST, Window


class Command(BaseCommand):
    """`manage.py latency [service] [--window 7d]`: each service, or each operation of one."""

    help = "Show how fast services answer."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, and of which time."""
        parser.add_argument("service", nargs="?", help="slug of a service; without it all of them")
        parser.add_argument("--window", choices=LAST, default=DEFAULT)

    def handle(self, *_: Any, service: str | None, window: str, **__: Any) -> None:
        """A line each, whoever took most of the time first."""
        asked = Window.last(window)
        found = self._of_one(service, asked) if service else self._of_all(asked)
        if not found:
            self.stdout.write(f"No calls in the last {asked.label}. Choose a longer --window.")
            return
        self.stdout.write(f"{'':<32}{'calls':>10}{'errors':>9}{'p50':>10}{'p95':>10}{'p99':>10}{'max':>10}")
        for name, traffic in sorted(found.items(), key=lambda pair: -pair[1].sent.total_us):
            self.stdout.write(self._line(name, traffic))

    def _of_one(self, slug: str, window: Window) -> dict[str, Traffic]:
        of = Of(service_of(slug).pk, by_operation=True)
        return latency.by(latency.whole(window, of), latency.by_operation)

    def _of_all(self, window: Window) -> dict[str, Traffic]:
        slugs = {service.pk: service.slug for service in stats.services()}
        return latency.by(latency.whole(window, Of()), lambda key: slugs[key.service])

    def _line(self, name: str, traffic: Traffic) -> str:
        times = (traffic.p50, traffic.p95, traffic.p99, traffic.max_ms)
        errors = formatting.percent(traffic.error_percent)
        return f"{name:<32}{traffic.calls:>10,}{errors:>9}" + "".join(
            f"{formatting.milliseconds(ms):>10}" for ms in times
        )
