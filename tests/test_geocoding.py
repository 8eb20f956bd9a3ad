"""Properties are put on the map: each once, whatever dies meanwhile, and never against their source."""

from __future__ import annotations

import itertools
import json
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ

from integrations import due, geocoding, leases, ops, systems, tasks
from integrations.models import Call, GeocodeBatch, Property, Service, Stream, SyncRun
from integrations.sync.upsert import upsert
from integrations.systems.base import Item
from integrations.systems.geocoding.places import OSM_ATTRIBUTION
from tests.systems.contract import service_of
from tests.transport.server import Reply, ScriptedServer
from tests.worker import expire, make_due, run_next, work_off

HOUSE = ("1600 Pennsylvania Avenue NW", "Washington", "20500")
HALL = ("121 N LaSalle St", "Chicago", "60602")
NOWHERE = ("1 Nowhere Lane", "Atlantis", "")
ELSEWHERE = (Decimal(1), Decimal(2))
AT_HOUSE = (Decimal("38.897700"), Decimal("-77.036553"))
PLACE = {"lat": "1.5", "lon": "2.5", "display_name": "Somewhere", "osm_type": "way", "osm_id": 7}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def parcels(db: None, sandbox_url: str) -> Stream:
    """What properties come with."""
    return service_of(systems.get("tax_assessor"), sandbox_url).streams.get(name="parcels")


@pytest.fixture
def geocoder(db: None, sandbox_url: str) -> Service:
    """Nominatim in the sandbox, which need not be given a second between two calls."""
    service = service_of(systems.get("geocoding"), sandbox_url)
    service.per_second = 1000
    service.save()
    return service


@pytest.fixture
def told(geocoder: Service, remote: ScriptedServer) -> Service:
    """A geocoder that says what it is told to."""
    geocoder.base_url, geocoder.max_attempts = remote.url, 1
    geocoder.save()
    return geocoder


def property_at(stream: Stream, address: str, city: str = "", postal_code: str = "", **more: Any) -> Property:
    number = Property.objects.count() + 1
    known = {"external_id": f"parcel {number}", "content_hash": "0" * 64, "synced_at": timezone.now(), **more}
    where = {"address": address, "city": city, "postal_code": postal_code}
    return Property.objects.create(service=stream.service, stream=stream, **where, **known)


def streets(stream: Stream, count: int) -> list[Property]:
    return [property_at(stream, f"{number} Long Street") for number in range(1, count + 1)]


def answers(*found: Any) -> list[Reply]:
    return [Reply(200, json.dumps([each] if each else []).encode()) for each in found]


def geocode(service: Service, chosen: list[int] | None = None, actor: User | None = None) -> GeocodeBatch:
    batch = ops.geocode(service, chosen, actor)
    work_off()
    batch.refresh_from_db()
    return batch


def counts(batch: GeocodeBatch) -> tuple[str, int, int, int]:
    batch.refresh_from_db()
    return batch.state, batch.found, batch.not_found, batch.failed


def place_of(row: Property) -> tuple[Decimal | None, Decimal | None]:
    row.refresh_from_db()
    return row.latitude, row.longitude


def refusal(service: Service, chosen: list[int] | None = None) -> str:
    with pytest.raises(ops.Impossible) as refused:
        ops.geocode(service, chosen)
    assert not OrmQ.objects.exists()
    return str(refused.value)


def test_those_without_coordinates_are_looked_for_and_no_others(
    parcels: Stream, geocoder: Service, operator: User
) -> None:
    house, nowhere = property_at(parcels, *HOUSE), property_at(parcels, *NOWHERE)
    own = property_at(parcels, *HALL, latitude=Decimal(1), longitude=Decimal(2))
    property_at(parcels, "")
    property_at(parcels, *HALL, deleted_at=timezone.now())
    batch = geocode(geocoder, actor=operator)
    assert counts(batch) == ("succeeded", 1, 1, 0)
    assert (batch.total, batch.percent, batch.cursor) == (2, 100, nowhere.pk)
    assert place_of(house) == AT_HOUSE
    assert (house.geocoded_by, house.attribution) == (geocoder, OSM_ATTRIBUTION)
    assert house.geocoded_as.startswith("White House, 1600")
    assert house.geocoded_at
    assert place_of(nowhere) == (None, None)
    assert (nowhere.geocoded_by, nowhere.geocoded_as) == (geocoder, "")
    assert place_of(own) == ELSEWHERE
    calls = Call.objects.filter(correlation_id=batch.correlation_id)
    assert {(call.trigger, call.actor, call.operation) for call in calls} == {("staff", operator, "geocode")}


