"""One page of items becomes rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone as django_timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.models import Change, Essay, Property, Record, RecordError, Stream, SyncedModel, SyncRun
from integrations.sync.columns import found
from integrations.sync.differing import DIFF_CHARS
from integrations.sync.upsert import Counts, upsert
from integrations.systems.base import BadItem, Item

Page = list[Item | BadItem]


def item(external_id: str, **fields: Any) -> Item:
    return Item(external_id, {"title": f"Title {external_id}", **fields})


@pytest.fixture
def run(articles: Stream) -> SyncRun:
    return SyncRun.objects.create(stream=articles, trigger=SyncRun.Trigger.STAFF)


def write(run: SyncRun, page: Page, model: type[SyncedModel] = Essay) -> Counts:
    with transaction.atomic():
        return upsert(run, model, page)


def essay(external_id: str) -> Essay:
    return Essay.objects.get(external_id=external_id)


@dataclass
class Expected:
    """The same in ten lines, with a dictionary for a table."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    def apply(self, page: Page) -> Counts:
        items = [each for each in page if isinstance(each, Item) and each.external_id not in NO_IDS]
        last = {each.external_id: each for each in items}
        unfit = [key for key, each in last.items() if not fits(each)]
        fresh = [key for key in last if key not in unfit and key not in self.rows]
        changed = [k for k, v in last.items() if k not in unfit and k in self.rows and self.rows[k] != v.fields]
        self.rows |= {key: dict(last[key].fields) for key in (*fresh, *changed)}
        rejected = len(unfit) + len(page) - len(items)
        unchanged = len(page) - len(fresh) - len(changed) - rejected
        return Counts(len(page), len(fresh), len(changed), unchanged, rejected, skipped=0)


BAD_TITLES = ["", "a\x00b", "a\ud800b", "x" * 501]
NO_IDS = ["a\x00", "\udfff"]  # which no row can be looked for by
BAD_IDS = [*NO_IDS, "", "i" * 256]


def fits(each: Item) -> bool:
    return each.external_id not in BAD_IDS and each.fields["title"] not in BAD_TITLES


def unusable(page: Page) -> set[str]:
    """What cannot be used, by its id, else by what is in it; of an id that comes twice the last counts."""
    last = {each.external_id: each for each in page if isinstance(each, Item)}
    bad = {each.external_id for each in page if isinstance(each, BadItem)}
    return bad | {key or str(each.fields) for key, each in last.items() if not fits(each)}


