"""Legacy databases: every row once, whatever changes meanwhile, and what staff are told of the account."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations import credentials, ops, tasks
from integrations.connections import client_for
from integrations.leases import LostLease
from integrations.models import Call, Record, Service, ServiceState, SyncRun
from integrations.recorder import Cause
from integrations.systems.base import Item
from integrations.systems.legacy_database import SYSTEM, keyset, values
from integrations.transport.codes import Code
from integrations.transport.details import CallDetails
from tests.flows.processes import seconds_until
from tests.peers.database_servers import PASSWORD, Server
from tests.systems.contract import client_of, ids
from tests.systems.old_tables import SINCE, failure, health, items, orders_of, pages, service_with

pytestmark = pytest.mark.django_db


def test_a_run_copies_every_row_and_the_next_finds_nothing_new(database_server: Server) -> None:
    service = orders_of(database_server, title_columns="customer, id")
    for wanted in ({"created": 30, "unchanged": 0}, {"created": 0}):
        run = ops.sync(service.streams.get(), SyncRun.Trigger.COMMAND)
        tasks.run_sync(str(run.pk))
        run.refresh_from_db()
        assert run.state == "succeeded", run.failure_message
        assert {name: getattr(run, name) for name in wanted} == wanted
    row = Record.objects.get(external_id="8")
    assert row.title == "Customer 8 8"
    assert row.source_modified_at == datetime(2001, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert row.data["amount"] == "10.00"
    assert row.data["changed"] == "2001-01-01T00:00:01"
    assert set(Call.objects.filter(run__isnull=False).values_list("method", "outcome")) == {("SELECT", "ok")}


def test_tables_and_columns_are_offered(database_server: Server) -> None:
    service = orders_of(database_server)
    database_server.run("CREATE VIEW old_orders AS SELECT id FROM orders")
    owner = database_server.options(user=database_server.owner)
    Service.objects.update(options=owner)
    credentials.remove(service, "password")
    with client_of(Service.objects.get()) as client:
        assert client.list_tables() == ["old_orders", "orders"]
        assert client.list_columns() == ["id", "customer", "note", "amount", "changed"]
    database_server.run("DROP VIEW old_orders")


def test_only_what_changed_since_is_read_and_since_stays_in_every_position(database_server: Server) -> None:
    service = orders_of(database_server)
    found = pages(service, {"since": SINCE})
    assert ids(found) == [str(number) for number in range(14, 31)]
    assert {page.position["since"] for page in found} == {SINCE}
    assert ids(pages(service, found[0].position)) == ids(found[1:])


def test_since_is_a_moment_in_the_zone_of_the_column(database_server: Server) -> None:
    service = orders_of(database_server, zone="America/New_York")
    assert ids(pages(service, {"since": "2001-01-01T05:00:02+00:00"})) == [str(number) for number in range(14, 31)]
    first = next(item for item in items(service) if item.external_id == "1")
    assert first.fields["source_modified_at"] == datetime(2001, 1, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("policy", "wanted", "remark"), [("first", 30, ""), ("skip", 28, "2 rows without “changed” are left out.")]
)
def test_rows_without_a_last_change_are_read_first_or_left_out(
    database_server: Server, policy: str, wanted: int, remark: str
) -> None:
    service = orders_of(database_server, null_modified=policy)
    database_server.run("UPDATE orders SET changed = NULL WHERE id IN (7, 29)")
    found = pages(service)
    assert len(set(ids(found))) == len(ids(found)) == wanted
    assert found[0].remark == remark
    assert {page.remark for page in found[1:]} == {""}
    assert (ids(found)[:2] == ["7", "29"]) is (policy == "first")
    for number, page in enumerate(found, start=1):
        assert ids(pages(service, page.position)) == ids(found[number:])


def test_rows_that_change_under_the_reader_come_again_and_none_is_lost(database_server: Server) -> None:
    service = orders_of(database_server)
    with client_of(service) as client:
        reading = SYSTEM.read("rows")(client, {})
        first = next(reading)
        database_server.run("UPDATE orders SET changed = '2020-01-01', customer = 'New' WHERE id IN (2, 25)")
        database_server.run("DELETE FROM orders WHERE id IN (3, 20)")
        database_server.run("INSERT INTO orders VALUES (99, 'Late', '', 1, '2020-01-01')")
        rest = list(reading)
    read = Counter(ids([first, *rest]))
    assert set(read) == {str(number) for number in range(1, 31)} - {"20"} | {"99"}
    assert {key for key, times in read.items() if times > 1} == {"2"}, "it was read before and after its change"
    (changed,) = [item for page in rest for item in page.items if isinstance(item, Item) and item.external_id == "25"]
    assert changed.fields["data"]["customer"] == "New"


@pytest.mark.parametrize("page_size", [1, 7, 1000])
def test_rows_of_one_moment_are_told_apart_by_their_key(database_server: Server, page_size: int) -> None:
    service = orders_of(database_server, zone="UTC")
    Service.objects.update(options={**service.options, "page_size": page_size})
    database_server.run("UPDATE orders SET changed = '2020-01-01 00:00:00.123456'")
    service.refresh_from_db()
    assert ids(pages(service)) == [str(number) for number in range(1, 31)]


def test_a_key_of_several_columns_is_one_id(database_server: Server) -> None:
    database_server.run("DROP TABLE IF EXISTS parts")
    database_server.run("CREATE TABLE parts (ord INT, line VARCHAR(9), what VARCHAR(9), PRIMARY KEY (ord, line))")
    database_server.run("INSERT INTO parts VALUES (1, 'a', 'x'), (1, 'b', 'x'), (2, 'a', 'y'), (2, 'a,b', 'y')")
    options = database_server.options(table="parts", key_column="ord, line", modified_column="", page_size=1)
    service = service_with({**options, "user": database_server.owner})
    found = pages(service)
    assert ids(found) == ['[1, "a"]', '[1, "b"]', '[2, "a"]', '[2, "a,b"]']
    assert found[0].remark == ""
    assert ids(pages(service, found[1].position)) == ids(found[2:])


def test_the_probe_tells_an_account_that_may_only_read(database_server: Server) -> None:
    check = health(orders_of(database_server))
    assert (check.state, check.remark) == ("succeeded", "“orders” can be read; writing is refused.")
    assert set(check.calls.values_list("outcome", flat=True)) == {"ok"}


def test_the_probe_tells_an_account_that_could_write(database_server: Server) -> None:
    service = orders_of(database_server)
    grants = {
        "postgresql": f"GRANT UPDATE ON orders TO {database_server.name}",
        "mysql": f"GRANT INSERT ON {database_server.name}.* TO '{database_server.name}'@'127.0.0.1'",
    }
    database_server.run(grants[database_server.engine])
    check = health(service)
    assert check.state == "succeeded"
    assert check.remark == "It answers, but the account could write to “orders”: give it SELECT alone."
    revoke = grants[database_server.engine].replace("GRANT", "REVOKE").replace(" TO ", " FROM ")
    database_server.run(revoke)


def test_the_probe_fails_where_the_table_is_gone(database_server: Server) -> None:
    # MariaDB tells whether a table is there to those alone who may look at it.
    service = orders_of(database_server, table="gone", user=database_server.owner)
    credentials.remove(service, "password")
    check = health(service)
    assert (check.state, check.failure_code) == ("failed", Code.NOT_FOUND)
    assert "There is no table or view “gone”" in check.failure_message


def test_without_a_table_the_probe_answers_and_says_what_comes_next(database_server: Server) -> None:
    assert health(orders_of(database_server, table="")).remark == "It answers. Choose the table in the options."


def test_a_value_that_is_not_found_again_ends_the_reading(
    database_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with drivers that round. The values are spoilt where a position is read, which stands for them."""
    service = orders_of(database_server)
    exact = values.from_stored
    later = timedelta(microseconds=1)

    def rounded(stored: list[str]) -> Any:
        value = exact(stored)
        return value + later if isinstance(value, datetime) else value

    monkeypatch.setattr(keyset, "from_stored", rounded)
    error = failure(service)
    assert error.code is Code.BAD_PAGING
    assert "not found by its own values of changed, id" in str(error)


