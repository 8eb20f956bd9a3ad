"""How figures and moments are written for people: units, zones, and how long ago."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

MINUTE, HOUR, DAY = 60, 3600, 86400
LONGEST_PRETTY = 1024 * 1024  # characters; nesting makes indentation grow with its square


def ago(moment: datetime) -> str:
    """“3 min ago”, “in 2 h”."""
    seconds = (timezone.now() - moment).total_seconds()
    text = span(abs(seconds))
    return f"{text} ago" if seconds >= 0 else f"in {text}"


def span(seconds: float) -> str:
    """A length of time in its largest unit."""
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def moment(stamp: datetime | None) -> SafeString | str:
    """A stamp in the console's zone, with its age; the exact one on hover."""
    if stamp is None:
        return "–"
    try:
        local = timezone.localtime(stamp)
    except OverflowError:  # the last day of the calendar, which stands for “never” in many systems
        local = stamp
    near = abs(timezone.now() - stamp) < timedelta(days=300)
    return format_html(
        '<time datetime="{}" title="{}" class="c-moment">{} <span class="c-faint">· {}</span></time>',
        stamp.isoformat(),
        f"{local:%Y-%m-%d %H:%M:%S.%f} {local.tzname()}",
        f"{local:%d %b %H:%M:%S}" if near else f"{local:%d %b %Y}",
        ago(stamp),
    )


def until(stamp: datetime | None) -> SafeString | str:
    """“until 14:05 (in 23 min)”, with the day where that is not today; empty for what is over or not known."""
    if stamp is None or stamp <= timezone.now():
        return ""
    local = timezone.localtime(stamp)
    is_today = local.date() == timezone.localdate()
    return format_html(
        'until <time datetime="{}" title="{}" class="c-moment">{}</time> ({})',
        stamp.isoformat(),
        f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}",
        f"{local:%H:%M}" if is_today else f"{local:%d %b %H:%M}",
        ago(stamp),
    )


def milliseconds(value: float | None) -> str:
    """9.3 ms, 340 ms, 12.1 s."""
    if value is None:
        return "–"
    if value >= 1000:
        return f"{value / 1000:,.1f} s"
    return f"{value:.1f} ms" if value < 10 else f"{value:,.0f} ms"


def size(value: int | None) -> str:
    """Bytes in the unit people read."""
    if value is None:
        return "–"
    for limit, unit in ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB")):
        if value >= limit:
            return f"{value / limit:.1f} {unit}"
    return f"{value} B"


def percent(value: float) -> str:
    """0 %, 0.4 %, 12 %."""
    if 0 < value < 0.1:
        return "< 0.1 %"
    return f"{value:.1f} %" if 0 < value < 10 else f"{value:.0f} %"


def change(percent: float) -> str:
    """+38 %, with a real minus where it fell."""
    return f"{'+' if percent > 0 else '−'}{abs(percent):,.0f} %" if round(percent) else "±0 %"  # noqa: RUF001 - a sign


def number(value: int | None) -> str:
    """1,200."""
    return "–" if value is None else f"{value:,}"


def rate(per_s: float) -> str:
    """210/s, 3.4/s, 12/min, 29/h."""
    if per_s >= 1:
        return f"{per_s:,.0f}/s" if per_s >= 10 else f"{per_s:.1f}/s"
    return f"{per_s * MINUTE:.0f}/min" if per_s * MINUTE >= 1 else f"{per_s * HOUR:.0f}/h"


def amount(value: Decimal | str | None) -> str:
    """45,000, and 45,000.50 where there are cents."""
    if value is None:
        return "–"
    exact = Decimal(value)
    return f"{exact:,.0f}" if exact == exact.to_integral_value() else f"{exact:,.2f}"


def length_of_time(seconds: float | None) -> str:
    """45 s, 1 min 20 s, 2 h 5 min."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    for size, unit, smaller, rest in ((HOUR, "h", MINUTE, "min"), (MINUTE, "min", 1, "s")):
        if whole >= size:
            left = whole % size // smaller
            return f"{whole // size:,} {unit} {left} {rest}" if left else f"{whole // size:,} {unit}"
    return f"{whole} s"


def age(stamp: datetime) -> str:
    """“3 hours ago” in whole words, for pages that are read rather than watched."""
    seconds = (timezone.now() - stamp).total_seconds()
    return "a moment ago" if seconds < MINUTE else f"{timesince(stamp, depth=1)} ago"


def latitude(degrees: Decimal | str) -> str:
    """41.88380° N."""
    return _degrees(degrees, "N", "S")


def longitude(degrees: Decimal | str) -> str:
    """87.63187° W."""
    return _degrees(degrees, "E", "W")


def _degrees(degrees: Decimal | str, positive: str, negative: str) -> str:
    exact = Decimal(degrees)
    return f"{abs(exact):.5f}° {negative if exact < 0 else positive}"


TONES = {
    "healthy": "good",
    "succeeded": "good",
    "ok": "good",
    "valid": "good",
    "resolved": "good",
    "created": "good",
    "restored": "good",
    "deleted": "warn",
    "running": "busy",
    "queued": "busy",
    "updated": "busy",
    "parked": "warn",
    "partial": "warn",
    "warned": "warn",
    "held": "warn",
    "paused": "warn",
    "acknowledged": "warn",
    "rate_limited": "warn",
    "limited": "warn",
    "outcome_unknown": "warn",
    "circuit_open": "warn",
    "not_sent": "warn",
    "hit": "calm",
    "stale": "warn",
    "revalidated": "calm",
    "closed": "good",
    "half_open": "busy",
    "held_open": "warn",
    "open": "bad",
    "unknown": "calm",
    "cancelled": "calm",
    "ignored": "calm",
    "skipped": "calm",
}


def badge(value: str, label: str) -> SafeString:
    """A state in colour and in words; what has no tone of its own is bad news."""
    return format_html('<span class="c-badge c-{}">{}</span>', TONES.get(value, "bad"), label)


def circuit(value: str, label: str) -> SafeString:
    """A badge that can stand beside another one: “Circuit open”."""
    return badge(value, f"Circuit {label.lower()}")


def pretty(value: object) -> str:
    """JSON with one value a line; as it is where it is no JSON, or nested so deep that it would be all indentation."""
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
        return _indented(parsed)
    except (ValueError, RecursionError):
        return value if isinstance(value, str) else "Nested too deep to be shown."


def _indented(value: object) -> str:
    pieces, length = [], 0
    for piece in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(value):
        pieces.append(piece)
        length += len(piece)
        if length > LONGEST_PRETTY:
            raise ValueError("too long")
    return "".join(pieces)
