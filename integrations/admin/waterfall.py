"""Where the time of a call went, as bars to be drawn one below the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from integrations.models import Call

WIDTH = 1000  # units of a bar's drawing; its real width is the page's
NARROWEST = 6  # so that the shortest phase can be seen
WAITS = (("backoff_ms", "Pause after the attempt before"), ("queue_ms", "Waited for a limit"))
CONNECTING = (("dns_ms", "Name lookup"), ("connect_ms", "Connecting"), ("tls_ms", "TLS"))
ANSWERING = (("first_byte_ms", "First byte"), ("download_ms", "Download"))
REST_FROM_MS = 1.0


@dataclass(frozen=True)
class Bar:
    """One phase.

    Attributes:
        kind: of its colour: "wait", "connect", "answer" or "rest".
        x, width: in units of `WIDTH`.
    """

    label: str
    kind: str
    ms: float
    x: int
    width: int


def bars(call: Call, scale_ms: float = 0.0) -> list[Bar]:
    """The phases that happened, in their order.

    Args:
        scale_ms: what the whole width stands for, where calls are compared; the call itself if it says nothing.
    """
    scale, at, drawn = scale_ms or whole(call), 0.0, []
    for label, kind, ms in _phases(call):
        if not ms:
            continue
        width = max(NARROWEST, round(WIDTH * ms / scale))
        drawn.append(Bar(label, kind, ms, min(round(WIDTH * at / scale), WIDTH - width), width))
        at += ms
    return drawn


def whole(call: Call) -> float:
    """How long it took with the waits before it, in milliseconds."""
    return sum(ms for _label, _kind, ms in _phases(call))


def _phases(call: Call) -> Iterator[tuple[str, str, float]]:
    """Waits come before the duration of a call and are no part of it; what its other parts leave over is the rest."""
    rest = call.duration_ms
    for kind, phases in (("wait", WAITS), ("connect", CONNECTING), ("answer", ANSWERING)):
        for column, label in phases:
            ms = getattr(call, column) or 0.0
            rest -= ms if kind != "wait" else 0.0
            yield label, kind, ms
    if rest >= REST_FROM_MS:
        yield ("The rest" if call.status else "Until it failed"), "rest", rest


def remark(call: Call) -> str:
    """What the bars do not say."""
    if not call.was_sent:
        return "Nothing was sent: the answer was in the cache." if call.cache else "Nothing was sent."
    if call.first_byte_ms and all(getattr(call, column) is None for column, _label in CONNECTING):
        return "It went over a connection that was open already: no name lookup, connecting or TLS."
    return ""
