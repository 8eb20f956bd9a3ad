"""What the page “Latency” is made of."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.comparison import Change
from integrations.latency import Traffic


@dataclass(frozen=True)
class Tile:
    """One figure, what it is, and its calls."""

    label: str
    value: str
    note: str = ""
    href: str = ""


@dataclass(frozen=True)
class Row:
    """One service or operation."""

    name: str
    href: str
    traffic: Traffic
    apdex: float | None
    time_percent: float
    change: Change | None
    calls_href: str
    errors_href: str


@dataclass(frozen=True)
class Failure:
    """One code of failures."""

    code: str
    label: str
    advice: str
    calls: int
    percent: float
    href: str