def test_what_was_not_found_is_asked_for_again_only_if_it_is_chosen(parcels: Stream, geocoder: Service) -> None:
    nowhere = property_at(parcels, *NOWHERE)
    geocode(geocoder)
    assert refusal(geocoder) == geocoding.NOTHING
    assert counts(geocode(geocoder, [nowhere.pk])) == ("succeeded", 0, 1, 0)
    other = Service.objects.create(
        slug="other", name="Other", system="geocoding", base_url=geocoder.base_url, options=geocoder.options
    )
    assert geocoding.waiting(other).get() == nowhere


def test_of_the_chosen_those_are_left_alone_whose_source_knows_where_they_are(
    parcels: Stream, geocoder: Service
) -> None:
    own = property_at(parcels, *HALL, latitude=Decimal(1), longitude=Decimal(2))
    found = property_at(parcels, *HOUSE, latitude=Decimal(1), longitude=Decimal(2), geocoded_at=timezone.now())
    left = property_at(parcels, *HOUSE)
    batch = geocode(geocoder, [found.pk, own.pk, found.pk])
    assert counts(batch) == ("succeeded", 1, 0, 0)
    assert (place_of(own), place_of(found), place_of(left)) == (ELSEWHERE, AT_HOUSE, (None, None))


def test_the_census_is_asked_for_many_at_once(parcels: Stream, geocoder: Service) -> None:
    geocoder.options = {**geocoder.options, "provider": "census"}
    geocoder.save()
    hall, nowhere = property_at(parcels, *HALL), property_at(parcels, *NOWHERE)
    streets(parcels, 250)
    assert dict(geocoding.estimates())[geocoder].calls == 2
    batch = geocode(geocoder)
    assert counts(batch)[:2] == ("succeeded", 1)
    assert batch.not_found == 251
    assert [call.operation for call in Call.objects.all()] == ["geocode_batch", "geocode_batch"]
    assert place_of(hall)[0] == Decimal("41.883796")
    assert (place_of(nowhere), hall.attribution) == ((None, None), "")


def test_a_batch_works_in_slices(
    parcels: Stream, told: Service, remote: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geocoding, "SLICE_S", 0.0)
    rows = streets(parcels, 3)
    remote.answers(*answers(PLACE, None, PLACE))
    batch = ops.geocode(told)
    seen = []
    while OrmQ.objects.exists() and run_next():
        batch.refresh_from_db()
        seen.append((batch.state, batch.cursor, batch.percent))
    keys = [row.pk for row in rows]
    assert seen[:3] == [("queued", keys[0], 33), ("queued", keys[1], 66), ("queued", keys[2], 100)]
    assert counts(batch) == ("succeeded", 2, 1, 0)
    assert len(remote.asked) == 3


@pytest.mark.parametrize("deaths", [1, 3])
def test_a_worker_that_dies_asks_for_no_finished_one_twice(
    parcels: Stream, told: Service, remote: ScriptedServer, monkeypatch: pytest.MonkeyPatch, deaths: int
) -> None:
    rows = streets(parcels, 5)
    remote.answers(*answers(*[PLACE] * 5))
    batch = ops.geocode(told)
    write = leases.Lease.write

    def killed(self: leases.Lease, **values: Any) -> None:
        """At the second property of each life: asked for, and not written yet."""
        if "cursor" in values and next(written) % 2:
            raise KeyboardInterrupt
        write(self, **values)

    for _ in range(deaths):
        written = itertools.count()
        with monkeypatch.context() as patched:
            patched.setattr(leases.Lease, "write", killed)
            with pytest.raises(KeyboardInterrupt):
                run_next()
        OrmQ.objects.all().delete()
        expire(batch)
        due.start()
    assert sum(row.geocoded_at is not None for row in Property.objects.all()) == deaths
    work_off()
    assert counts(batch) == ("succeeded", 5, 0, 0)
    # What was asked for when the worker died was in the cache.
    assert sum(asked.target.startswith("/search") for asked in remote.asked) == len(rows)


