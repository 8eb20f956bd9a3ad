"""The lines around a point."""

from __future__ import annotations

from decimal import Decimal

import pytest

from integrations.pages.locator import HEIGHT, WIDTH, around


def test_the_lines_around_a_city() -> None:
    drawn = around(Decimal("41.8838"), Decimal("-87.6319"))
    assert [line.label for line in drawn.parallels] == ["41.87° N", "41.88° N", "41.89° N", "41.90° N"]
    assert [line.label for line in drawn.meridians if line.label] == ["87.66° W", "87.64° W", "87.62° W"]
    north, south = drawn.parallels[-1], drawn.parallels[0]
    assert north.at < HEIGHT / 2 < south.at


def test_a_degree_of_longitude_is_shorter_in_the_north() -> None:
    def width(latitude: str) -> float:
        first, second, *_ = around(Decimal(latitude), Decimal("10.005")).meridians
        return second.at - first.at

    assert width("0") == pytest.approx(90)
    assert width("60") == pytest.approx(45, abs=0.2)
    assert around(Decimal(60), Decimal(10)).kilometre == pytest.approx(80.8, abs=0.1)


@pytest.mark.parametrize(
    ("latitude", "longitude"), [("90", "0"), ("-90", "180"), ("0", "-180"), ("0", "0"), ("-33.9", "179.999")]
)
def test_every_point_on_earth_can_be_drawn(latitude: str, longitude: str) -> None:
    drawn = around(Decimal(latitude), Decimal(longitude))
    assert 3 <= len(drawn.meridians) < 90
    assert all(0 <= line.at <= WIDTH for line in drawn.meridians)
    assert all(0 <= line.at <= HEIGHT for line in drawn.parallels)
    assert not any("-" in line.label for line in drawn.meridians + drawn.parallels)


def test_the_date_line_is_crossed() -> None:
    labels = [line.label for line in around(Decimal(0), Decimal("179.995")).meridians if line.label]
    assert {label[-1] for label in labels} == {"E", "W"}
