"""The figures of the page “Latency” in words and links; no queries of its own beside those of `integrations.latency`."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from datetime import datetime
from functools import cached_property

from console import call_links, charts
from console.charts import Bar, HeatMap
from console.latency_parts import Failure, Row, Tile
from console.latency_view import View
from integrations import comparison, formatting, latency, stats
from integrations.comparison import Change
from integrations.latency import Traffic
from integrations.models import Call
from integrations.rollups.reading import Of, Part
from integrations.rollups.tally import Times
from integrations.transport.codes import Code

APDEX = ((0.94, "excellent"), (0.85, "good"), (0.7, "fair"), (0.5, "poor"), (0.0, "unacceptable"))
LINES = {"p50": (50, "--c-line-calm"), "p95": (95, "--c-line-strong"), "p99": (99, "--c-line-high")}
DASH = "–"


class Report:
    """Everything that is shown of one view, each read when it is first asked for."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.services = {service.pk: service for service in stats.services()}
        self._by_points = latency.parts(view.window, view.of)

    @cached_property
    def points(self) -> dict[datetime, Times]:
        """What its charts are drawn of."""
        return latency.by_point(self._wanted(self._by_points), self.view.window)

    def _wanted(self, parts: Iterable[Part]) -> list[Part]:
        return [part for part in parts if self.view.wants(part)]

    @property
    def _compared(self) -> Of:
        return Of(self.view.of.service, by_operation=self.view.service is not None)

    def _by_member(self, parts: Iterable[Part]) -> dict[Hashable, Traffic]:
        """Services, or the operations of one."""
        member = latency.by_operation if self.view.service else latency.by_service
        return dict(latency.by(self._wanted(parts), member))

    @cached_property
    def members(self) -> dict[Hashable, Traffic]:
        """What its table compares."""
        if self.view.service:
            return self._by_member(latency.whole(self.view.window, self._compared))
        return self._by_member(latency.in_days(self._by_points, self.view.window, self._compared))

    @cached_property
    def members_before(self) -> dict[Hashable, Traffic]:
        """The same in the window before."""
        return self._by_member(latency.whole(self.view.window.before, self._compared))

    def _chosen(self, members: Mapping[Hashable, Traffic]) -> dict[Hashable, Traffic]:
        """One operation alone where one was chosen."""
        chosen = self.view.operation
        return {name: traffic for name, traffic in members.items() if not chosen or name == chosen}

    @cached_property
    def traffic(self) -> Traffic:
        """All of it together."""
        return latency.together(self._chosen(self.members).values())

    @cached_property
    def change(self) -> Change | None:
        """Against the window before."""
        return comparison.change(latency.together(self._chosen(self.members_before).values()), self.traffic)

    @property
    def sentence(self) -> str:
        """The comparison in words."""
        if not self.change:
            return f"There is nothing to compare with: no calls were sent in {self.view.window.before.label}."
        if not self.change.is_worth_saying:
            return f"p95 is about what it was in {self.view.window.before.label}."
        direction = "higher" if self.change.percent > 0 else "lower"
        return (
            f"p95 is {formatting.percent(abs(self.change.percent))} {direction} than in {self.view.window.before.label}"
        )

    @cached_property
    def mostly(self) -> tuple[str, str] | None:
        """Who is behind the change, with an address."""
        if not (self.change and self.change.is_worth_saying):
            return None
        found = comparison.mostly(self.change, self._chosen(self.members_before), self._chosen(self.members))
        return (self._name(found), self._href(found)) if found else None

    def _name(self, member: Hashable) -> str:
        return self.services[member].name if isinstance(member, int) else str(member)

    def _href(self, member: Hashable) -> str:
        if isinstance(member, int):
            return self.view.address(service=self.services[member].slug)
        return self.view.address(operation=str(member))

    @cached_property
    def apdex(self) -> float | None:
        """Each service by its own target."""
        if self.view.service:
            return self.traffic.apdex(self.view.service.target_ms)
        each = [(self._target(member), traffic) for member, traffic in self.members.items() if traffic.calls]
        satisfied = sum((traffic.apdex(target) or 0) * traffic.calls for target, traffic in each)
        return satisfied / self.traffic.calls if self.traffic.calls else None

    def _target(self, member: Hashable) -> int:
        service = self.view.service or self.services[int(str(member))]
        return service.target_ms

    def tiles(self) -> list[Tile]:
        """The figures at the top."""
        traffic, view = self.traffic, self.view
        per_minute = formatting.rate(traffic.calls / view.window.minutes / 60)
        speeds = [
            Tile(f"p{percent}", formatting.milliseconds(ms), "", view.calls(**call_links.took(ms, None)))
            for percent, ms in traffic.percentiles.items()
        ]
        return [
            *speeds,
            Tile(
                "max",
                formatting.milliseconds(traffic.max_ms),
                "",
                view.calls(**call_links.took(_below(traffic.max_ms), None)),
            ),
            Tile("Apdex", DASH if self.apdex is None else f"{self.apdex:.2f}", self._apdex_note()),
            Tile("calls", formatting.number(traffic.calls), per_minute, view.calls()),
            Tile(
                "errors",
                formatting.percent(traffic.error_percent),
                f"{traffic.errors:,} calls",
                view.calls(**call_links.FAILED),
            ),
            Tile(
                "retries",
                formatting.percent(traffic.retry_percent),
                f"{traffic.sent.retries:,} calls",
                view.calls(**call_links.RETRIES),
            ),
            Tile(
                "from cache",
                formatting.percent(traffic.cached_percent),
                f"{traffic.cached:,} answers",
                self._cached_href(),
            ),
            Tile(
                "time spent",
                formatting.length_of_time(traffic.sent.total_us / 1e6),
                f"mean {formatting.milliseconds(traffic.sent.mean_ms)}",
            ),
        ]

    def _cached_href(self) -> str:
        return self.view.calls(**{"status_class": "", "outcome__exact": "", **call_links.CACHED})

    def _apdex_note(self) -> str:
        if self.apdex is None:
            return ""
        word = next(word for least, word in APDEX if round(self.apdex, 2) >= least)
        return f"{word}, target {formatting.milliseconds(self.view.service.target_ms)}" if self.view.service else word

    def rows(self) -> list[Row]:
        """The table; whoever took most of the time first."""
        whole = sum(traffic.sent.total_us for traffic in self.members.values()) or 1
        found = sorted(self.members.items(), key=lambda pair: -pair[1].sent.total_us)
        return [self._row(member, traffic, whole) for member, traffic in found]

    def _row(self, member: Hashable, traffic: Traffic, whole: int) -> Row:
        before = self.members_before.get(member, Traffic())
        whose = {"service__id__exact": str(member)} if isinstance(member, int) else {"operation__exact": str(member)}
        return Row(
            self._name(member),
            self._href(member),
            traffic,
            traffic.apdex(self._target(member)),
            100 * traffic.sent.total_us / whole,
            comparison.change(before, traffic),
            self.view.calls(**whose),
            self.view.calls(**whose, **call_links.FAILED),
        )

    def slowest(self) -> list[Call]:
        """Calls among the slowest, at most one of about the same latency; as far as they are kept."""
        keys = [key for _ms, key in self.traffic.sent.slowest]
        return sorted(
            Call.objects.filter(pk__in=keys).select_related("service"), key=lambda call: call.duration_ms, reverse=True
        )

    def failures(self) -> list[Failure]:
        """By code, the most frequent first."""
        codes = self.traffic.failed.codes
        return [
            Failure(
                code,
                Code(code).label if code in set(Code) else code,
                Code(code).advice if code in set(Code) else "",
                count,
                100 * count / self.traffic.calls,
                self.view.calls(code__exact=code),
            )
            for code, count in sorted(codes.items(), key=lambda pair: (-pair[1], pair[0]))
        ]

    def percentiles(self) -> Mapping[str, list[float | None]]:
        """Each line of the chart."""
        window = self.view.window
        tallies: list[Times | None] = [self.points.get(at) for at in window.points()]
        found = [tally.percentiles(*(percent for percent, _ in LINES.values())) if tally else {} for tally in tallies]
        return {label: [each.get(percent) for each in found] for label, (percent, _) in LINES.items()}

    def chart(self) -> str:
        """Of percentiles over time."""
        values = self.percentiles()
        series = {label: (colour, values[label]) for label, (_, colour) in LINES.items()}
        return charts.lines(self.view.window, series, self.view.calls_between, log=True)

    def bars(self) -> list[Bar]:
        """How many calls took how long."""
        return charts.distribution(self.traffic.sent)

    def bar_chart(self) -> str:
        """The same, drawn."""
        found = self.bars()
        return charts.bars(found, [self.view.calls(**call_links.took(bar.low, bar.high)) for bar in found])

    def heat_map(self) -> HeatMap:
        """When, and how long."""
        return charts.heat_map(self.view.window, self.points, self.view.calls_between)


def _below(ms: float | None) -> float | None:
    """A bound that what is meant is above, as it is written in an address."""
    return ms and ms * 0.9999