def test_a_long_wait_parks_it_and_it_goes_on_from_there(parcels: Stream, told: Service, remote: ScriptedServer) -> None:
    streets(parcels, 2)
    remote.answers(*answers(PLACE), Reply(429, headers=(("Retry-After", "50"),)), *answers(PLACE))
    batch = geocode(told)
    assert counts(batch) == ("parked", 1, 0, 0)
    assert batch.failure_message.endswith("Goes on by itself.")
    make_due(batch)
    tasks.geocode(str(batch.pk))
    assert counts(batch) == ("succeeded", 2, 0, 0)
    assert batch.failure_message == ""


def test_an_address_that_the_geocoder_refuses_is_counted_and_the_rest_goes_on(
    parcels: Stream, told: Service, remote: ScriptedServer
) -> None:
    first, _second = streets(parcels, 2)
    remote.answers(Reply(400, b'{"error": {"code": 400, "message": "No such query"}}'), *answers(PLACE))
    batch = geocode(told)
    assert counts(batch) == ("succeeded", 1, 0, 1)
    assert batch.remark.startswith("1 Long Street: It answered 400: No such query")
    assert place_of(first) == (None, None)
    assert first.geocoded_at is None


def test_many_refusals_in_a_row_are_no_matter_of_addresses(
    parcels: Stream, told: Service, remote: ScriptedServer
) -> None:
    streets(parcels, 9)
    remote.answers(Reply(400, b"{}"))
    batch = geocode(told)
    assert counts(batch) == ("failed", 0, 0, geocoding.IN_A_ROW - 1)
    assert len(remote.asked) == geocoding.IN_A_ROW


def test_a_geocoder_that_is_down_fails_the_batch_and_what_was_found_stays(
    parcels: Stream, told: Service, remote: ScriptedServer
) -> None:
    streets(parcels, 3)
    remote.answers(*answers(PLACE), Reply(503))
    batch = geocode(told)
    assert counts(batch) == ("failed", 1, 0, 0)
    assert batch.failure_code == "server_error"
    remote.answers(*answers(PLACE, PLACE))
    assert ops.geocode(told).total == 2


