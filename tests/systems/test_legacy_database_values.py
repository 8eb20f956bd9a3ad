"""What old columns hold, as JSON, in positions and as moments."""

# ruff: noqa: DTZ001 - old columns hold times without a zone

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import mssql, oracle

from integrations import credentials
from integrations.models import Service
from integrations.systems.base import Item
from integrations.systems.legacy_database.keyset import Keyset, Place
from integrations.systems.legacy_database.table import Column, Kind, Table
from integrations.systems.legacy_database.values import as_json, as_stored, from_stored, local_start, moment_of
from tests.peers.database_servers import PASSWORD, Server, serving
from tests.systems.contract import ids
from tests.systems.old_tables import items, pages, service_with

BERLIN = ZoneInfo("Europe/Berlin")
KEYS = st.one_of(
    st.integers(),
    st.text(),
    st.booleans(),
    st.binary(),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.times(),
    st.uuids(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False),
)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, None),
        (True, True),
        (10**30, 10**30),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.10"), "-0.10"),
        (date(1995, 2, 3), "1995-02-03"),
        (datetime(1995, 2, 3, 4, 5, 6, 7), "1995-02-03T04:05:06.000007"),
        (time(4, 5), "04:05:00"),
        (timedelta(hours=30), "1 day, 6:00:00"),
        (b"\x00\xff", "base64:AP8="),
        (memoryview(b"a"), "base64:YQ=="),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ("0000-00-00", None),
        ("0000-00-00 00:00:00", None),
        ("\ud800 and \x00", "\ud800 and \x00"),
        ([Decimal(1), {"a": b"x"}], ["1", {"a": "base64:eA=="}]),
        ({1, 2} - {2}, "{1}"),
    ],
)
def test_every_kind_of_value_is_json(value: Any, wanted: Any) -> None:
    assert as_json(value) == wanted


@given(KEYS)
def test_what_a_position_holds_comes_back_as_it_was(value: Any) -> None:
    stored = json.loads(json.dumps(as_stored(value)))
    back = from_stored(stored)
    assert (type(back), back) == (type(value), value)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (datetime(2001, 7, 1, 12), datetime(2001, 7, 1, 10, tzinfo=UTC)),
        (datetime(2001, 7, 1, 12, tzinfo=UTC), datetime(2001, 7, 1, 12, tzinfo=UTC)),
        (date(2001, 1, 1), datetime(2000, 12, 31, 23, tzinfo=UTC)),
        ("2001-07-01T12:00:00", datetime(2001, 7, 1, 10, tzinfo=UTC)),
        ("2001-07-01 12:00:00Z", datetime(2001, 7, 1, 12, tzinfo=UTC)),
        (datetime(9999, 12, 31), None),
        ("infinity", None),
        (978480000, None),
        (None, None),
    ],
)
def test_a_moment_is_told_in_its_zone(value: Any, wanted: datetime | None) -> None:
    assert moment_of(value, BERLIN) == wanted


@given(st.datetimes(datetime(1980, 1, 1), datetime(2036, 1, 1)), st.timedeltas(timedelta(), timedelta(days=2)))
def test_nothing_that_changed_later_bears_an_earlier_time(moment: datetime, later: timedelta) -> None:
    since = moment.replace(tzinfo=UTC)
    shown = (since + later).astimezone(BERLIN).replace(tzinfo=None)
    assert local_start(since, BERLIN) <= shown


def test_the_start_is_early_only_where_clocks_are_set_back() -> None:
    before = datetime(2024, 10, 27, 0, 30, tzinfo=UTC)  # 02:30, and 02:30 comes again an hour later
    assert local_start(before, BERLIN) == datetime(2024, 10, 27, 1, 30)
    assert local_start(datetime(2024, 7, 1, tzinfo=UTC), BERLIN) == datetime(2024, 7, 1, 2)


def keyset(**kinds: Kind) -> Keyset:
    columns = {name: Column(kind, may_be_null=False) for name, kind in kinds.items()}
    return Keyset(Table("OLD ORDERS", "dbo", columns, frozenset()), ("id",), "at", nulls_first=True, zone=BERLIN)


@pytest.mark.parametrize(
    ("dialect", "wanted"),
    [
        (
            mssql.dialect(),  # type: ignore[no-untyped-call]  # SQLAlchemy's
            ["SELECT TOP", "FROM dbo.[OLD ORDERS]", "ORDER BY at, id"],
        ),
        (
            oracle.dialect(),  # type: ignore[no-untyped-call]  # as above
            ['FROM dbo."OLD ORDERS"', "ORDER BY at, id", "FETCH FIRST"],
        ),
    ],
)
def test_a_page_is_asked_for_in_the_words_of_each_make(dialect: Any, wanted: list[str]) -> None:
    place = Place(since="2001-01-01T00:00:00+00:00", after=(["datetime", "2001-01-02T00:00:00"], ["int", "7"]))
    compiled = keyset(id=Kind.NO_MOMENT, at=Kind.LOCAL).page(place, 50).compile(dialect=dialect)
    text = " ".join(str(compiled).split())
    assert [words for words in wanted if words not in text] == []
    values = list(compiled.params.values())
    assert [values.count(each) for each in (datetime(2001, 1, 2), 7, datetime(2001, 1, 1, 1))] == [1, 1, 1]


