"""Pages put together into batches."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from threading import Event
from typing import Any

import pytest
from django.db import connection

from integrations.models import Record, Stream
from integrations.sync import reading
from integrations.systems.base import Item, Page


def page(number: int, size: int = 100) -> Page:
    return Page([Item(f"{number}-{each}", {}) for each in range(size)], {"page": number})


def numbers(pages: Iterator[Page] | list[Page]) -> list[list[int]]:
    return [[each.position["page"] for each in batch] for batch in reading.batches(Record, iter(pages))]


def test_a_short_list_is_handed_out_page_by_page() -> None:
    assert numbers([page(n) for n in range(3)]) == [[0], [1], [2]]


def test_after_a_thousand_items_small_pages_go_together_until_there_are_five_hundred() -> None:
    assert numbers([page(n) for n in range(17)])[10:] == [list(range(10, 15)), [15, 16]]


def test_a_large_page_goes_by_itself() -> None:
    assert numbers([page(0, 2000), page(1, 2000)]) == [[0], [1]]


def test_empty_pages_are_handed_out_too() -> None:
    assert numbers([page(0, 1000), page(1, 0), page(2, 0)]) == [[0], [1, 2]]


def test_nothing_makes_no_batch() -> None:
    assert numbers([]) == []


def test_of_a_slow_source_each_page_goes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_S", 0.0)
    assert numbers([page(0, 1000), page(1), page(2)]) == [[0], [1], [2]]


def test_what_was_read_before_an_error_comes_before_it() -> None:
    def pages() -> Iterator[Page]:
        yield page(0, 1000)
        yield page(1)
        yield page(2)
        raise LookupError("The fourth page is not there.")

    batches = reading.batches(Record, pages())
    assert [len(next(batches)), len(next(batches))] == [1, 2]
    with pytest.raises(LookupError, match="fourth page"):
        next(batches)


def test_who_dies_hands_out_nothing_more() -> None:
    def pages() -> Iterator[Page]:
        yield page(0, 1000)
        yield page(1)
        raise KeyboardInterrupt

    batches = reading.batches(Record, pages())
    next(batches)
    with pytest.raises(KeyboardInterrupt):
        next(batches)


def test_the_next_page_of_a_batch_comes_while_one_is_made_comparable(monkeypatch: pytest.MonkeyPatch) -> None:
    came, made = Event(), reading.comparable

    def pages() -> Iterator[Page]:
        yield page(0, 1000)
        yield page(1)
        came.set()
        yield page(2)

    def comparable(model: type[Record], each: Page) -> Page:
        assert each.position != {"page": 1} or came.wait(20), "the second is not asked for before the first is done"
        return made(model, each)

    monkeypatch.setattr(reading, "comparable", comparable)
    assert numbers(pages()) == [[0], [1, 2]]


def test_no_page_is_asked_for_before_its_batch_is_wanted() -> None:
    asked: list[int] = []

    def pages() -> Iterator[Page]:
        for number in range(20):
            asked.append(number)
            yield page(number, 100 if number else 1000)

    batches = reading.batches(Record, pages())
    with closing(batches):
        assert [len(next(batches)), len(next(batches))] == [1, 5]
        assert asked == list(range(6))


@pytest.fixture
def said() -> list[str]:
    return []


def told(said: list[str], until: int = 3) -> Generator[list[Page]]:
    """Batches of one page that say when they are read, and when nobody wants more."""
    try:
        for number in range(until):
            said.append(f"read {number}")
            yield [page(number)]
        raise LookupError("There was one more.")
    finally:
        said.append("closed")


def write(said: list[str], ahead: reading.Ahead, most: int = 9) -> None:
    with closing(iter(ahead)) as batches:
        said.extend(f"write {batch[0].position['page']}" for batch in islice(batches, most))


@pytest.mark.django_db
def test_a_batch_is_read_before_the_one_before_it_is_written_and_an_error_comes_last(said: list[str]) -> None:
    with pytest.raises(LookupError):
        write(said, reading.Ahead(told(said), math.inf))
    assert said == ["read 0", "read 1", "write 0", "read 2", "write 1", "closed", "write 2"]


@pytest.mark.django_db
def test_nothing_more_is_read_after_the_time_and_what_was_read_is_handed_out(said: list[str]) -> None:
    ahead = reading.Ahead(told(said), 0.0)
    write(said, ahead)
    assert said == ["read 0", "write 0", "closed"]
    assert not ahead.at_end


@pytest.mark.django_db
def test_who_stops_leaves_nothing_open(said: list[str]) -> None:
    write(said, reading.Ahead(told(said), math.inf), most=1)
    assert said == ["read 0", "read 1", "write 0", "closed"]


@pytest.mark.django_db
def test_the_end_is_told(said: list[str]) -> None:
    ahead = reading.Ahead(reading.batches(Record, iter([page(0)])), math.inf)
    write(said, ahead)
    assert ahead.at_end


@pytest.mark.django_db(transaction=True)
def test_another_thread_reads_while_this_one_writes_and_closes_its_connections(articles: Stream) -> None:
    written = Event()
    opened: list[Any] = []

    def read() -> Generator[list[Page]]:
        yield [page(0)]
        assert written.wait(20), "the first is not written before the second is read"
        assert Stream.objects.filter(pk=articles.pk).exists()
        opened.append(connection.connection)
        yield [page(1)]

    with closing(iter(reading.Ahead(read(), math.inf))) as batches:
        assert next(batches)[0].position == {"page": 0}
        written.set()
        assert next(batches)[0].position == {"page": 1}
        assert opened[0] is not connection.connection
    with pytest.raises(Exception, match="closed"):
        opened[0].execute("SELECT 1")
