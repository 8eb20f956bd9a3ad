"""Salesforce: both ways to sign in, sessions that end, and the instance that calls go to."""

from __future__ import annotations

import pytest

from integrations import credentials
from integrations.models import Service
from integrations.systems.salesforce import sandbox
from integrations.transport.codes import Code
from tests.peers.authorization_server import PEM
from tests.systems import salesforce_org as org
from tests.systems.contract import client_of
from tests.transport.server import ScriptedServer

LIMITS = {"DailyApiRequests": {"Max": 5000, "Remaining": 1}}
LEFT = "1 of 5,000 API calls left today."


@pytest.fixture
def salesforce(db: None, sandbox_url: str) -> Service:
    return org.service(sandbox_url)


def health(service: Service) -> str:
    with client_of(service) as client:
        return str(client.check_health())


@pytest.mark.parametrize("audience", ["https://login.salesforce.com", "https://test.salesforce.com"])
def test_an_assertion_lets_in(salesforce: Service, audience: str) -> None:
    salesforce.options |= {"audience": audience}
    org.use_key(salesforce, PEM)
    assert health(salesforce).endswith("left today.")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"username": "nobody@example.org"}, "user hasn't approved this consumer"),
        ({"consumer_key": "other"}, "client identifier invalid"),
    ],
)
def test_an_assertion_that_is_refused_says_why(salesforce: Service, options: dict[str, str], sentence: str) -> None:
    salesforce.options |= options
    org.use_key(salesforce, PEM)
    assert str(org.failure(salesforce, lambda client: client.check_health())) == (
        f"Signing in failed: It answered 400: {sentence}."
    )


@pytest.mark.parametrize(
    ("options", "secret", "sentence"),
    [
        ({}, "wrong", "Signing in failed: It answered 400: invalid client credentials."),
        ({"consumer_key": "wrong"}, "any", "Signing in failed: It answered 400: client identifier invalid."),
        ({"consumer_key": ""}, "any", "There is no “Consumer key” yet: enter it at the service."),
        ({"consumer_key": None}, "", "There is no “Consumer key” and “Consumer secret” yet: enter it at the service."),
    ],
)
def test_an_account_that_is_refused_says_why(
    salesforce: Service, options: dict[str, str], secret: str, sentence: str
) -> None:
    salesforce.options |= options
    credentials.store(salesforce, "consumer_secret", secret)
    assert str(org.failure(salesforce, lambda client: client.check_health())) == sentence


def test_a_session_that_ended_is_renewed_once(salesforce: Service) -> None:
    with client_of(salesforce) as client:
        client.check_health()
        sandbox.org.sessions.clear()
        client.upsert("Contact", "Legacy_Id__c", "renewed", {"LastName": "Renewed"})
    assert org.made_calls() == [
        ("fetch_token", "ok"),
        ("limits", "ok"),
        ("upsert", "auth_failed"),
        ("fetch_token", "ok"),
        ("upsert", "ok"),
    ]


def test_a_new_session_that_is_refused_too_is_told(db: None, remote: ScriptedServer) -> None:
    over = org.refused(401, "INVALID_SESSION_ID", "Session expired or invalid")
    error = org.failure(remote, lambda client: client.check_health(), over, org.token(remote), over)
    assert error.code is Code.AUTH_FAILED
    assert "Salesforce refused a new token too: check the IP ranges" in str(error)
    assert len(remote.asked) == 4


def test_another_401_does_not_sign_in_again(db: None, remote: ScriptedServer) -> None:
    error = org.failure(remote, lambda client: client.check_health(), org.refused(401, "INVALID_AUTH_HEADER"))
    assert error.code is Code.AUTH_FAILED
    assert len(remote.asked) == 2


def test_all_calls_go_to_the_instance_next_pages_too(db: None, remote: ScriptedServer) -> None:
    more = {"totalSize": 2, "done": False, "nextRecordsUrl": f"{org.DATA}/query/0r8A-1", "records": [{"Id": "1"}]}
    last = {"totalSize": 2, "done": True, "records": [{"Id": "2"}]}
    with ScriptedServer() as instance:
        instance.answers(org.said(more), org.said(last), org.said(LIMITS))
        with org.scripted(remote) as client:
            remote.answers(org.token(instance))
            assert [row["Id"] for row in org.rows(client.query("SELECT Id FROM Contact"))] == ["1", "2"]
            assert client.check_health() == LEFT
    assert [asked.target for asked in remote.asked] == ["/services/oauth2/token"]
    assert [asked.target for asked in instance.asked] == [
        f"{org.DATA}/query?q=SELECT+Id+FROM+Contact",
        f"{org.DATA}/query/0r8A-1",
        f"{org.DATA}/limits",
    ]
    assert {asked.headers["authorization"] for asked in instance.asked} == {"Bearer 00D!first"}
    assert {asked.headers.get("sforce-query-options") for asked in instance.asked[:2]} == {"batchSize=200"}


def test_the_token_is_asked_for_as_documented(db: None, remote: ScriptedServer) -> None:
    with org.scripted(remote, org.said(LIMITS)) as client:
        assert client.check_health() == LEFT
    asked = remote.asked[0]
    assert (asked.method, asked.headers["content-type"]) == ("POST", "application/x-www-form-urlencoded")
    assert asked.body.decode() == (
        "grant_type=client_credentials&client_id=sandbox-consumer-key&client_secret=not-a-real-consumer-secret"
    )