def test_the_last_row_of_a_page_may_vanish_or_change(database_server: Server) -> None:
    service = orders_of(database_server)
    for change, wanted in (
        ("DELETE FROM orders WHERE id = 10", 30),
        ("UPDATE orders SET changed = '2020-01-01' WHERE id = 11", 30),
        ("UPDATE orders SET changed = NULL WHERE id = 12", 29),
    ):
        with client_of(service) as client:
            reading = SYSTEM.read("rows")(client, {})
            first = next(reading)
            database_server.run(change)
            assert len(ids([first, *reading])) == wanted


def test_a_reader_whose_run_was_taken_over_hangs_up(database_server: Server) -> None:
    service = orders_of(database_server)

    def taken_over(details: CallDetails) -> None:
        if details.operation == "read_rows":
            raise LostLease

    cause = Cause(Call.Trigger.COMMAND, uuid.uuid4())
    with pytest.raises(LostLease), client_for(service, cause, taken_over) as client:
        list(SYSTEM.read("rows")(client, {}))
    seconds_until(lambda: database_server.busy() == 0, 30, "the connection is gone")


def test_a_circuit_that_is_held_open_keeps_questions_back(database_server: Server) -> None:
    service = orders_of(database_server)
    ServiceState.objects.update(circuit=ServiceState.Circuit.HELD_OPEN)
    assert failure(service).code is Code.CIRCUIT_OPEN
    assert list(Call.objects.values_list("outcome", "method", "request_bytes")) == [("not_sent", "SELECT", 0)]


def test_no_base_url_is_asked_for_and_no_password_is_in_the_log(database_server: Server) -> None:
    service = orders_of(database_server)
    service.full_clean()
    Service.objects.update(body_policy=Service.BodyPolicy.ALL)
    with client_of(Service.objects.get()) as client:
        client.check_health()
    calls = Call.objects.select_related("body")
    assert calls
    assert {PASSWORD in f"{call.url}{call.body.request_body}{call.body.response_body}" for call in calls} == {False}
