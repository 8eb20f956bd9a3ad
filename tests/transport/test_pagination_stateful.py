"""Any order of pages, interruptions, added and removed rows and lies: nothing is missing without a word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from integrations.transport.errors import CallError
from integrations.transport.http import Transport
from integrations.transport.pagination import Batch, walk
from tests import chance
from tests.transport.shelf import COUNTED, EVERY, NOTHING, SIZE, STYLES, Shelf, key

PLACE = st.integers(0, 99)
MOST_PAGES = 40


class Walks(RuleBasedStateMachine):
    """One walk through one list that changes meanwhile.

    What was there from the first page to the last must have come, or the walk has told: by an error at its end
    or by a page whose rows moved. Four things no client can see, and no rule does: rows that are hidden and declared
    nowhere; rows that are hidden while as many others, which a cursor has passed, are removed; rows that are hidden
    while as many new ones come; a total that is too small and met exactly at the end of a page.
    """

    shelf: Shelf
    transport: Transport
    kind: str

    @initialize(many=st.integers(0, 4 * SIZE), total=st.sampled_from(["honest", None, 3, "of the page"]))
    def begin(self, many: int, total: Any) -> None:
        self.shelf.clear()
        self.shelf.fill(many)
        self.shelf.total = total
        self.stayed = set(self.shelf.ids())
        self.came: set[int] = set()
        self.told = self.ended = self.removed = self.inserted = False
        self.position: dict[str, Any] = {}
        self.batches = self.go_on()

    def go_on(self) -> Iterator[Batch]:
        fetch = self.shelf.fetch(self.kind, self.transport)
        return walk(fetch, STYLES[self.kind], self.position, key=key, most_pages=MOST_PAGES)

    @precondition(lambda self: not self.ended)
    @rule()
    def page(self) -> None:
        try:
            batch = next(self.batches, None)
        except CallError:
            self.told = self.ended = True
            return
        if batch is None:
            self.ended = True
            assert self.told or self.stayed <= self.came, f"{self.stayed - self.came} slipped past"
            return
        self.came |= {key(item) for item in batch.items}
        self.told |= batch.shifted
        assert bool(batch.remark) == batch.shifted
        self.position = json.loads(json.dumps(batch.position))

    @precondition(lambda self: not self.ended)
    @rule()
    def die_and_go_on(self) -> None:
        self.batches = self.go_on()

    @precondition(lambda self: not self.ended)
    @rule()
    def die_before_the_page_was_stored(self) -> None:
        with suppress(CallError):
            next(self.batches, None)
        self.batches = self.go_on()

    @precondition(lambda self: self.shelf.hides_from == NOTHING)
    @rule(place=PLACE, many=st.integers(1, SIZE + 1))
    def insert(self, place: int, many: int) -> None:
        self.inserted = True
        for _ in range(many):
            self.shelf.insert(place % (len(self.shelf.rows) + 1))

    @precondition(lambda self: self.kind in COUNTED or self.shelf.hides_from == NOTHING)
    @rule(place=PLACE, many=st.integers(1, SIZE + 1))
    def delete(self, place: int, many: int) -> None:
        begin = place % (len(self.shelf.rows) + 1)
        gone = set(self.shelf.ids()[begin : begin + many])
        self.stayed -= gone
        self.removed |= bool(gone & self.came)
        del self.shelf.rows[begin : begin + many]

    @rule()
    def repeat_for_ever(self) -> None:
        self.shelf.deaf = True

    @precondition(lambda self: self.shelf.total == "honest" and not self.inserted)
    @precondition(lambda self: self.kind in COUNTED or not self.removed)
    @rule(place=PLACE)
    def stop_early(self, place: int) -> None:
        self.shelf.hides_from = place % (len(self.shelf.rows) + 1)

    @precondition(lambda self: self.shelf.total in {"honest", None})
    @rule(clamp=st.integers(1, SIZE))
    def send_fewer(self, clamp: int) -> None:
        self.shelf.clamp = clamp

    def teardown(self) -> None:
        for _ in range(MOST_PAGES + 2):
            if not getattr(self, "ended", True):
                self.page()
        assert getattr(self, "ended", True), "the walk goes on for ever"


@chance.examples(15, 60)
@EVERY
def test_nothing_is_missing_without_a_word(served: tuple[Shelf, Transport], kind: str, examples: int) -> None:
    machine = type("Walks", (Walks,), {"shelf": served[0], "transport": served[1], "kind": kind})
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=examples, stateful_step_count=10, deadline=None, suppress_health_check=checks),
    )
