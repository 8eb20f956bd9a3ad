"""The walk through a list ends, whatever the remote says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import pytest

from integrations.transport import pagination
from integrations.transport.errors import CallError
from integrations.transport.pagination import FetchOffset, by_offset


def remote_with(many: int, most: int = 20, total: int | None = None) -> FetchOffset:
    """Never sends more than `most` at a time, whatever it is asked for."""
    return lambda offset: (range(many)[offset : offset + most], total)


def walk(fetch: FetchOffset, offset: int = 0) -> list[int]:
    return [item for batch in by_offset(fetch, offset) for item in batch.items]


@pytest.mark.parametrize("total", [None, 45])
@pytest.mark.parametrize("most", [1, 20, 45, 100])
def test_every_item_is_read_once_however_few_come_at_a_time(most: int, total: int | None) -> None:
    assert walk(remote_with(45, most, total)) == list(range(45))


def test_an_empty_list_is_no_page() -> None:
    assert list(by_offset(remote_with(0), 0)) == []


def test_the_walk_goes_on_from_any_page() -> None:
    for batch in by_offset(remote_with(45), 0):
        assert walk(remote_with(45), batch.next_offset) == list(range(batch.next_offset, 45))


def test_a_declared_total_saves_the_last_question() -> None:
    asked: list[int] = []

    def fetch(offset: int) -> tuple[Sequence[int], int]:
        asked.append(offset)
        return remote_with(40)(offset)[0], 40

    assert len(walk(fetch)) == 40
    assert asked == [0, 20]


@pytest.mark.parametrize("total", [0, 7, 1000])
def test_a_total_that_lies_loses_nothing_it_was_sent(total: int) -> None:
    assert walk(remote_with(45, 20, total))[:20] == list(range(20))


def test_a_page_that_comes_twice_is_an_error_with_its_place() -> None:
    with pytest.raises(CallError, match="offset 2"):
        walk(lambda _: (["same", "page"], None))


def test_a_list_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "MOST_PAGES", 50)
    numbers: Iterator[int] = count()
    with pytest.raises(CallError, match="did not end"):
        walk(lambda _: ([next(numbers)], None))
