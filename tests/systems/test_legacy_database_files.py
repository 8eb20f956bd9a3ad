"""Legacy databases that are files: options, names, keys and odd contents."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from integrations.models import Service
from integrations.systems.base import BadItem, Item
from integrations.transport.codes import Code
from tests.systems.contract import ids
from tests.systems.old_tables import SINCE, failure, items, pages, service_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path, settings: Settings) -> Callable[..., Service]:
    """Makes a service that reads a SQLite table `t`."""
    settings.LEGACY_FILES = tmp_path

    def make(columns: str, rows: list[tuple[Any, ...]], **options: Any) -> Service:
        with closing(sqlite3.connect(tmp_path / "old.sqlite3")) as connection, connection:
            connection.execute(f"CREATE TABLE t ({columns})")
            if rows:
                connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(rows[0]))})", rows)
        given = {"engine": "sqlite", "database": "old.sqlite3", "table": "t", "key_column": "id", "page_size": 3}
        return service_with({**given, **options})

    return make


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"table": ""}, Code.NOT_SENDABLE, "Choose the table"),
        ({"key_column": ""}, Code.NOT_SENDABLE, "Choose the key column"),
        ({"key_column": "nr"}, Code.NOT_FOUND, "“t” has no column “nr” (option “Key column”). It has: id, name."),
        ({"modified_column": "when"}, Code.NOT_FOUND, "“t” has no column “when”"),
        ({"title_columns": "id, title"}, Code.NOT_FOUND, "“t” has no column “title”"),
        ({"zone": "Nowhere/Land"}, Code.NOT_SENDABLE, "“Nowhere/Land” is no time zone"),
        ({"table": "t; DROP TABLE t"}, Code.NOT_FOUND, "There is no table or view “t; DROP TABLE t”"),
        ({"key_column": 'id" OR 1=1 --'}, Code.NOT_FOUND, "has no column"),
    ],
)
def test_options_that_name_nothing_are_refused(
    file: Callable[..., Service], options: dict[str, str], code: Code, words: str
) -> None:
    error = failure(file("id INTEGER PRIMARY KEY, name TEXT", [(1, "x")], **options))
    assert error.code is code
    assert words in str(error)


def test_names_with_odd_characters_are_quoted(file: Callable[..., Service]) -> None:
    odd = 'a "b" %s :c; --'
    columns = f'id INTEGER PRIMARY KEY, "{odd.replace(chr(34), chr(34) * 2)}" DATETIME'
    service = file(
        columns, [(n, f"2001-01-0{n} 00:00:00") for n in range(1, 6)], modified_column=odd, title_columns=odd
    )
    found = items(service)
    assert [item.external_id for item in found] == ["1", "2", "3", "4", "5"]
    assert found[0].fields["title"] == "2001-01-01 00:00:00"


def test_a_key_that_is_not_declared_unique_is_said(file: Callable[..., Service]) -> None:
    found = pages(file("id TEXT, name TEXT", [("a", "x"), ("b", "y"), (None, "z"), ("", "empty")]))
    assert "does not say that the key is unique" in found[0].remark
    assert "1 rows without “id” are left out." in found[0].remark
    bad = [item for page in found for item in page.items if isinstance(item, BadItem)]
    assert [(item.external_id, item.field) for item in bad] == [("", "id")]
    assert ids(found) == ["", "a", "b"]


def test_a_page_of_one_key_alone_does_not_go_on_for_ever(file: Callable[..., Service]) -> None:
    error = failure(file("id TEXT, name TEXT", [("a", str(n)) for n in range(9)]))
    assert (error.code, str(error)) == (Code.BAD_PAGING, "All rows of a page agree in id: choose a key that is unique.")


def test_rows_of_one_key_come_all(file: Callable[..., Service]) -> None:
    found = items(file("id TEXT, name TEXT", [(key, str(n)) for n, key in enumerate("abbcdddeef")]))
    assert {item.fields["data"]["name"] for item in found} == set("0123456789")


def test_what_a_file_holds_beside_times_is_read_whatever_is_asked_since(file: Callable[..., Service]) -> None:
    rows = [(1, "2001-01-01 00:00:00"), (2, "2001-01-03T00:00:00"), (3, 978480000), (4, "soon"), (5, None)]
    service = file("id INTEGER PRIMARY KEY, at DATETIME", rows, modified_column="at")
    assert set(ids(pages(service, {"since": "2001-01-02T00:00:00+00:00"}))) == {"2", "3", "4", "5"}
    stamps = {item.external_id: item.fields["source_modified_at"] for item in items(service)}
    assert stamps["2"] == datetime(2001, 1, 3, tzinfo=UTC)
    assert (stamps["3"], stamps["4"], stamps["5"]) == (None, None, None)


def test_a_column_that_is_no_time_leaves_nothing_out(file: Callable[..., Service]) -> None:
    service = file(
        "id INTEGER PRIMARY KEY, version INTEGER", [(n, 9 - n) for n in range(1, 6)], modified_column="version"
    )
    found = pages(service, {"since": SINCE})
    assert ids(found) == ["5", "4", "3", "2", "1"]
    assert {item.fields["source_modified_at"] for page in found for item in page.items if isinstance(item, Item)} == {
        None
    }
