"""A walk comes to the end of the list or says why not, whatever the remote does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from integrations.transport.errors import Truncated
from integrations.transport.pagination import Batch, Fetch, walk
from integrations.transport.pointers import Cursor
from integrations.transport.styles import Ask, Listed
from tests.transport.conftest import Walk
from tests.transport.shelf import (
    EVERY,
    EVERY_POINTED,
    POINTED,
    SIZE,
    Shelf,
    ids,
    ids_of,
    until_error,
)


@EVERY
def test_a_remote_that_sends_the_same_page_whatever_is_asked_is_an_error(shelf: Shelf, walked: Walk, kind: str) -> None:
    shelf.fill(3 * SIZE)
    shelf.deaf, shelf.total = True, None
    shelf.next = "{new}" if kind in POINTED else ""
    batches, error = until_error(walked(kind))
    assert ids(batches) == shelf.ids()[:SIZE]
    assert "The same page came twice, the second time as page 2 (4 rows lie behind)." in str(error)


@EVERY_POINTED
def test_a_pointer_that_comes_twice_is_an_error_and_no_end(shelf: Shelf, walked: Walk, kind: str) -> None:
    shelf.fill(9 * SIZE)
    shelf.next = "5.0"
    _, error = until_error(walked(kind))
    assert "has been read already" in str(error)
    assert len(shelf.asked) == 2


@pytest.mark.parametrize("lap", [2, 3, 5])
def test_going_round_in_circles_is_noticed_even_when_the_walk_is_cut_after_each_page(lap: int) -> None:
    def fetch(ask: Ask) -> Listed:
        at = int(ask.params.get("cursor", 0))
        return Listed([at], data={"next": (at + 1) % lap or "0"})

    whole, _ = until_error(walk(fetch, Cursor("next"), {}))
    assert ids_of(whole) == list(range(lap))
    until_error(cut_after_each_page(fetch, 5 * lap))


def cut_after_each_page(fetch: Fetch, most: int) -> Iterator[Batch]:
    position: Mapping[str, Any] = {}
    for _ in range(most):
        yield (batch := next(walk(fetch, Cursor("next"), position)))
        position = batch.position


@EVERY_POINTED
def test_empty_pages_with_a_next_one_for_ever_are_an_error(shelf: Shelf, walked: Walk, kind: str) -> None:
    rows = shelf.fill(SIZE)
    shelf.empty_after, shelf.next = SIZE, "9{new}"
    batches, error = until_error(walked(kind))
    assert ids(batches) == rows
    assert "came twice" in str(error)


def test_single_empty_pages_on_the_way_are_passed() -> None:
    pages = [[1], [], [2], [], [3]]

    def fetch(ask: Ask) -> Listed:
        at = int(ask.params.get("cursor", 0))
        return Listed(pages[at], data={"next": at + 1 if at + 1 < len(pages) else None})

    assert ids_of(list(walk(fetch, Cursor("next"), {}))) == [1, 2, 3]


@pytest.mark.parametrize("kind", ["link", "next", "records"])
@pytest.mark.parametrize("elsewhere", ["https://evil.example/x", "//evil.example/x", "http://u:p@127.0.0.1/x"])
def test_a_next_page_elsewhere_is_refused(shelf: Shelf, walked: Walk, kind: str, elsewhere: str) -> None:
    shelf.fill(3 * SIZE)
    shelf.next = elsewhere if "://" in elsewhere or kind == "records" else f"http:{elsewhere}"
    batches, error = until_error(walked(kind))
    assert "link in the answer" in str(error)
    assert (len(batches), len(shelf.asked)) == (0, 1)


@EVERY
@pytest.mark.parametrize("hidden", [1, SIZE, SIZE + 1])
def test_fewer_items_than_declared_are_truncated_after_all_were_handed_over(
    shelf: Shelf, walked: Walk, kind: str, hidden: int
) -> None:
    rows = shelf.fill(3 * SIZE)
    shelf.hides_from = len(rows) - hidden
    batches, error = until_error(walked(kind))
    assert ids(batches) == rows[:-hidden]
    assert isinstance(error, Truncated)
    assert (error.declared, error.came) == (len(rows), len(rows) - hidden)
    assert str(error) == f"The service said that there are {len(rows)} items, but {len(rows) - hidden} came."
    assert error.for_staff().endswith("Sync again; if it stays, ask the owner of the service.")


@EVERY
def test_an_empty_list_that_should_not_be_empty_is_truncated(shelf: Shelf, walked: Walk, kind: str) -> None:
    shelf.total = 5
    _, error = until_error(walked(kind))
    assert isinstance(error, Truncated)


@EVERY
def test_truncation_is_noticed_after_every_interruption(shelf: Shelf, walked: Walk, kind: str) -> None:
    rows = shelf.fill(3 * SIZE)
    shelf.hides_from = len(rows) - 1
    for position in [batch.position for batch in until_error(walked(kind))[0]]:
        _, error = until_error(walked(kind, json.loads(json.dumps(position))))
        assert isinstance(error, Truncated)
        assert error.came == len(rows) - 1


@EVERY
@pytest.mark.parametrize("total", [0, 1, 3 * SIZE - 1, "of the page"])
def test_a_total_that_is_too_small_hides_nothing(shelf: Shelf, walked: Walk, kind: str, total: int | str) -> None:
    rows = shelf.fill(3 * SIZE + 1)
    shelf.total = total
    assert ids(walked(kind)) == rows


@EVERY
def test_a_page_limit_is_a_truncation_that_counts_over_interruptions(shelf: Shelf, walked: Walk, kind: str) -> None:
    shelf.fill(9 * SIZE)
    batches, error = until_error(walked(kind, most_pages=3))
    assert isinstance(error, Truncated)
    assert (error.declared, len(batches)) == (None, 3)
    assert "did not end within 3 pages" in str(error)
    assert error.position == batches[-1].position
    with pytest.raises(Truncated):
        next(walked(kind, batches[-1].position, most_pages=3))
    assert len(list(walked(kind, batches[1].position, most_pages=20))) > 1