ITEMS = st.builds(
    lambda key, title, body: Item(key, {"title": title, "body": body}),
    st.sampled_from("abcdefgh") | st.sampled_from(BAD_IDS),
    st.sampled_from(["One", "Two", "\N{SNOWMAN} Three", *BAD_TITLES]),
    st.sampled_from(["", "Long ago", "Far away"]),
)
BAD_ITEMS = st.builds(BadItem, st.sampled_from("abxy"), st.just("id"), st.just("There is none."), st.none())
PAGES = st.lists(st.lists(ITEMS | BAD_ITEMS, max_size=8), max_size=5)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pages=PAGES)
def test_any_sequence_of_pages_leaves_the_rows_a_dictionary_would(run: SyncRun, pages: list[Page]) -> None:
    with transaction.atomic():
        expected = Expected()
        changes = 0
        met: set[str] = set()
        for page in pages:
            counts = upsert(run, Essay, page)
            assert counts == expected.apply(page)
            changes += counts.updated
            met |= unusable(page)
        found = {row.external_id: {"title": row.title, "body": row.body} for row in Essay.objects.all()}
        assert found == expected.rows
        assert (Change.objects.count(), RecordError.objects.count()) == (changes, len(met))
        before = list(Essay.objects.order_by("pk").values_list())
        again = upsert(run, Essay, [Item(key, fields) for key, fields in expected.rows.items()])
        assert again.unchanged == again.items == len(before)
        assert list(Essay.objects.order_by("pk").values_list()) == before
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"title": "x" * 501}, "title"),
        ({"title": ""}, "title"),
        ({"title": None}, "title"),
        ({"slug": None}, "slug"),
        ({"title": "NUL \x00"}, "title"),
        ({"body": "half a \ud83d pair"}, "body"),
        ({"url": "nowhere"}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": f"https://example.org/{'x' * 1000}"}, "url"),
        ({"published_at": "yesterday \x00"}, "published_at"),
        ({"published_at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))}, "published_at"),
        ({"title": "x" * 501, "body": "\x00\ud800"}, "title"),
    ],
)
def test_what_no_column_can_hold_is_set_aside_and_the_rest_of_the_page_is_kept(
    run: SyncRun, fields: dict[str, Any], name: str
) -> None:
    counts = write(run, [item("1"), item("2", **fields), item("3")])
    assert counts == Counts(items=3, created=2, updated=0, unchanged=0, rejected=1, skipped=0)
    error = RecordError.objects.get()
    assert (error.external_id, error.field) == ("2", name)
    assert error.reason
    assert set(Essay.objects.values_list("external_id", flat=True)) == {"1", "3"}


@pytest.mark.parametrize("external_id", ["", "a\x00b", "\ud800", "\x00" * 300, "i" * 256])
def test_an_id_that_no_column_can_hold_is_set_aside(run: SyncRun, external_id: str) -> None:
    counts = write(run, [item("1"), Item(external_id, {"title": "A title"})])
    assert (counts.created, counts.rejected) == (1, 1)
    assert RecordError.objects.get().field == "external_id"


HOSTILE = ["NUL \x00", "half a \ud83d pair", float("nan"), {"\x00": [1, {"deep": "\udfff"}]}]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("model", [Record, Property])
def test_json_that_no_database_can_hold_is_set_aside(run: SyncRun, model: type[SyncedModel], value: Any) -> None:
    counts = write(run, [Item("1", {"data": {"a": 1}}), Item("2", {"data": {"a": value}})], model)
    assert (counts.created, counts.rejected) == (1, 1)
    assert RecordError.objects.get().field == "data"


@pytest.mark.parametrize("value", HOSTILE)
def test_the_raw_item_of_a_bad_one_is_kept_whatever_is_in_it(run: SyncRun, value: Any) -> None:
    counts = write(run, [BadItem("a\x00", "id\x00", "No id in \ud800.", {"raw": value, "good": 1}), item("1")])
    assert (counts.created, counts.rejected) == (1, 1)
    error = RecordError.objects.get()
    assert isinstance(error.raw, dict)
    assert error.raw["good"] == 1
    assert error.external_id.startswith("a")


def test_what_the_source_sent_is_kept_with_what_could_not_be_used(run: SyncRun) -> None:
    write(run, [Item("1", {"title": ""}, {"headline": None, "id": 1})])
    assert RecordError.objects.get().raw == {"headline": None, "id": 1}


def test_a_page_of_a_thousand_items_is_written_and_known_again(run: SyncRun) -> None:
    page: Page = [item(str(number), body="x" * 100) for number in range(1000)]
    assert write(run, page).created == 1000
    assert write(run, page).unchanged == 1000
    assert Essay.objects.filter(first_run=run).count() == 1000
    assert not Change.objects.exists()


def test_of_an_item_twice_in_a_page_the_last_one_counts(run: SyncRun) -> None:
    counts = write(run, [item("1", body="first"), item("1", body="last")])
    assert counts == Counts(items=2, created=1, updated=0, unchanged=1, rejected=0, skipped=0)
    assert essay("1").body == "last"


def test_a_row_that_was_gone_comes_back(run: SyncRun) -> None:
    write(run, [item("1")])
    Essay.objects.update(deleted_at=django_timezone.now())
    assert write(run, [item("1")]).updated == 1
    assert essay("1").deleted_at is None


def test_the_same_id_of_another_service_is_another_row(run: SyncRun, cms: Any) -> None:
    other = SyncRun.objects.create(stream=cms.streams.get(), trigger=SyncRun.Trigger.STAFF)
    write(run, [item("1")])
    assert write(other, [item("1", body="Another")]).created == 1
    assert Essay.objects.filter(external_id="1").count() == 2


def test_what_staff_added_to_a_row_stays(run: SyncRun) -> None:
    write(run, [item("1", slug="one")])
    Essay.objects.update(body="Written by staff")
    write(run, [item("1", slug="uno", body="Written by the source")])
    assert (essay("1").slug, essay("1").body) == ("uno", "Written by the source")
    assert essay("1").first_run == run


def test_a_long_value_is_cut_in_the_diff_and_says_how_long_it_was(run: SyncRun) -> None:
    write(run, [item("1", body="short")])
    write(run, [item("1", body="x" * 5000)])
    diff = Change.objects.get(kind=Change.Kind.UPDATED).diff
    assert diff == {"body": ["short", f"{'x' * DIFF_CHARS}… (5,000 characters)"]}


def test_a_change_beyond_the_cut_is_still_named(run: SyncRun) -> None:
    write(run, [item("1", body="x" * 5000)])
    write(run, [item("1", body="x" * 4999 + "y")])
    assert set(Change.objects.get(kind=Change.Kind.UPDATED).diff) == {"body"}


def test_the_same_moment_in_another_zone_is_no_difference_in_the_diff(run: SyncRun) -> None:
    there = datetime(2026, 1, 5, 10, tzinfo=timezone(timedelta(hours=2)))
    write(run, [item("1", published_at=there)])
    write(run, [item("1", published_at=there.astimezone(UTC), body="New")])
    assert set(Change.objects.get(kind=Change.Kind.UPDATED).diff) == {"body"}


def hash_of(**fields: Any) -> str:
    return found(Record, Item("1", fields)).content_hash


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text(), min_size=1))
def test_the_hash_is_the_same_whatever_the_order(data: dict[str, Any]) -> None:
    before = hash_of(title="A title", data=data)
    assert before == hash_of(data=dict(reversed(data.items())), title="A title")
    assert before != hash_of(title="A title", data={**data, next(iter(data)): "another value than any"})


