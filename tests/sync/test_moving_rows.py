"""A source whose rows come, go and change places while it is read: nothing is missing without a word."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from integrations import ops
from integrations.models import Record, Service, Stream, SyncRun
from tests.listening import serving
from tests.sync.source import work
from tests.transport.shelf import LOOKED_BACK, POINTED, SIZE, Shelf

PAGES = 5
FIRST, LAST = 0, PAGES * SIZE - 1
READ, UNREAD = SIZE + 1, 3 * SIZE + 1  # places of two rows while the third page is asked for

WAYS: Mapping[str, Mapping[str, Any]] = {
    "offset": {"pagination": "offset"},
    "page": {"pagination": "page", "limit_name": "per_page"},
    "cursor": {"pagination": "cursor"},
    "link": {"pagination": "link"},
    "next": {"pagination": "next_url", "next_path": "paging.next"},
    "link-page": {"pagination": "link"},
    "next-offset": {"pagination": "next_url", "next_path": "paging.next"},
}


# Each way with and without a total where that matters.
CASES = [
    ("offset", "honest"),
    ("offset", None),
    ("page", None),
    ("cursor", "honest"),
    ("cursor", None),
    ("link", None),
    ("next", "honest"),
    ("link-page", None),
    ("next-offset", "honest"),
    ("next-offset", None),
]


def insert(place: int, many: int = 1) -> Callable[[Shelf], None]:
    return lambda shelf: [shelf.insert(place) for _ in range(many)].clear()


def remove(place: int, many: int = 1) -> Callable[[Shelf], None]:
    def do(shelf: Shelf) -> None:
        del shelf.rows[place : place + many]

    return do


def move(place: int, to: int) -> Callable[[Shelf], None]:
    return lambda shelf: shelf.move(place, to)


def each(*changes: Callable[[Shelf], None]) -> Callable[[Shelf], None]:
    return lambda shelf: [change(shelf) for change in changes].clear()


CHANGES: Mapping[str, Callable[[Shelf], None]] = {
    "nothing": each(),
    "a row is added in front": insert(FIRST),
    "a page of rows is added in front": insert(FIRST, SIZE),
    "a row is added to what is still to come": insert(UNREAD),
    "a row is added at the end": insert(LAST + 1),
    "a row that was read is removed": remove(READ),
    "a page of rows that were read is removed": remove(FIRST, SIZE),
    "all that was read is removed": remove(FIRST, 2 * SIZE),
    "a row that is still to come is removed": remove(UNREAD),
    "all that is still to come is removed": remove(2 * SIZE, 3 * SIZE),
    "a row that was read is removed and another added at the end": each(remove(READ), insert(LAST)),
    "a row that was read changes places with one that is still to come": each(
        move(READ, UNREAD), move(UNREAD - 1, READ)
    ),
    "a row that was read comes last": move(READ, LAST),
    "a row that is still to come comes first": move(UNREAD, FIRST),
    "the last row comes first": move(LAST, FIRST),
    "all is turned round": each(*(move(LAST, place) for place in range(LAST))),
}

# Where a row goes that a cursor has passed, nobody can see unless a total is declared.
BACKWARDS = {
    "a row that is still to come comes first",
    "the last row comes first",
    "all is turned round",
}


@dataclass
class Remote:
    shelf: Shelf
    changes: dict[int, Callable[[Shelf], None]] = field(default_factory=dict)

    def grow(self) -> list[int]:
        """Every second row of now is new."""
        for place in range(0, PAGES * SIZE, 2):
            self.shelf.insert(place)
        self.shelf.asked.clear()
        return self.shelf.ids()

    def answer(self, target: str) -> tuple[int, Mapping[str, str], bytes]:
        if change := self.changes.pop(len(self.shelf.asked), None):
            change(self.shelf)
        headers, data = self.shelf.answer(target)
        return 200, headers, json.dumps(data).encode()


@pytest.fixture(scope="module")
def served() -> Iterator[Remote]:
    remote = Remote(Shelf())
    with serving(remote.answer) as url:
        remote.shelf.url = url
        yield remote


@pytest.fixture
def moving(served: Remote) -> Remote:
    served.shelf.clear()
    served.shelf.fill(PAGES * SIZE // 2)
    served.changes.clear()
    return served


def stream_of(way: str, total: Any, remote: Remote) -> Stream:
    remote.shelf.total = total
    service = Service.objects.create(
        slug="moving",
        name="Moving",
        system="rest",
        base_url=remote.shelf.url,
        max_attempts=1,
        check_every_minutes=0,
        options={
            "sign_in": "none",
            "page_size": SIZE,
            "resource_path": f"/{way}",
            "items_path": "items",
            "total_path": "total",
            **WAYS[way],
        },
    )
    stream = service.streams.get(name="records")
    Stream.objects.filter(pk=stream.pk).update(guard_percent=100)
    stream.refresh_from_db()
    return stream


def synced(stream: Stream) -> SyncRun:
    return work(ops.sync(stream, SyncRun.Trigger.COMMAND))


def alive() -> set[int]:
    return {int(each) for each in Record.objects.filter(deleted_at=None).values_list("external_id", flat=True)}


def disturbed(remote: Remote, way: str, change: str) -> None:
    """While the third page is asked for; each but the first is followed by a look back at the one before."""
    remote.changes[3 if way in LOOKED_BACK else 2] = CHANGES[change]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("way", "total"), CASES)
def test_nothing_that_is_there_is_missing_or_called_gone_without_a_word(
    db: None, moving: Remote, way: str, total: str | None, change: str
) -> None:
    stream = stream_of(way, total, moving)
    known = synced(stream)
    rows = moving.grow()
    disturbed(moving, way, change)
    run = synced(stream)
    missing = (set(rows) & set(moving.shelf.ids())) - alive()
    assert (known.state, run.items > 0) == ("succeeded", True)
    if (change in BACKWARDS and way in POINTED and not total) or run.state in {"warned", "failed"}:
        assert run.warnings or run.failure_message or missing
        assert change != "nothing"
    else:
        assert (run.state, missing) == ("succeeded", set())


@pytest.mark.parametrize("change", ["a page of rows that were read is removed", "the last row comes first"])
@pytest.mark.parametrize(("way", "total"), CASES)
def test_two_more_readings_bring_what_is_there_and_nothing_else(
    db: None, moving: Remote, way: str, total: str | None, change: str
) -> None:
    stream = stream_of(way, total, moving)
    synced(stream)
    moving.grow()
    disturbed(moving, way, change)
    synced(stream)
    runs = [synced(stream) for _ in range(2)]
    assert [run.state for run in runs] == ["succeeded", "succeeded"]
    assert alive() == set(moving.shelf.ids())
