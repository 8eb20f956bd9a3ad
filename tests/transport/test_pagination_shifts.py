"""Rows that are added and removed while a list is read: none is lost without a word."""

from __future__ import annotations

import pytest

from integrations.transport.pagination import walk
from integrations.transport.pointers import Cursor, NextUrl
from integrations.transport.styles import Ask, Listed
from tests.transport.conftest import Walk
from tests.transport.shelf import (
    EVERY,
    EVERY_COUNTED,
    SIZE,
    Shelf,
    ids,
    ids_of,
)


@EVERY
def test_rows_added_at_the_end_meanwhile_are_no_truncation(shelf: Shelf, walked: Walk, kind: str) -> None:
    shelf.fill(2 * SIZE + 1)
    batches = walked(kind)
    read = [next(batches)]
    shelf.fill(SIZE)
    read += batches
    assert ids(read) == shelf.ids()
    assert not any(batch.shifted for batch in read)


@EVERY
def test_rows_removed_before_they_are_read_are_no_truncation(shelf: Shelf, walked: Walk, kind: str) -> None:
    shelf.fill(4 * SIZE)
    batches = walked(kind)
    read = [next(batches)]
    del shelf.rows[2 * SIZE : 3 * SIZE + 1]
    read += batches
    assert ids(read) == shelf.ids()
    assert not any(batch.shifted for batch in read)


@pytest.mark.parametrize("resumed", [False, True])
@EVERY_COUNTED
def test_rows_removed_in_front_are_reported_and_none_slips_past(
    shelf: Shelf, walked: Walk, kind: str, resumed: bool
) -> None:
    rows = shelf.fill(4 * SIZE)
    batches = walked(kind)
    read = [next(batches), next(batches)]
    del shelf.rows[1:3]
    read += walked(kind, read[-1].position) if resumed else batches
    assert set(ids(read)) == set(rows)
    assert [batch.shifted for batch in read][:4] == [False, False, True, False]
    assert "The list changed while it was read" in read[2].remark


@pytest.mark.parametrize("resumed", [False, True])
@EVERY_COUNTED
def test_rows_added_in_front_are_reported_with_what_came_twice(
    shelf: Shelf, walked: Walk, kind: str, resumed: bool
) -> None:
    rows = shelf.fill(4 * SIZE)
    batches = walked(kind)
    read = [next(batches)]
    shelf.insert(0)
    read += walked(kind, read[-1].position) if resumed else batches
    assert set(rows) <= set(ids(read))
    assert [batch.shifted for batch in read][:3] == [False, True, False]
    assert read[1].overlap == (1 if resumed else SIZE)
    assert f"({read[1].overlap} of its items came twice)" in read[1].remark


@EVERY_COUNTED
def test_rows_removed_by_the_page_are_reported(shelf: Shelf, walked: Walk, kind: str) -> None:
    shelf.fill(6 * SIZE)
    batches = walked(kind)
    read = [next(batches) for _ in range(3)]
    del shelf.rows[: 3 * SIZE]
    read += batches
    assert any(batch.shifted for batch in read)


@EVERY_COUNTED
def test_rows_removed_until_nothing_is_left_to_read_are_reported(shelf: Shelf, walked: Walk, kind: str) -> None:
    shelf.fill(4 * SIZE)
    batches = walked(kind)
    read = [next(batches) for _ in range(3)]
    del shelf.rows[1:]
    read += batches
    assert read[-1].shifted


def test_a_removed_row_on_the_last_page_does_not_send_the_walk_in_circles(shelf: Shelf, walked: Walk) -> None:
    shelf.fill(2 * SIZE)
    batches = walked("offset")
    read = [next(batches)]
    del shelf.rows[0], shelf.rows[SIZE:]
    read += batches
    assert set(shelf.ids()) <= set(ids(read))


@pytest.mark.parametrize("name", ["page", "pageNumber", "page[number]"])
def test_a_token_that_is_the_number_of_a_page_is_looked_back_from(name: str) -> None:
    rows, asked = list("abcdef"), []

    def fetch(ask: Ask) -> Listed:
        page = int(ask.params.get(name, 1))
        asked.append(page)
        return Listed(rows[2 * page - 2 : 2 * page], data={"next": page + 1 if 2 * page < len(rows) else None})

    read = walk(fetch, Cursor("next", name), {})
    first = next(read)
    rows.remove("a")
    batches = [first, *read]
    assert asked == [1, 2, 1, 3, 2]
    assert set(ids_of(batches)) == set("abcdef")
    assert [batch.shifted for batch in batches] == [False, True, False]


def test_links_to_numbers_of_their_own_show_added_rows_by_what_came_twice() -> None:
    pages = {"": [1, 2], "2": [2, 3], "3": [4]}

    def fetch(ask: Ask) -> Listed:
        page = ask.link[-1:]
        links = {"": "2", "2": "3"}
        return Listed(
            pages[page], data={"next": f"?chapter={links[page]}" if page in links else ""}, url="http://a.example/x"
        )

    assert [(batch.overlap, batch.shifted) for batch in walk(fetch, NextUrl("next"), {})] == [
        (0, False),
        (1, True),
        (0, False),
    ]
