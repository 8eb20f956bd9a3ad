"""How figures and moments are written for people."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from datetime import timezone as fixed_zone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from integrations import formatting
from integrations.models import HealthCheck, Incident, MediaAttachment, ServiceState, SyncRun, WebhookEvent
from integrations.transport.codes import Code

DAY = 86400


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (DAY - 1, "23 h"),
        (DAY, "1 d"),
        (400 * DAY, "400 d"),
    ],
)
def test_a_span_is_written_in_its_largest_unit(seconds: float, text: str) -> None:
    assert formatting.span(seconds) == text


@pytest.mark.parametrize(
    ("away", "text"),
    [(-3.5, "3 s ago"), (-90, "1 min ago"), (90, "in 1 min"), (2 * 3600 + 5, "in 2 h"), (-3 * DAY, "3 d ago")],
)
def test_moments_are_told_from_now(away: float, text: str) -> None:
    assert formatting.ago(timezone.now() + timedelta(seconds=away)) == text


def test_an_end_says_the_time_of_day_and_how_long_it_is() -> None:
    soon = timezone.now() + timedelta(seconds=90)
    assert re.fullmatch(r"until <time [^>]*>\d\d:\d\d</time> \(in 1 min\)", formatting.until(soon)) or (
        timezone.localtime(soon).date() != timezone.localdate()
    )


def test_an_end_on_another_day_says_which() -> None:
    later = timezone.now() + timedelta(days=2, minutes=1)
    assert f">{timezone.localtime(later):%d %b %H:%M}</time> (in 2 d)" in formatting.until(later)


def test_an_end_that_is_over_or_not_known_is_not_told() -> None:
    assert formatting.until(None) == formatting.until(timezone.now()) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0.0 ms"),
        (0.04, "0.0 ms"),
        (9.3, "9.3 ms"),
        (340.4, "340 ms"),
        (2100, "2.1 s"),
        (9999, "10.0 s"),
        (12_100, "12.1 s"),
        (3_600_000, "3,600.0 s"),
    ],
)
def test_milliseconds(value: float | None, text: str) -> None:
    assert formatting.milliseconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (5 * 1024**2, "5.0 MiB"),
        (3 * 1024**4, "3072.0 GiB"),
    ],
)
def test_sizes(value: int | None, text: str) -> None:
    assert formatting.size(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0 %"), (0.4, "0.4 %"), (9.94, "9.9 %"), (12.4, "12 %"), (100, "100 %"), (0.001, "< 0.1 %")]
)
def test_percents_never_call_something_nothing(value: float, text: str) -> None:
    assert formatting.percent(value) == text


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (0, "0"), (1200, "1,200"), (1234567, "1,234,567")])
def test_numbers(value: int | None, text: str) -> None:
    assert formatting.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        ("0", "0"),
        ("4500", "4,500"),
        ("45000.00", "45,000"),
        (Decimal("45000.5"), "45,000.50"),
        ("1E+6", "1,000,000"),
        ("1234567890123", "1,234,567,890,123"),
    ],
)
def test_amounts(value: Decimal | str | None, text: str) -> None:
    assert formatting.amount(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0, "0 s"),
        (45.4, "45 s"),
        (59.6, "1 min"),
        (80, "1 min 20 s"),
        (3600, "1 h"),
        (3659, "1 h"),
        (7500, "2 h 5 min"),
        (3_600_000, "1,000 h"),
    ],
)
def test_a_length_of_time_has_two_units_at_most(seconds: float | None, text: str) -> None:
    assert formatting.length_of_time(seconds) == text


@pytest.mark.parametrize(
    ("away", "text"),
    [
        (-5, "a moment ago"),
        (59, "a moment ago"),
        (61, "1 minute ago"),
        (3 * 3600 + 61, "3 hours ago"),
        (3 * DAY, "3 days ago"),
    ],
)
def test_an_age_is_told_in_whole_words(away: float, text: str) -> None:
    assert formatting.age(timezone.now() - timedelta(seconds=away)).replace("\xa0", " ") == text


@pytest.mark.parametrize(
    ("latitude", "longitude", "text"),
    [
        ("41.883797", "-87.631873", "41.88380° N, 87.63187° W"),
        (Decimal("-33.9"), Decimal("18.4"), "33.90000° S, 18.40000° E"),
        ("0", "0", "0.00000° N, 0.00000° E"),
    ],
)
def test_coordinates(latitude: Decimal | str, longitude: Decimal | str, text: str) -> None:
    assert f"{formatting.latitude(latitude)}, {formatting.longitude(longitude)}" == text


def test_a_moment_is_told_in_the_consoles_zone_with_its_age_and_the_exact_one_on_hover(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    stamp = datetime(2020, 7, 1, 22, 30, 5, 123456, tzinfo=UTC)
    html = formatting.moment(stamp)
    assert 'datetime="2020-07-01T22:30:05.123456+00:00"' in html
    assert 'title="2020-07-02 00:30:05.123456 CEST"' in html
    assert ">02 Jul 2020 <" in html
    assert f"{(timezone.now() - stamp).days} d ago" in html


@pytest.mark.parametrize(("days", "year"), [(-299, False), (-301, True), (299, False), (301, True), (4000, True)])
def test_a_moment_far_away_is_told_with_its_year(days: int, year: bool) -> None:
    stamp = timezone.now() + timedelta(days=days)
    assert (f"{timezone.localtime(stamp):%d %b %Y}" in formatting.moment(stamp)) == year


def test_no_moment_is_a_dash() -> None:
    assert formatting.moment(None) == "–"


@pytest.mark.parametrize("stamp", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles", "UTC"])
def test_the_ends_of_the_calendar_are_told_in_every_zone(settings: Any, stamp: datetime, zone: str) -> None:
    settings.TIME_ZONE = zone
    assert str(stamp.year) in formatting.moment(stamp)


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    now = timezone.now()
    assert "0 s ago" in formatting.moment(now.astimezone(fixed_zone(timedelta(hours=-11))))


STATES = [
    SyncRun.State,
    WebhookEvent.State,
    HealthCheck.State,
    MediaAttachment.State,
    Incident.State,
    ServiceState.Health,
]


def test_every_state_has_a_tone_that_was_chosen_or_is_bad_news() -> None:
    told_softly = {Code.OK, Code.RATE_LIMITED, Code.OUTCOME_UNKNOWN, Code.CIRCUIT_OPEN}
    bad = {"failed", "dead", "unhealthy", "quarantined", "rejected", "missing"} | set(Code) - told_softly
    for value in {value for states in STATES for value in states.values} | set(Code):
        assert (value in formatting.TONES) != (value in bad), value


def test_a_badge_escapes_what_it_says() -> None:
    assert formatting.badge("ok", "<b>") == '<span class="c-badge c-good">&lt;b&gt;</span>'
    assert 'class="c-badge c-bad"' in formatting.badge('"><script>', "odd")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('{"b":1,"a":[null]}', '{\n  "b": 1,\n  "a": [\n    null\n  ]\n}'),
        ("no JSON", "no JSON"),
        ("", ""),
        ("[1,", "[1,"),
        ({"ä": "<"}, '{\n  "ä": "<"\n}'),
        ([], "[]"),
        (None, "null"),
        ("1" * 5000, "1" * 5000),
    ],
    ids=range(8),
)
def test_json_is_written_with_one_value_a_line(value: object, text: str) -> None:
    assert formatting.pretty(value) == text


@pytest.mark.parametrize("depth", [10, 500, 900, 5000, 100_000])
def test_json_nested_deep_grows_no_further_than_a_page_can_bear(depth: int) -> None:
    text = "[" * depth + "]" * depth
    assert text in formatting.pretty(text).replace("\n", "").replace(" ", "")
    assert len(formatting.pretty(text)) <= max(len(text), formatting.LONGEST_PRETTY)


def test_parsed_json_nested_too_deep_is_said_to_be() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    assert formatting.pretty(deep) == "Nested too deep to be shown."


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_json_means_the_same_afterwards(value: Any) -> None:
    assert json.loads(formatting.pretty(json.dumps(value))) == value
    if not isinstance(value, str):
        assert json.loads(formatting.pretty(value)) == value


def test_every_file_of_a_torture_suite_is_written_somehow(shared_data: Path) -> None:
    for file in sorted((shared_data / "json").rglob("*.json")):
        text = file.read_bytes().decode("utf-8", "replace")
        assert formatting.pretty(text) or not text, file.name
