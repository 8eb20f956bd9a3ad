"""The strip of 90 days."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import uptime
from integrations.models import HealthDay, Service


def put(service: Service, days_ago: int, checks: int, failed: int) -> None:
    day = timezone.localdate() - timedelta(days=days_ago)
    HealthDay.objects.create(service=service, day=day, checks=checks, failed=failed)


def test_each_of_ninety_days_has_a_box_and_today_is_the_last(cms: Service) -> None:
    put(cms, 0, 10, 0)
    put(cms, 89, 10, 1)
    put(cms, 90, 10, 10)  # no longer
    days = uptime.of(cms).days
    assert (len(days), days[-1].day) == (90, timezone.localdate())
    assert [day.tone for day in days] == ["bad", *["none"] * 88, "good"]


def test_one_lost_packet_is_no_outage(cms: Service) -> None:
    put(cms, 0, 288, 1)
    assert uptime.of(cms).days[-1].tone == "warn"
    assert str(uptime.of(cms).days[-1]).endswith(": 1 of 288 checks failed")


def test_the_share_is_of_all_checks_and_unknown_where_there_were_none(cms: Service) -> None:
    assert uptime.of(cms).percent is None
    put(cms, 0, 30, 0)
    put(cms, 1, 10, 1)
    assert uptime.of(cms).percent == 97.5


def test_it_is_one_query_whatever_there_is(cms: Service, github: Service) -> None:
    for day in range(90):
        put(cms, day, 5, 1)
        put(github, day, 5, 5)
    with CaptureQueriesContext(connection) as queries:
        assert uptime.of(cms).percent == 80
    assert len(queries) == 1


def test_what_failed_once_is_not_a_hundred_percent(cms: Service, github: Service) -> None:
    put(cms, 0, 10_000, 1)
    put(github, 0, 288, 0)
    assert (uptime.of(cms).in_words, uptime.of(github).in_words) == ("99.9 %", "100 %")


def test_all_services_are_one_query_and_small_strips_have_no_more_parts_than_changes(
    cms: Service, github: Service
) -> None:
    for day in range(90):
        put(cms, day, 10, 10 if day < 3 else 0)
    put(github, 0, 5, 0)
    with CaptureQueriesContext(connection) as queries:
        found = uptime.of_all()
    assert len(queries) == 1
    assert found[cms.pk].days == uptime.of(cms).days
    assert found[cms.pk].stretches == [(0, 87, "good"), (87, 3, "bad")]
    assert found[github.pk].stretches == [(0, 89, "none"), (89, 1, "good")]