def test_a_row_that_another_run_inserted_meanwhile_is_written_over(
    run: SyncRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(run, [item("1", body="Of the other run"), item("2")])
    monkeypatch.setattr("integrations.sync.upsert.hashes", lambda *_: {})
    write(run, [item("1", body="Of this one"), item("3")])
    assert essay("1").body == "Of this one"
    assert set(Essay.objects.values_list("external_id", flat=True)) == {"1", "2", "3"}


def test_a_field_that_the_table_has_not_is_a_mistake_of_the_system(run: SyncRun) -> None:
    with pytest.raises(TypeError, match="Essay has no colour"):
        write(run, [item("1", colour="red")])


ODD = ["tab\tand\nline", "back\\slash \\N \\.", "'quoted' \"twice\"", "\N{GRINNING FACE} \\ud83d", "NaN", ""]


def test_what_is_written_is_read_again_as_it_was(run: SyncRun) -> None:
    moment = datetime(2026, 1, 5, 10, 0, 0, 123456, tzinfo=UTC)
    data = {"z": ODD, "a": {"n": [None, True, 1.5, 10**20]}, "b": "\\u0000"}
    write(
        run,
        [Item(text or "empty", {"title": text, "data": data, "source_modified_at": moment}) for text in ODD],
        Record,
    )
    rows = {row.external_id: (row.title, row.data, row.source_modified_at) for row in Record.objects.all()}
    assert rows == {text or "empty": (text, data, moment) for text in ODD}
    place = {"latitude": Decimal("51.500001"), "longitude": Decimal("-0.1"), "data": {}}
    write(run, [Item("p", {"address": "1 Long Acre", **place})], Property)
    found = Property.objects.get()
    assert (found.latitude, found.longitude, found.data) == (place["latitude"], place["longitude"], {})
    assert (found.geocoded_by, found.attribution, found.deleted_at) == (None, "", None)


def test_long_items_are_written_in_portions(run: SyncRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.sync.writing.LONGEST", 1000)
    bodies = {str(number): "x" * (10 if number % 3 else 1500) for number in range(20)}
    assert write(run, [item(name, body=body) for name, body in bodies.items()]).created == 20
    assert dict(Essay.objects.values_list("external_id", "body")) == bodies


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
NUMBERS = st.integers() | st.floats(-1e15, 1e15)  # of greater ones PostgreSQL's JSON makes whole numbers
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS, lambda inner: st.dictionaries(TEXTS, inner) | st.lists(inner)
)
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - they get one
BLANK = {"parcel_id": "", "city": "", "postal_code": "", "longitude": None}
DEGREES = st.decimals(-90, 90, allow_nan=False, places=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(address=TEXTS, data=st.dictionaries(TEXTS, VALUES), moment=st.none() | MOMENTS, latitude=st.none() | DEGREES)
def test_a_new_row_holds_what_a_changed_one_would(
    run: SyncRun, address: str, data: dict[str, Any], moment: datetime | None, latitude: Decimal | None
) -> None:
    fields = {"address": address, "data": data, "source_modified_at": moment, "latitude": latitude}
    with transaction.atomic():
        upsert(run, Property, [Item("new", fields), Item("changed", {"address": "Elsewhere"})])
        assert upsert(run, Property, [Item("changed", fields)]).updated == (fields["address"] != "Elsewhere")
        new, changed = (
            Property.objects.values_list("content_hash", *Property.synced_fields).get(external_id=name)
            for name in ("new", "changed")
        )
        assert new == changed
        assert dict(zip(Property.synced_fields, new[1:], strict=True)) == {**BLANK, **fields}
        transaction.set_rollback(True)
