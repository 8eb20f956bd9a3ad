"""An item that comes twice in a list that is read once: another may have slipped past, and the run says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from integrations import systems
from integrations.models import Stream, SyncRun
from integrations.sync import engine
from integrations.systems.base import BadItem, Item, Page, Position
from tests.sync.source import Source, sync, system_of


def item(key: str, *, is_fresh: bool) -> Item | BadItem:
    if key.isupper():
        return BadItem(key, "title", "It is odd.")
    changed = timezone.now() if is_fresh else None
    return Item(key, {"title": key, "data": {"id": key}, "source_modified_at": changed})


def reading(
    pages: Sequence[str],
    things: Stream,
    monkeypatch: pytest.MonkeyPatch,
    *,
    fresh: str = "",
    total: int | None = None,
) -> SyncRun:
    """A run that reads these pages; each letter is an item, a capital one that cannot be used."""

    def read(client: Any, position: Position) -> Iterator[Page]:
        for number in range(position.get("read", 0), len(pages)):
            yield Page([item(key, is_fresh=key in fresh) for key in pages[number]], {"read": number + 1}, total)

    system = replace(system_of(Source()), reader=read)
    monkeypatch.setattr(systems, "get", lambda _slug: system)
    return sync(things)


@pytest.mark.parametrize("slice_s", [30.0, 0.0])
def test_what_came_twice_is_a_warning_with_what_to_do(
    things: Stream, monkeypatch: pytest.MonkeyPatch, slice_s: float
) -> None:
    monkeypatch.setattr(engine, "SLICE_S", slice_s)
    run = reading(["ab", "ca"], things, monkeypatch)
    assert (run.state, run.items, len(run.warnings)) == ("warned", 4, 1)
    assert run.warnings[0].startswith("1 of 4 items came twice.")
    assert "sync again" in run.warnings[0]


def test_what_changed_meanwhile_may_come_twice(things: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    run = reading(["ab", "ca"], things, monkeypatch, fresh="a")
    assert not [warning for warning in run.warnings if "came twice" in warning]


def test_not_where_others_of_the_declared_total_are_missing(things: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    run = reading(["ab", "ca"], things, monkeypatch, fresh="a", total=4)
    assert run.warnings[0].startswith("1 of 4 items came twice.")


def test_what_cannot_be_used_came_too(things: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    run = reading(["aB", "cD"], things, monkeypatch)
    assert (run.state, run.rejected, run.warnings) == ("partial", 2, [])


def test_a_second_reading_counts_anew(things: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    reading(["ab", "ca"], things, monkeypatch)
    run = reading(["ab", "cd"], things, monkeypatch)
    assert (run.state, run.warnings) == ("succeeded", [])
