"""Questions to databases: recorded, bounded, tried again, and never able to write."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import column, delete, false, select, table, true

from integrations.transport.codes import Code, Outcome
from integrations.transport.database import DatabaseTransport, Question
from integrations.transport.databases.engine import Login
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError, Parked
from integrations.transport.gate import Gate
from integrations.transport.settings import Settings
from tests.flows.processes import seconds_until
from tests.peers.database_servers import Server, serving
from tests.transport.questions import ONE, THINGS, failing, file_of, login_of, sleep, transport_to
from tests.transport.wire import Wire


@pytest.fixture
def wire(database_server: Server) -> Iterator[Wire]:
    with Wire(database_server.port) as between:
        yield between


def test_a_question_is_told_with_its_figures_and_what_was_said(
    database_server: Server, heard: list[CallDetails]
) -> None:
    database_server.fill(20)
    numbers: Question = (
        select(column("id")).select_from(table("orders")).where(column("id") > 15).order_by(column("id"))
    )
    with transport_to(login_of(database_server), heard) as transport:
        found = transport.select("read_rows", numbers, 3)
        transport.select("read_rows", numbers, 3)
    assert (found.columns, found.rows) == (("id",), ((16,), (17,), (18,)))
    first, second = heard
    assert (first.operation, first.method, first.code, first.attempt) == ("read_rows", "SELECT", Code.OK, 1)
    assert first.url == f"{database_server.engine}://127.0.0.1:{database_server.port}/{database_server.name}"
    timings = first.timings
    assert timings.connect is not None
    assert timings.first_byte is not None
    assert timings.download is not None
    assert timings.connect + timings.first_byte + timings.download <= timings.total
    assert second.timings.connect is None, "the connection is used again"
    assert first.request
    assert first.response
    assert first.request.body.startswith("SELECT id \nFROM orders")
    assert "15" in first.request.body
    assert [json.loads(line) for line in first.response.body.splitlines()] == [[16], [17], [18]]
    assert first.response_bytes == 24


def test_the_database_ends_a_statement_that_takes_too_long(database_server: Server, heard: list[CallDetails]) -> None:
    database_server.fill(1)
    with transport_to(login_of(database_server), heard, deadline_s=1.0) as transport:
        transport.select("try", ONE, 1)
        error = failing(lambda: transport.select("try", sleep(database_server, 60), 1))
        assert error.code is Code.TIMEOUT
        assert "statement" in str(error)
        assert transport.select("try", ONE, 1).rows == ((1,),)
    assert heard[1].timings.total < 30_000
    seconds_until(lambda: database_server.busy() == 0, 30, "nothing goes on there")


def test_a_server_that_falls_silent_is_left_at_the_deadline(
    database_server: Server, wire: Wire, heard: list[CallDetails]
) -> None:
    with transport_to(login_of(database_server, port=wire.port), heard, deadline_s=1.0) as transport:
        transport.select("try", ONE, 1)
        wire.is_deaf.set()
        error = failing(lambda: transport.select("try", ONE, 1))
    assert error.code is Code.TIMEOUT
    assert str(error) == f"127.0.0.1:{wire.port} sent no answer within 1 s."
    wire.drop()


def test_a_connection_that_broke_is_opened_anew(
    database_server: Server, wire: Wire, heard: list[CallDetails], without_waiting: None
) -> None:
    with transport_to(login_of(database_server, port=wire.port), heard, attempts=2) as transport:
        transport.select("try", ONE, 1)
        wire.drop()
        assert transport.select("try", ONE, 1).rows == ((1,),)
    assert [(call.code, call.attempt) for call in heard[1:]] == [(Code.CONNECTION_BROKEN, 1), (Code.OK, 2)]
    assert heard[1].chain == heard[2].chain
    assert "broke before an answer came" in heard[1].error


def test_nothing_can_be_written_even_by_the_owner(database_server: Server, heard: list[CallDetails]) -> None:
    database_server.fill(20)
    orders = delete(table("orders"))
    owner = login_of(database_server, user=database_server.owner, password="")
    with transport_to(owner, heard) as transport:
        assert not transport.is_writable("try", orders.where(true()))
        assert not transport.is_writable("try", orders.where(false()))
        error = failing(lambda: transport.select("try", orders, 1))  # type: ignore[arg-type]
        assert error.code.outcome is Outcome.REJECTED
    assert database_server.run("SELECT count(*) FROM orders") == [(20,)]
    assert [call.method for call in heard] == ["DELETE", "DELETE", "SELECT"]


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"user": "nobody_of_that_name"}, Code.AUTH_FAILED),
        ({"database": "no_database_of_that_name"}, Code.NOT_FOUND),
        ({"host": "no-such-host.invalid"}, Code.DNS_FAILED),
        ({"host": "/tmp"}, Code.NOT_SENDABLE),
        ({"host": "127.0.0.1,elsewhere"}, Code.NOT_SENDABLE),
        ({"port": 1}, Code.CONNECTION_REFUSED),
        ({"tls": True}, Code.TLS_FAILED),
    ],
)
def test_a_login_that_fails_says_why(
    database_server: Server, heard: list[CallDetails], what: dict[str, object], code: Code
) -> None:
    if "database" in what and database_server.engine == "mysql":
        what = {**what, "user": database_server.owner, "password": ""}  # others are not told whether it exists
    with transport_to(login_of(database_server, **what), heard) as transport:
        error = failing(lambda: transport.select("try", ONE, 1))
    assert error.code is code, error
    assert [call.code for call in heard] == [code]
    assert database_server.name not in heard[0].error or code in {Code.AUTH_FAILED, Code.NOT_FOUND}


def test_a_wrong_password_is_blanked(heard: list[CallDetails]) -> None:
    with serving("mysql") as server, transport_to(login_of(server, password="swordfish"), heard) as transport:
        error = failing(lambda: transport.select("try", ONE, 1))
    assert (error.code, "swordfish" in str(error)) == (Code.AUTH_FAILED, False)


def test_what_is_not_there_is_not_found(database_server: Server, heard: list[CallDetails]) -> None:
    database_server.fill(1)
    with transport_to(login_of(database_server), heard) as transport:
        error = failing(lambda: transport.select("try", select(column("id")).select_from(table("nothing")), 1))
        # MariaDB does not tell an account that may not look whether a table is there.
        assert error.code in {Code.NOT_FOUND, Code.FORBIDDEN}
        error = failing(lambda: transport.select("try", select(column("nothing")).select_from(table("orders")), 1))
        assert error.code is Code.NOT_FOUND


def test_rows_that_are_too_large_are_not_read_to_the_end(database_server: Server, heard: list[CallDetails]) -> None:
    database_server.fill(2000)
    notes: Question = select(column("note")).select_from(table("orders"))
    with transport_to(login_of(database_server), heard, max_bytes=20_000) as transport:
        assert failing(lambda: transport.select("try", notes, 2000)).code is Code.TOO_LARGE
        assert len(transport.select("try", notes, 100).rows) == 100
    assert heard[0].response_bytes < 100_000


def test_a_secret_is_blanked_wherever_it_comes_back(tmp_path: Path, heard: list[CallDetails]) -> None:
    login = file_of(tmp_path, "INSERT INTO things VALUES (4, 'the word is swordfish')")
    with transport_to(login, heard, secrets=("swordfish",)) as transport:
        assert transport.select("try", THINGS, 9).rows[3] == (4, "the word is swordfish")
        transport.select("try", THINGS.where(column("name") == "swordfish"), 9)
    for call in heard:
        assert call.request
        assert call.response
        assert "swordfish" not in call.request.body + call.response.body
    with pytest.raises(ValueError, match="redacted"), transport_to(login, heard, secrets=("swordfish",)):
        raise ValueError("a client's own mistake with swordfish in it")


def test_bodies_are_kept_as_the_settings_say(tmp_path: Path) -> None:
    heard: list[CallDetails] = []
    with DatabaseTransport(Settings(base_url="", attempts=1), file_of(tmp_path), (heard.append,)) as transport:
        transport.select("try", THINGS, 9)
        failing(lambda: transport.select("try", select(column("nothing")).select_from(table("things")), 9))
    assert heard[0].request is None
    assert heard[1].request
    assert "nothing" in heard[1].request.body


class Shut(Gate):
    """One that lets nobody pass."""

    def __init__(self, reason: Exception) -> None:
        self.reason = reason

    @contextmanager
    def passing(self) -> Iterator[float]:
        yield self.wait()

    def wait(self) -> float:
        raise self.reason


def test_who_may_not_pass_asks_nothing(tmp_path: Path, heard: list[CallDetails]) -> None:
    login = file_of(tmp_path)
    closed = Shut(CallError(Code.CIRCUIT_OPEN, "The circuit is open."))
    with DatabaseTransport(Settings(base_url=""), login, (heard.append,), closed) as transport:
        assert failing(lambda: transport.select("try", ONE, 1)).code is Code.CIRCUIT_OPEN
    assert [(call.code, call.request_bytes) for call in heard] == [(Code.CIRCUIT_OPEN, 0)]
    parked = Shut(Parked(datetime.now(UTC), "later"))
    with DatabaseTransport(Settings(base_url=""), login, (heard.append,), parked) as transport, pytest.raises(Parked):
        transport.select("try", ONE, 1)


@pytest.mark.parametrize("engine", ["mssql", "oracle", "odbc"])
def test_a_driver_that_is_not_installed_is_named(
    engine: str, heard: list[CallDetails], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("mssql_python", "oracledb", "pyodbc"):
        monkeypatch.setitem(sys.modules, module, None)
    with transport_to(Login(engine, host="db.example", database="old"), heard) as transport:
        error = failing(lambda: transport.select("try", ONE, 1))
    assert error.code is Code.NOT_SENDABLE
    assert "pip install" in str(error)


def test_a_make_that_nobody_knows_is_refused() -> None:
    error = failing(lambda: DatabaseTransport(Settings(base_url=""), Login("dbase")))
    assert error.code is Code.NOT_SENDABLE


def test_a_data_source_is_a_name_and_no_driver_to_be_loaded(heard: list[CallDetails]) -> None:
    with transport_to(Login("odbc", database="x;Driver=/tmp/evil.so"), heard) as transport:
        assert "name of a data source" in str(failing(lambda: transport.select("try", ONE, 1)))