def reading(server: Server, columns: str, rows: list[str], **options: Any) -> Service:
    """A service that reads a table `t` of these columns beside its key."""
    server.run("DROP TABLE IF EXISTS t")
    server.run(f"CREATE TABLE t ({columns})")
    for row in rows:
        server.run(f"INSERT INTO t VALUES ({row})")
    account = server.name if server.engine == "postgresql" else f"'{server.name}'@'127.0.0.1'"
    server.run(f"GRANT SELECT ON t TO {account}")
    given = {"table": "t", "key_column": "id", "modified_column": "", "page_size": 1}
    service = service_with(server.options(**{**given, **options}))
    credentials.store(service, "password", PASSWORD)
    return service


@pytest.mark.django_db
def test_what_only_postgresql_has() -> None:
    columns = "id UUID PRIMARY KEY, at TIMESTAMPTZ NOT NULL, day DATE, hour TIME, took INTERVAL, tags TEXT[], more JSONB, raw BYTEA"
    row = "'2020-01-0{n} 01:00+02', '-infinity', '24:00', '1 month', '{{a,NULL}}', '{{\"k\": 1.5}}', '\\x00ff'"
    rows = [f"'00000000-0000-0000-0000-00000000000{n}', " + row.format(n=n) for n in range(1, 4)]
    with serving("postgresql") as server:
        service = reading(server, columns, rows, modified_column="at")
        found = pages(service)
        assert len(ids(found)) == len(set(ids(found))) == 3
        assert ids(pages(service, found[0].position)) == ids(found)[1:]
        assert ids(pages(service, {"since": "2020-01-01T23:00:00Z"})) == ids(found)[1:]
    first = found[0].items[0]
    assert isinstance(first, Item)
    assert first.external_id == "00000000-0000-0000-0000-000000000001"
    assert first.fields["source_modified_at"] == datetime(2019, 12, 31, 23, tzinfo=UTC)
    assert first.fields["data"] == {
        "id": first.external_id,
        "at": "2019-12-31T23:00:00+00:00",
        "day": "-infinity",
        "hour": "24:00:00",
        "took": "30 days, 0:00:00",
        "tags": ["a", None],
        "more": {"k": 1.5},
        "raw": "base64:AP8=",
    }


@pytest.mark.django_db
def test_a_database_that_never_said_how_its_text_is_encoded() -> None:
    with serving("postgresql") as server:
        server.run(f"DROP DATABASE {server.name}", "")
        server.run(
            f"CREATE DATABASE {server.name} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0", ""
        )
        service = reading(
            server, "id TEXT PRIMARY KEY, name VARCHAR(20)", ["'a', E'Caf\\xe9'", "'b', E'Caf\\xc3\\xa9'"]
        )
        assert [item.fields["data"]["name"] for item in items(service)] == ["Café", "Café"]


@pytest.mark.django_db
def test_what_only_mariadb_has() -> None:
    columns = (
        "id VARCHAR(9) CHARACTER SET latin1 PRIMARY KEY, at TIMESTAMP(6) NOT NULL, day DATE, took TIME, flag BIT(1)"
    )
    rows = [
        f"'K\N{LATIN SMALL LETTER U WITH DIAERESIS}{n}', '2020-07-01 10:00:00', '0000-00-00', '30:00:00', 1"
        for n in range(3)
    ]
    with serving("mysql") as server:
        service = reading(server, columns, rows, modified_column="at", zone="Europe/Berlin")
        server.run("UPDATE t SET at = FROM_UNIXTIME(1593597600)")
        found = pages(service)
        assert ids(found) == ["Kü0", "Kü1", "Kü2"]
        assert ids(pages(service, {"since": "2020-07-01T10:00:00Z"})) == ids(found)
        assert ids(pages(service, {"since": "2020-07-01T10:00:01Z"})) == []
    first = found[0].items[0]
    assert isinstance(first, Item)
    assert first.fields["source_modified_at"] == datetime(2020, 7, 1, 10, tzinfo=UTC), "whatever zone staff entered"
    assert (first.fields["data"]["day"], first.fields["data"]["took"]) == (None, "1 day, 6:00:00")
    assert first.fields["data"]["flag"] == "base64:AQ=="
