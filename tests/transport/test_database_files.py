"""SQLite files: read in one folder, and nothing can be written from there, to them or to others."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import column, delete, literal, select, table, true

from integrations.transport.codes import Code
from integrations.transport.database import DatabaseTransport, Question
from integrations.transport.databases.engine import Login
from integrations.transport.databases.sqlite import _authorize
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError
from tests.transport.questions import ONE, THINGS, failing, file_of, transport_to


def refused(transport: DatabaseTransport, question: Question) -> CallError:
    return failing(lambda: transport.select("try", question, 1))


def test_a_file_is_read_and_told_by_its_name_alone(tmp_path: Path, heard: list[CallDetails]) -> None:
    with transport_to(file_of(tmp_path), heard) as transport:
        assert transport.select("read_rows", THINGS, 2).rows == ((1, "Ada"), (2, "Béla"))
        assert transport.inspect("list_tables", lambda inspector: inspector.get_table_names()) == ["things"]
    assert {call.url for call in heard} == {"sqlite://localhost/things.sqlite3"}


@pytest.mark.parametrize("name", ["../outside.sqlite3", "link.sqlite3", "", ".", "missing.sqlite3", "a\0b", "x" * 5000])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, heard: list[CallDetails], name: str) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    file_of(tmp_path)
    (tmp_path / "things.sqlite3").rename(tmp_path / "outside.sqlite3")
    (folder / "link.sqlite3").symlink_to(tmp_path / "outside.sqlite3")
    for each in (name, str(tmp_path / "outside.sqlite3")):
        with transport_to(Login("sqlite", database=each, files=folder), heard) as transport:
            error = refused(transport, ONE)
        assert error.code is Code.NOT_FOUND
    assert not (folder / "missing.sqlite3").exists()


def test_a_name_of_odd_characters_is_that_file_and_no_other(tmp_path: Path, heard: list[CallDetails]) -> None:
    login = file_of(tmp_path)
    odd = "odd ?mode=rwc&x=%20#.sqlite3"
    (tmp_path / login.database).rename(tmp_path / odd)
    with transport_to(Login("sqlite", database=odd, files=tmp_path), heard) as transport:
        assert len(transport.select("try", THINGS, 9).rows) == 3
        assert not transport.is_writable("try", delete(table("things")).where(true()))
        assert len(transport.select("try", THINGS, 9).rows) == 3


def test_a_file_that_is_no_database_is_refused(tmp_path: Path, heard: list[CallDetails]) -> None:
    (tmp_path / "notes.txt").write_text("no database " * 100)
    with transport_to(Login("sqlite", database="notes.txt", files=tmp_path), heard) as transport:
        error = failing(lambda: transport.select("try", ONE, 1) and transport.select("try", THINGS, 1))
    assert (error.code, str(error)) == (Code.HTTP_ERROR, "notes.txt says: file is not a database.")


def test_nothing_but_reading_is_allowed(tmp_path: Path) -> None:
    file_of(tmp_path)
    with closing(sqlite3.connect(tmp_path / "things.sqlite3")) as connection:
        connection.set_authorizer(_authorize)
        assert connection.execute("SELECT upper(name) FROM things WHERE id = 1").fetchall() == [("ADA",)]
        for statement in (
            "ATTACH 'other.sqlite3' AS other",
            "PRAGMA journal_mode = DELETE",
            "PRAGMA read_uncommitted = 1",
            "PRAGMA writable_schema = 1",
            "CREATE TEMP TABLE t (x)",
            "INSERT INTO things VALUES (9, 'x')",
            "UPDATE things SET name = 'x'",
            "DROP TABLE things",
        ):
            with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
                connection.execute(statement)


def test_text_that_is_no_utf_8_is_read_as_windows_1252(tmp_path: Path, heard: list[CallDetails]) -> None:
    login = file_of(tmp_path, "INSERT INTO things VALUES (4, CAST(x'43616680' AS TEXT))")
    with transport_to(login, heard) as transport:
        assert transport.select("try", THINGS, 9).rows[3] == (4, "Caf\N{EURO SIGN}")


def test_a_question_without_end_is_broken_off(tmp_path: Path, heard: list[CallDetails]) -> None:
    numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1))
    with transport_to(file_of(tmp_path), heard, deadline_s=0.5) as transport:
        error = failing(lambda: transport.select("try", select(numbers.c.n).where(numbers.c.n < 0), 1))
        assert error.code is Code.TIMEOUT
        assert transport.select("try", THINGS, 1).rows == ((1, "Ada"),)


def test_who_writes_is_waited_for(tmp_path: Path, heard: list[CallDetails]) -> None:
    login = file_of(tmp_path)
    writer = sqlite3.connect(tmp_path / login.database, check_same_thread=False, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    with transport_to(login, heard, deadline_s=0.3) as transport:
        error = failing(lambda: transport.select("try", THINGS, 1))
        assert (error.code, "locked" in str(error)) == (Code.TIMEOUT, True)
    done = threading.Timer(0.2, lambda: writer.execute("COMMIT"))
    done.start()
    with transport_to(login, heard, deadline_s=20) as transport:
        assert transport.select("try", THINGS, 1).rows == ((1, "Ada"),)
    done.join()
    writer.close()


def test_a_column_that_is_not_there_is_not_found(tmp_path: Path, heard: list[CallDetails]) -> None:
    with transport_to(file_of(tmp_path), heard) as transport:
        for name, of in (("x", "things"), ("id", "x")):
            assert refused(transport, select(column(name)).select_from(table(of))).code is Code.NOT_FOUND
