"""FileMaker: what can be done with records, against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from integrations import credentials
from integrations.connections import client_for
from integrations.models import AccessToken, Call, Service, ServiceState
from integrations.sessions import end
from integrations.systems.filemaker import SYSTEM, records, sandbox_data, values
from integrations.systems.filemaker.client import Client
from integrations.systems.filemaker.records import Found, Record, ScriptRun, Written
from integrations.systems.filemaker.sandbox_data import DATABASE, IN_USE, PARCELS
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.calling import cause
from tests.systems.contract import client_of, service_of
from tests.systems.filemaker_writes import WRITES

__all__ = ["WRITES"]  # for the contract tests


@pytest.fixture
def filemaker(db: None, sandbox_url: str) -> Iterator[Service]:
    yield service_of(SYSTEM, sandbox_url)
    DATABASE.reset()


@pytest.fixture
def client(filemaker: Service) -> Iterator[Client]:
    with client_of(filemaker) as made:
        yield made


@pytest.fixture
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Client.update_record.retry, "sleep", lambda _: None)  # type: ignore[attr-defined]  # tenacity's


def refused(code: Code, words: str, **options: Any) -> Any:
    return pytest.raises(CallError, match=words, check=lambda error: error.code is code, **options)


def operations() -> list[str]:
    return list(Call.objects.order_by("pk").values_list("operation", flat=True))


def test_health_counts_the_records_of_the_layout(client: Client) -> None:
    assert client.check_health() == "120 records on the layout “Parcels & Owners”."


def test_layouts_are_listed_without_their_folders_and_before_one_is_chosen(filemaker: Service) -> None:
    filemaker.options["layout"] = ""
    with client_of(filemaker) as client:
        assert client.list_layouts() == ["Entry", "Parcels & Owners", "Streets"]


@pytest.mark.parametrize("answer", [{}, {"layouts": "Entry"}, {"layouts": ["Entry"]}])
def test_an_answer_without_layouts_is_said_to_be_one(answer: dict[str, Any]) -> None:
    with refused(Code.BAD_ANSWER, "“layouts”"):
        records.layout_names(answer)


def test_one_session_serves_many_calls(filemaker: Service) -> None:
    for _ in range(2):
        with client_of(filemaker) as client:
            client.check_health()
            client.get_record("1")
    assert operations() == ["log_in", *["check_health", "get_record"] * 2]


def test_a_dead_session_is_replaced_once_without_a_word(client: Client) -> None:
    client.check_health()
    DATABASE.end_sessions()
    assert client.create_record({"Parcel": "15-00001"}).record_id == "121"
    assert operations() == ["log_in", "check_health", "create_record", "log_in", "create_record"]


def test_an_account_that_is_refused_is_not_tried_again(filemaker: Service) -> None:
    credentials.store(filemaker, "password", "not the password")
    for _ in range(3):
        with client_of(filemaker) as client, refused(Code.AUTH_FAILED, "Signing in failed: It answered 401: Invalid"):
            client.check_health()
    assert operations().count("log_in") == 1


def test_no_more_sessions_than_the_server_allows(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_data, "MOST_SESSIONS", 0)
    with refused(Code.SERVER_ERROR, "Maximum number of database sessions exceeded"):
        client.check_health()


def test_logging_out_ends_the_session_at_the_server(filemaker: Service) -> None:
    with client_of(filemaker) as client:
        client.check_health()
    assert len(DATABASE._sessions) == 1
    AccessToken.objects.update(used_at=datetime(2026, 1, 1, tzinfo=UTC))
    end(filemaker.pk)
    assert DATABASE._sessions == {}
    assert Call.objects.latest("pk").outcome == "ok"


def test_a_record_is_read_with_its_modification_id_and_iso_dates(client: Client) -> None:
    assert client.get_record("10") == Record(
        "10",
        "0",
        {
            "Parcel": "14-00010",
            "Address": "11 Harbour Road",
            "City": "Ulm",
            "Owner": "A. Archer",
            "Area": "",
            "Modified": "2026-01-08T06:00:00",
        },
        {},
    )


def test_a_record_that_is_not_there_is_not_found(client: Client) -> None:
    with refused(Code.NOT_FOUND, "It answered 500: Record is missing. FileMaker's code 101: there is no such record"):
        client.get_record("9999")


def test_a_query_finds_sorts_and_cuts(client: Client) -> None:
    query = [{"City": "==Ulm", "Owner": "D. Dyer"}, {"Address": "Mill", "omit": "true"}]
    found = client.find_records(query, sort={"Parcel": "descend"}, limit=2, offset=2)
    assert [record.fields["Parcel"] for record in found.records] == ["14-00113", "14-00103"]
    everybody = client.find_records(query).records
    assert found.total == len(everybody) > 2
    assert {record.fields["City"] for record in everybody} == {"Ulm"}
    assert not any("Mill" in record.fields["Address"] for record in everybody)


def test_no_match_is_an_empty_result(client: Client) -> None:
    assert client.find_records([{"Owner": "==nobody"}]) == Found((), 0)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("C. Cooper #2", "C. Cooper \\#2"),
        ('a\\b "c" *?', 'a\\\\b \\"c\\" \\*\\?'),
        ("=1 <2 >3 ≤4 ≥5 !6 @7 ~8", "\\=1 \\<2 \\>3 \\≤4 \\≥5 \\!6 \\@7 \\~8"),
        ("1...2 … 3..4", "1\\.\\.\\.2 \\… 3\\.\\.4"),
        ("1/2 and // and 3.4", "1/2 and \\/\\/ and 3.4"),
        ("Fünf Türme", "Fünf Türme"),
    ],
)
def test_no_text_of_others_is_an_operator(text: str, escaped: str) -> None:
    assert values.literal(text) == escaped


@pytest.mark.parametrize("text", ["*", "#", "C. Cooper @2", "<Z", "1...9", "//", "?"])
def test_an_operator_in_the_text_of_others_finds_nothing_else(client: Client, text: str) -> None:
    assert client.find_records([{"Owner": f"=={values.literal(text)}"}]).records == ()


def test_text_that_holds_operators_is_found(client: Client) -> None:
    found = client.find_records([{"Owner": f"=={values.literal('C. Cooper #2')}"}])
    assert found.total == len(found.records) == PARCELS // 5


def test_a_new_record_is_written_and_read(client: Client) -> None:
    written = client.create_record({"Parcel": "15-00001", "Area": 12.5, "Owner": None})
    assert written == Written("121", "0")
    record = client.get_record(written.record_id)
    assert (record.fields["Parcel"], record.fields["Area"], record.fields["Owner"]) == ("15-00001", 12.5, "")


def test_a_value_that_exists_already_is_a_conflict(client: Client) -> None:
    with refused(Code.CONFLICT, "code 504: a value must be unique"):
        client.create_record({"Parcel": "14-00001"})


def test_dates_are_written_as_every_version_reads_them() -> None:
    given = {"Day": date(2026, 3, 9), "At": time(7, 5), "When": datetime(2026, 3, 9, 7, 5, tzinfo=UTC), "None": None}
    assert values.field_data(given) == {
        "Day": "03/09/2026",
        "At": "07:05:00",
        "When": "03/09/2026 07:05:00",
        "None": "",
    }


def test_a_record_is_changed_once_by_whoever_read_it(client: Client) -> None:
    record = client.get_record("7")
    assert client.update_record("7", {"Owner": "F. Fisher"}, record.mod_id) == Written("7", "1")
    with refused(Code.CONFLICT, "code 306: somebody changed the record since it was read; nothing was changed"):
        client.update_record("7", {"Owner": "G. Grocer"}, record.mod_id)
    assert client.get_record("7").fields["Owner"] == "F. Fisher"


@pytest.mark.usefixtures("_no_pauses")
def test_a_record_that_stays_in_use_is_a_conflict_after_three_tries(client: Client) -> None:
    with refused(Code.CONFLICT, "code 301: somebody is editing the record"):
        client.update_record(str(IN_USE), {"Owner": "F. Fisher"}, "0")
    assert operations() == ["log_in", *["update_record"] * 3]


def test_a_record_in_use_is_not_deleted(client: Client) -> None:
    with refused(Code.CONFLICT, "code 301"):
        client.delete_record(str(IN_USE))


def test_a_record_is_deleted_once(client: Client) -> None:
    client.delete_record("7")
    with refused(Code.NOT_FOUND, "code 101"):
        client.delete_record("7")


def test_a_field_that_is_not_on_the_layout_is_told(client: Client) -> None:
    with refused(Code.HTTP_ERROR, "code 102: a field is not on the layout"):
        client.create_record({"Colour": "red"})
    with refused(Code.HTTP_ERROR, "code 102"):
        client.find_records([{"Colour": "red"}])


def test_a_query_of_nothing_is_refused_by_the_server(client: Client) -> None:
    with refused(Code.HTTP_ERROR, "code 960: a parameter is missing"):
        client.find_records([])


def test_a_script_is_run_with_a_parameter(client: Client) -> None:
    assert client.run_script("Count parcels") == ScriptRun("0", "")
    assert client.run_script("Count parcels", "a & b") == ScriptRun("0", "120 parcels, a & b")


def test_a_script_that_is_not_there_is_told(client: Client) -> None:
    with refused(Code.HTTP_ERROR, "code 104: there is no such script"):
        client.run_script("Count/everything?")


def test_a_layout_that_is_not_there_is_told(filemaker: Service) -> None:
    filemaker.options |= {"layout": "Owners"}
    with client_of(filemaker) as client, refused(Code.HTTP_ERROR, "code 105: there is no such layout: correct"):
        client.check_health()


def test_a_database_that_is_not_there_is_told(filemaker: Service) -> None:
    filemaker.options |= {"database": "Town"}
    with client_of(filemaker) as client, refused(Code.HTTP_ERROR, "Signing in failed: .* Unable to open file"):
        client.check_health()


def test_searches_that_find_nothing_are_asked_once_and_do_not_open_the_circuit(filemaker: Service) -> None:
    with client_for(filemaker, cause()) as client:
        assert isinstance(client, Client)
        assert [client.find_records([{"Parcel": "==none"}]).total for _ in range(12)] == [0] * 12
    assert set(Call.objects.filter(operation="find_records").values_list("code", "attempt")) == {("not_found", 1)}
    assert ServiceState.objects.get(service=filemaker).circuit == "closed"
