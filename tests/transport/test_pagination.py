"""Every style of paging brings every row once, from any position on, and asks for no more than is wanted."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from integrations.transport.pagination import walk
from integrations.transport.styles import Ask, Listed, Offset, PageNumber
from tests.transport.conftest import Walk
from tests.transport.shelf import (
    EVERY,
    EVERY_NUMBERED,
    LOOKED_BACK,
    SIZE,
    STYLES,
    Shelf,
    ids,
    ids_of,
)

MANY = [0, 1, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE, 3 * SIZE + 2]


@EVERY
@pytest.mark.parametrize("total", ["honest", None])
@pytest.mark.parametrize("many", MANY)
def test_every_item_comes_once_and_nothing_is_remarked(
    shelf: Shelf, walked: Walk, kind: str, many: int, total: str | None
) -> None:
    rows = shelf.fill(many)
    shelf.total = total
    batches = list(walked(kind))
    assert ids(batches) == rows
    assert {(batch.overlap, batch.shifted, batch.remark) for batch in batches} <= {(0, False, "")}
    assert all(batch.items for batch in batches)
    assert {batch.total for batch in batches} <= {many if total else None}


@EVERY
@pytest.mark.parametrize("total", ["honest", None])
def test_from_every_position_exactly_the_rest_comes(shelf: Shelf, walked: Walk, kind: str, total: str | None) -> None:
    rows = shelf.fill(3 * SIZE + 2)
    shelf.total = total
    read = 0
    for batch in walked(kind):
        read += len(batch.items)
        rest = list(walked(kind, json.loads(json.dumps(batch.position))))
        assert ids(rest) == rows[read:]
        assert not any(each.shifted for each in rest)
    assert read == len(rows)


@EVERY
def test_a_position_stays_small_and_each_is_another(shelf: Shelf, walked: Walk, kind: str) -> None:
    shelf.fill(10 * SIZE)
    positions = [json.dumps(batch.position) for batch in walked(kind)]
    assert max(map(len, positions)) < 300
    assert all(before != after for before, after in pairwise(positions))


@EVERY
def test_nothing_is_asked_before_it_is_wanted(shelf: Shelf, walked: Walk, kind: str) -> None:
    shelf.fill(3 * SIZE)
    batches = walked(kind)
    assert shelf.asked == []
    next(batches)
    assert len(shelf.asked) == 1
    next(batches)
    assert len(shelf.asked) == (3 if kind in LOOKED_BACK else 2)


@EVERY
def test_a_declared_total_or_a_missing_pointer_saves_the_last_question(shelf: Shelf, walked: Walk, kind: str) -> None:
    shelf.fill(SIZE + 1)
    assert len(list(walked(kind))) == 2
    assert len(shelf.asked) == (3 if kind in LOOKED_BACK else 2)


def test_a_list_whose_rows_never_move_is_not_looked_back_at(shelf: Shelf, walked: Walk) -> None:
    rows = shelf.fill(3 * SIZE - 1)
    assert ids(walked("page", style=PageNumber(SIZE, look_back=False))) == rows
    assert len(shelf.asked) == 3


@pytest.mark.parametrize("total", ["honest", None])
@pytest.mark.parametrize("clamp", [1, 2, 3])
@EVERY
def test_a_page_size_that_is_cut_without_a_word_loses_nothing(
    shelf: Shelf, walked: Walk, kind: str, clamp: int, total: str | None
) -> None:
    rows = shelf.fill(7)
    shelf.clamp, shelf.total = clamp, total
    batches = list(walked(kind))
    assert ids(batches) == rows
    assert not any(batch.shifted for batch in batches)


@EVERY_NUMBERED
def test_one_row_a_page_is_enough(shelf: Shelf, walked: Walk, kind: str) -> None:
    rows = shelf.fill(3)
    style = STYLES[kind]
    assert isinstance(style, Offset | PageNumber)
    assert ids(walked(kind, style=replace(style, size=1))) == rows


@EVERY_NUMBERED
def test_numbered_pages_end_at_the_empty_one_whatever_it_says_of_a_next(shelf: Shelf, walked: Walk, kind: str) -> None:
    rows = shelf.fill(2 * SIZE)
    shelf.total = None
    assert ids(walked(kind)) == rows


def test_items_without_an_id_are_known_by_all_they_hold() -> None:
    rows = [{"text": "a"}, "b", None, {"id": ["c"]}, {"id": ""}]

    def fetch(ask: Ask) -> Listed:
        return Listed(rows[ask.params["offset"] :][: ask.params["limit"]])

    found = list(walk(fetch, Offset(2), {}, key=lambda item: item.get("id") if isinstance(item, dict) else None))
    assert ids_of(found) == rows
    assert not any(batch.shifted for batch in found)


def test_a_position_of_another_time_begins_anew(shelf: Shelf, walked: Walk) -> None:
    rows = shelf.fill(3)
    assert ids(walked("offset", {"elsewhere": 40})) == rows
