"""Salesforce's operations and its stream, against the sandbox."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations import ops, tasks
from integrations.models import Record, Service, SyncRun
from integrations.systems.base import Gone, Item
from integrations.systems.salesforce import soql
from integrations.systems.salesforce.client import Client
from integrations.systems.salesforce.org import CONTACTS, DELETED_EVERY, EXTERNAL, LOCKED, SHARED_BY_TWO
from integrations.transport.codes import Code
from tests.systems import salesforce_org as org
from tests.systems.contract import client_of
from tests.systems.examples import Write
from tests.transport.server import ScriptedServer

FIRST_ID = "003SB0000000001AAA"
WRITES = {"upsert": Write("PATCH", lambda client: client.upsert("Contact", EXTERNAL, "K-30", {}), once=False)}


@pytest.fixture
def salesforce(db: None, sandbox_url: str) -> Service:
    return org.service(sandbox_url)


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getattr(Client.upsert, "retry"), "sleep", lambda _: None)  # noqa: B009 - tenacity adds it


def test_objects_are_listed_that_can_be_queried(salesforce: Service) -> None:
    with client_of(salesforce) as client:
        assert client.list_objects() == ["Contact"]


@pytest.mark.parametrize("answer", [[], {"sobjects": {}}, {"sobjects": ["Contact"]}])
def test_an_answer_without_objects_is_said_to_be_one(db: None, remote: ScriptedServer, answer: Any) -> None:
    failed = org.failure(remote, Client.list_objects, org.said(answer))
    assert (failed.code, str(failed)) == (Code.BAD_ANSWER, "There are no “sobjects” in the answer.")


def test_records_come_in_pages_of_the_size_asked_for(salesforce: Service) -> None:
    pages = org.read(salesforce)
    assert [len(page.items) for page in pages[:2]] == [200, 200]
    assert {page.total for page in pages} == {len(org.items(pages))}
    assert len(org.items(pages)) >= CONTACTS - CONTACTS // DELETED_EVERY


def test_a_record_has_what_was_asked_for_and_nothing_about_it(salesforce: Service) -> None:
    salesforce.options |= {"fields": "email, Account.Name,EMAIL", "title_field": "name"}
    first, second = org.items(org.read(salesforce))[:2]
    assert isinstance(first, Item)
    assert first.external_id == FIRST_ID
    assert first.fields == {
        "title": "Bela Okafor",
        "source_modified_at": datetime(2026, 3, 1, 0, 1, tzinfo=UTC),
        "data": {
            "Id": FIRST_ID,
            "SystemModstamp": "2026-03-01T00:01:00.000+0000",
            "Email": "contact-1@example.org",
            "Account": {"Name": "Night Trains Ltd"},
            "Name": "Bela Okafor",
        },
    }
    assert isinstance(second, Item)
    assert second.fields["data"]["Account"] is None


@pytest.mark.parametrize(
    ("field", "title"), [("Account.Name", "Night Trains Ltd"), ("", ""), (None, ""), ("Phone", "")]
)
def test_the_title_is_the_field_in_the_options(salesforce: Service, field: Any, title: str) -> None:
    salesforce.options |= {"title_field": field}
    first = org.items(org.read(salesforce))[0]
    assert isinstance(first, Item)
    assert first.fields["title"] == title


def test_deleted_records_are_left_out(salesforce: Service) -> None:
    found = {item.external_id for item in org.items(org.read(salesforce))}
    assert f"003SB{DELETED_EVERY:010d}AAA" not in found


def test_a_condition_narrows_the_stream(salesforce: Service) -> None:
    salesforce.options |= {"where": " Email = 'contact-3@example.org' "}
    assert [item.external_id for item in org.items(org.read(salesforce))] == ["003SB0000000003AAA"]


def test_what_changed_is_read_as_it_is_in_a_full_reading_and_what_was_deleted_is_gone(salesforce: Service) -> None:
    everything = {item.external_id: item for item in org.items(org.read(salesforce)) if isinstance(item, Item)}
    pages = org.read(salesforce, {"since": "2026-03-01T07:00:00+00:00"})
    changed = [item for item in org.items(pages) if isinstance(item, Item)]
    since = datetime(2026, 3, 1, 7, tzinfo=UTC)
    later = [key for key, item in everything.items() if item.fields["source_modified_at"] >= since]
    assert [item.external_id for item in changed] == later
    assert "003SB0000000420AAA" in later
    assert "003SB0000000419AAA" not in later
    assert all(item.fields == everything[item.external_id].fields for item in changed)
    gone = [item.external_id for item in org.items(pages) if isinstance(item, Gone)]
    assert gone == [f"003SB0000000{number:03}AAA" for number in (90, 180, 270, 360, 450)]
    assert {page.position["since"] for page in pages} == {"2026-03-01T07:00:00+00:00"}


def test_a_condition_holds_for_what_changed_too(salesforce: Service) -> None:
    salesforce.options |= {"where": "LastName = 'Silva'"}
    found = org.items(org.read(salesforce, {"since": "2026-03-01T07:00:00+00:00"}))
    names = [item.fields["title"] for item in found if isinstance(item, Item)]
    assert names
    assert all(name.endswith("Silva") for name in names)


def test_a_run_copies_every_record(salesforce: Service) -> None:
    salesforce.options |= {"where": "LastName = 'Silva'"}
    salesforce.save()
    run = ops.sync(salesforce.streams.get(), SyncRun.Trigger.COMMAND)
    tasks.run_sync(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.failure_message, run.rejected) == ("succeeded", "", 0)
    assert Record.objects.count() == run.created > 50
    assert set(Record.objects.values_list("title", flat=True)) >= {"Chidi Silva"}


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        ({"where": "WHERE Email = 'x'"}, Code.HTTP_ERROR, "“Condition” must be SOQL"),
        ({"fields": "Nme"}, Code.HTTP_ERROR, "No such column 'Nme' on entity 'Contact'. Correct the names of fields"),
        ({"object": "Contcat"}, Code.HTTP_ERROR, "'Contcat' is not supported. Correct “Object”"),
        ({"version": "v99.0"}, Code.NOT_FOUND, "There is no such API version"),
        ({"version": "67.0"}, Code.NOT_SENDABLE, "“67.0” is no API version: write it like v67.0."),
        ({"version": "v67.0/../../x"}, Code.NOT_SENDABLE, "is no API version"),
        ({"object": "Contact WHERE Id != null"}, Code.NOT_SENDABLE, "is no API name"),
        ({"fields": "Name FROM Account --"}, Code.NOT_SENDABLE, "is no API name of a field"),
        ({"fields": "Name,Ürgröße"}, Code.NOT_SENDABLE, "“Ürgröße” is no API name of a field"),
        ({"title_field": "A..B"}, Code.NOT_SENDABLE, "“A..B” is no API name of a field"),
    ],
)
def test_an_option_that_is_wrong_is_told_with_the_mend(
    salesforce: Service, options: dict[str, str], code: Code, sentence: str
) -> None:
    salesforce.options |= options
    error = org.failure(salesforce, lambda client: list(client.list_records({})))
    assert error.code is code
    assert sentence in str(error)
    assert "\n" not in str(error)


def test_a_cursor_that_salesforce_forgot_is_told(salesforce: Service) -> None:
    gone = {"at": "v67.0/query/0r8GONE-2000"}
    error = org.failure(salesforce, lambda client: list(client.query("SELECT Id FROM Contact", gone)))
    assert error.code is Code.TRUNCATED
    assert str(error).endswith(
        "invalid query locator. Salesforce keeps the rest of a list for two days, "
        "and this one is gone: a new run begins anew."
    )


@pytest.mark.parametrize("name", ["O'Neil", "back\\slash", "\\' OR Id != '", 'quo"te', "%_"])
def test_a_text_is_found_whatever_it_holds(salesforce: Service, name: str) -> None:
    key = f"find-{uuid.uuid4()}"
    with client_of(salesforce) as client:
        written = client.upsert("Contact", EXTERNAL, key, {"LastName": "Findable", "Email": name})
        found = org.rows(client.find("Contact", "Email", name))
    assert [row["Id"] for row in found] == [written.id]


def test_a_text_cannot_leave_its_quotes() -> None:
    assert soql.literal("a'b\\c\nd") == r"'a\'b\\c\nd'"


def test_an_upsert_creates_then_changes_and_twice_is_as_good_as_once(salesforce: Service) -> None:
    key = f"a/b c%2F?#{uuid.uuid4()}"
    with client_of(salesforce) as client:
        first = client.upsert("Contact", EXTERNAL, key, {"LastName": "Written"})
        again = [client.upsert("Contact", EXTERNAL, key, {"Email": "new@example.org"}) for _ in range(2)]
        found = org.rows(client.find("Contact", EXTERNAL, key, ("Id", "Name", "Email")))
    assert first.created
    assert {(each.id, each.created) for each in again} == {(first.id, False)}
    assert [(row["Name"], row["Email"]) for row in found] == [("Written", "new@example.org")]


@pytest.mark.parametrize(
    ("work", "code", "sentence"),
    [
        (lambda c: c.upsert("Contact", EXTERNAL, SHARED_BY_TWO, {"LastName": "x"}), Code.CONFLICT, "^2 records at Sal"),
        (lambda c: c.upsert("Contact", EXTERNAL, "new", {"Email": "x"}), Code.HTTP_ERROR, r"missing: \[LastName\]"),
        (lambda c: c.upsert("Contact", EXTERNAL, "new", {"Shoe__c": 1}), Code.HTTP_ERROR, "No such column 'Shoe__c'"),
        (lambda c: c.upsert("Contact", "Shoe__c", "new", {"LastName": "x"}), Code.NOT_FOUND, "external id field"),
        (lambda c: c.upsert("Con/tact", EXTERNAL, "new", {}), Code.NOT_SENDABLE, "“Con/tact” is no API name"),
        (lambda c: c.upsert("Contact", EXTERNAL, "..", {}), Code.NOT_SENDABLE, "cannot be an external id"),
        (lambda c: c.upsert("Contact", EXTERNAL, "", {}), Code.NOT_SENDABLE, "cannot be an external id"),
    ],
)
def test_a_write_that_is_refused_says_why(
    salesforce: Service, work: Callable[[Client], object], code: Code, sentence: str
) -> None:
    error = org.failure(salesforce, work)
    assert error.code is code
    assert re.search(sentence, str(error))


def test_a_record_that_stays_locked_is_a_conflict_after_four_tries(salesforce: Service, no_pauses: None) -> None:
    error = org.failure(salesforce, lambda client: client.upsert("Contact", EXTERNAL, LOCKED, {"Email": "x@y.example"}))
    assert error.code is Code.CONFLICT
    assert "Somebody else is writing the same record" in str(error)
    assert [operation for operation, _ in org.made_calls()] == ["fetch_token", *["upsert"] * 4]


def test_a_lock_that_is_let_go_is_waited_for(db: None, remote: ScriptedServer, no_pauses: None) -> None:
    written = {"id": FIRST_ID, "success": True, "errors": [], "created": True}
    with org.scripted(remote, org.refused(400, "UNABLE_TO_LOCK_ROW"), org.said(written, 201)) as client:
        assert client.upsert("Contact", "Key__c", "a b/c", {"LastName": "x"}).created
    assert {asked.target for asked in remote.asked[1:]} == {f"{org.DATA}/sobjects/Contact/Key__c/a%20b%2Fc"}
    assert {(asked.method, asked.body) for asked in remote.asked[1:]} == {("PATCH", b'{"LastName": "x"}')}


def test_deleted_records_are_listed_and_can_still_be_read(salesforce: Service) -> None:
    now = datetime.now(UTC)
    with client_of(salesforce) as client:
        found = client.get_deleted("Contact", now - timedelta(days=29), now)
        fresh = client.get_deleted("Contact", now - timedelta(hours=1), now)
        kept = org.rows(client.query_all("SELECT Id, IsDeleted FROM Contact WHERE IsDeleted = TRUE ORDER BY Id"))
    assert {row.id for row in found.rows} == {row["Id"] for row in kept}
    assert len(kept) == CONTACTS // DELETED_EVERY
    assert all(row.deleted_at < now for row in found.rows)
    assert fresh.rows == ()
    assert now - timedelta(seconds=2) < found.covered_until <= now


def test_a_span_that_is_too_long_ago_is_refused(salesforce: Service) -> None:
    now = datetime.now(UTC)
    error = org.failure(salesforce, lambda client: client.get_deleted("Contact", now - timedelta(days=40), now))
    assert "within 30 days" in str(error)


def test_limits_and_versions(salesforce: Service) -> None:
    with client_of(salesforce) as client:
        assert client.check_health() == "4,982 of 5,000 API calls left today."
        assert client.limits()["DataStorageMB"].maximum == 5
        assert client.list_versions()[-1] == "v67.0"
    state = Service.objects.get(pk=salesforce.pk).state
    assert (state.quota_left, state.quota_limit) == (4982, 5000)