def test_an_address_that_changed_meanwhile_is_not_written_to(
    parcels: Stream, told: Service, remote: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (row,) = streets(parcels, 1)
    remote.answers(*answers(PLACE))
    store = geocoding._store

    def changed(*args: Any) -> bool:
        Property.objects.update(address="2 Other Street")
        return store(*args)

    monkeypatch.setattr(geocoding, "_store", changed)
    batch = geocode(told)
    assert counts(batch) == ("succeeded", 0, 0, 1)
    assert batch.remark.endswith(geocoding.CHANGED)
    assert place_of(row) == (None, None)


def test_a_batch_can_be_cancelled_at_any_moment_and_what_was_found_stays(
    parcels: Stream, told: Service, remote: ScriptedServer, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = streets(parcels, 2)
    remote.answers(*answers(PLACE, PLACE))
    batch = ops.geocode(told)
    ask = geocoding._ask

    def cancelled(client: Any, rows: list[Property], failures: int) -> list[geocoding.Answer]:
        if rows == [second]:
            ops.cancel_geocoding(batch, operator)
        return ask(client, rows, failures)

    monkeypatch.setattr(geocoding, "_ask", cancelled)
    work_off()
    assert counts(batch) == ("cancelled", 1, 0, 0)
    assert batch.failure_message == "Cancelled by operator."
    assert (place_of(first)[0], place_of(second)) == (Decimal("1.5"), (None, None))
    with pytest.raises(ops.Impossible, match="It has ended already"):
        ops.cancel_geocoding(batch)
    assert ops.geocode(told).total == 1


def test_one_that_waits_is_cancelled_before_it_begins(parcels: Stream, told: Service, remote: ScriptedServer) -> None:
    streets(parcels, 1)
    batch = ops.cancel_geocoding(ops.geocode(told))
    work_off()
    assert counts(batch) == ("cancelled", 0, 0, 0)
    assert remote.asked == []


def test_a_geocoder_works_on_one_batch_at_a_time(parcels: Stream, geocoder: Service) -> None:
    property_at(parcels, *HOUSE)
    ops.geocode(geocoder)
    with pytest.raises(ops.Impossible, match="Geocoding is geocoding already"):
        ops.geocode(geocoder)
    assert GeocodeBatch.objects.count() == 1


def test_what_cannot_be_asked_says_why(parcels: Stream, geocoder: Service, cms: Service) -> None:
    row = property_at(parcels, *HOUSE)
    assert refusal(cms) == "Articles is no geocoder. Choose a service of the system Geocoding."
    assert refusal(geocoder, list(range(10_001))).startswith("These are more than 10,000 properties.")
    batch = ops.geocode(geocoder, [row.pk])
    Service.objects.filter(pk=geocoder.pk).update(enabled=False)
    work_off()
    assert counts(batch)[0] == "failed"
    geocoder.refresh_from_db()
    assert refusal(geocoder) == "Geocoding is switched off. Enable the service first."


def test_the_estimate_is_by_the_slowest_limit(parcels: Stream, geocoder: Service) -> None:
    streets(parcels, 30)
    Service.objects.update(per_second=None, per_minute=6)
    found = dict(geocoding.estimates())[geocoder]
    assert (found.properties, found.calls) == (30, 30)
    assert found.seconds == pytest.approx(300, rel=0.01)
    Service.objects.update(per_minute=None)
    assert dict(geocoding.estimates())[geocoder].seconds == pytest.approx(30, rel=0.01)


def synced(stream: Stream, external_id: str, **fields: Any) -> None:
    """One item of a run."""
    run = SyncRun.objects.create(stream=stream, trigger="command", state="succeeded")
    with transaction.atomic():
        upsert(run, Property, [Item(external_id, fields)])


@pytest.fixture
def found(parcels: Stream, geocoder: Service) -> Property:
    """A property of a source that does not know where it is."""
    address, city, postal_code = HOUSE
    synced(parcels, "one", address=address, city=city, postal_code=postal_code, parcel_id="1")
    geocode(geocoder)
    return Property.objects.get()


WHERE = dict(zip(("address", "city", "postal_code"), HOUSE, strict=True))


@pytest.mark.parametrize("silent", [{}, {"latitude": None, "longitude": None}])
def test_a_sync_from_a_source_without_coordinates_keeps_those_that_were_found(
    parcels: Stream, found: Property, silent: dict[str, None]
) -> None:
    synced(parcels, "one", **WHERE, parcel_id="another", **silent)
    assert place_of(found) == AT_HOUSE
    assert (found.parcel_id, found.attribution) == ("another", OSM_ATTRIBUTION)
    assert found.geocoded_at
    assert "latitude" not in SyncRun.objects.latest("pk").changes.get().diff


def test_coordinates_of_the_source_take_the_place_of_those_that_were_found(parcels: Stream, found: Property) -> None:
    synced(parcels, "one", **WHERE, latitude=Decimal(1), longitude=Decimal(2))
    assert place_of(found) == ELSEWHERE
    assert (found.geocoded_by, found.geocoded_at, found.geocoded_as, found.attribution) == (None, None, "", "")
    synced(parcels, "one", **WHERE)
    assert place_of(found) == (None, None)


def test_another_address_has_no_coordinates_until_it_is_looked_for(
    parcels: Stream, geocoder: Service, found: Property
) -> None:
    synced(parcels, "one", **{**WHERE, "address": HALL[0]})
    assert place_of(found) == (None, None)
    assert geocoding.waiting(geocoder).get() == found


def test_the_command_asks_and_waits(parcels: Stream, geocoder: Service, capsys: pytest.CaptureFixture[str]) -> None:
    row = property_at(parcels, *HOUSE)
    for arguments in ([], [str(row.pk), "--all-missing"]):
        with pytest.raises(CommandError, match="Name properties by their numbers, or say --all-missing"):
            call_command("geocode", *arguments)
    call_command("geocode", "--all-missing")
    batch = GeocodeBatch.objects.get()
    assert capsys.readouterr().out == f"{batch}, 1 properties, is waiting for a worker.\n"
    with pytest.raises(CommandError, match="is geocoding already"):
        call_command("geocode", str(row.pk), "--service", geocoder.slug)
    work_off()
    assert place_of(row) == AT_HOUSE
    Service.objects.create(slug="other", name="A", system="geocoding", base_url="https://x.example")
    with pytest.raises(CommandError, match="Say which geocoder: --service other, geocoding"):
        call_command("geocode", "--all-missing")


def test_however_many_are_chosen_those_are_found_that_wait(
    parcels: Stream, told: Service, remote: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geocoding, "WINDOW", 2)
    for number in range(7):
        property_at(parcels, f"{number} Long Street" if number in {0, 5} else "")
    remote.answers(*answers(PLACE, PLACE))
    batch = geocode(told, list(Property.objects.values_list("pk", flat=True)))
    assert counts(batch) == ("succeeded", 2, 0, 0)
    assert len(remote.asked) == 2
