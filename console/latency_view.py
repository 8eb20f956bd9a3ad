"""What is looked at on the page “Latency”: made from an address, and able to make one, so that every view can be shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.urls import reverse

from console import call_links
from console.call_links import FAILURES
from integrations import latency
from integrations.models import Service
from integrations.rollups.reading import Of, Part
from integrations.text import storable
from integrations.transport.codes import Outcome
from integrations.windows import DEFAULT, Window

OUTCOMES = {
    "": "Every outcome",
    FAILURES: "Every failure",
    **{outcome.value: outcome.label for outcome in Outcome if outcome != Outcome.NOT_SENT},
}
TABLES = ("percentiles", "heat_map", "distribution", "compared", "errors")


@dataclass(frozen=True)
class View:
    """A window, and whose calls of which outcome.

    Attributes:
        trouble: why it is not the window that was asked for.
    """

    window: Window
    service: Service | None = None
    operation: str = ""
    outcome: str = ""
    first: str = ""
    last: str = ""
    trouble: str = ""

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> View:
        """By the words of an address; what makes no sense is left out."""
        service = Service.objects.filter(slug=storable(query.get("service", ""))).first()
        operation = storable(query.get("operation", ""))[:100] if service else ""
        outcome = query.get("outcome", "")
        first, last = query.get("from", ""), query.get("to", "")
        try:
            window, trouble = Window.asked(query), ""
        except (ValueError, OverflowError):
            window, trouble, first = Window.last(DEFAULT), NO_RANGE, ""
        kept = outcome if outcome in OUTCOMES else ""
        return cls(window, service, operation, kept, first, last if first else "", trouble)

    @property
    def of(self) -> Of:
        """Whose calls."""
        return Of(self.service.pk if self.service else None, self.operation)

    @property
    def members(self) -> str:
        """What its table compares."""
        return "operation" if self.service else "service"

    def query(self, **changes: str) -> dict[str, str]:
        """The words of its address."""
        when = {"from": self.first, "to": self.last} if self.first else {"window": self.window.name}
        whose = {"service": self.service.slug if self.service else "", "operation": self.operation}
        words = {**when, **whose, "outcome": self.outcome, **changes}
        return {name: value for name, value in words.items() if value}

    def address(self, **changes: str) -> str:
        """Of the page that shows it, with something else."""
        return reverse("latency", query=self.query(**changes))

    @property
    def live(self) -> str:
        """Of the part that keeps itself fresh."""
        return reverse("latency_live", query=self.query())

    @cached_property
    def csv(self) -> dict[str, str]:
        """Of the figures behind each chart and table."""
        return {chart: reverse("latency_csv", args=[chart.replace("_", "-")], query=self.query()) for chart in TABLES}

    def wants(self, part: Part) -> bool:
        """Whether these calls have the outcome that was asked for."""
        key, _columns = part
        if not self.outcome:
            return True
        is_failure = latency.is_sent(key) and key.outcome != Outcome.OK
        return is_failure if self.outcome == FAILURES else key.outcome == self.outcome

    def calls(self, **filters: str) -> str:
        """The list of its calls."""
        whose = {"service__id__exact": str(self.service.pk) if self.service else "", "operation__exact": self.operation}
        when = call_links.started(self.window.since, self.window.until)
        return call_links.calls(**{**whose, **when, **call_links.of_outcome(self.outcome), **filters})

    def calls_between(self, since: datetime, until: datetime) -> str:
        """The list of those of a time."""
        return self.calls(**call_links.started(since, until))


NO_RANGE = (
    "These are no two moments, the later one last. Write them as 2026-01-31 or 2026-01-31 14:00. Shown are 24 hours."
)
