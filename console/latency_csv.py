"""The figures of the page “Latency” as tables: plain numbers, milliseconds, moments in ISO 8601."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from console.latency_report import LINES, Report

Line = tuple[object, ...]


def _percentiles(report: Report) -> Iterator[Line]:
    yield ("from", "calls", *(f"{label}_ms" for label in LINES))
    lines = report.percentiles()
    for number, at in enumerate(report.view.window.points()):
        calls = report.points[at].calls if at in report.points else 0
        yield at.isoformat(), calls, *(_ms(values[number]) for values in lines.values())


def _distribution(report: Report) -> Iterator[Line]:
    yield "from_ms", "to_ms", "calls"
    yield from ((_ms(bar.low), _ms(bar.high), bar.calls) for bar in report.bars())


def _heat_map(report: Report) -> Iterator[Line]:
    yield "from", "to", "from_ms", "to_ms", "calls"
    yield from (
        (cell.column.since.isoformat(), cell.column.until.isoformat(), cell.band.low, cell.band.high, cell.calls)
        for cell in report.heat_map().cells
    )


def _compared(report: Report) -> Iterator[Line]:
    yield (
        report.view.members,
        "calls",
        "errors",
        "seconds",
        "apdex",
        "p50_ms",
        "p95_ms",
        "p99_ms",
        "max_ms",
        "p95_change_percent",
    )
    for row in report.rows():
        traffic = row.traffic
        yield (
            row.name,
            traffic.calls,
            traffic.errors,
            round(traffic.sent.total_us / 1e6, 3),
            "" if row.apdex is None else round(row.apdex, 3),
            *map(_ms, (traffic.p50, traffic.p95, traffic.p99, traffic.max_ms)),
            "" if row.change is None else round(row.change.percent, 1),
        )


def _failures(report: Report) -> Iterator[Line]:
    yield "code", "meaning", "calls", "percent"
    yield from ((each.code, each.label, each.calls, round(each.percent, 3)) for each in report.failures())


def _ms(value: float | None) -> object:
    return "" if value is None else round(value, 3)


TABLES: dict[str, Callable[[Report], Iterator[Line]]] = {
    "percentiles": _percentiles,
    "heat-map": _heat_map,
    "distribution": _distribution,
    "compared": _compared,
    "errors": _failures,
}
