"""GitHub: its limits, its refusals, and its deliveries in words."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from integrations import credentials, ops, tasks
from integrations.connections import client_for
from integrations.models import Call, HealthCheck, Service
from integrations.recorder import Cause
from integrations.systems.deliveries import Delivery, Identity
from integrations.systems.github import webhook
from integrations.systems.github.sandbox import REVOKED
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked
from tests.calling import seconds_until
from tests.systems.examples import Write
from tests.transport.server import Reply, ScriptedServer
from tests.webhooks.conftest import PUSH, files


def signed_delivery(secrets: Mapping[str, str]) -> Delivery:
    """For the contract tests: as GitHub sends it."""
    signature = hmac.new(secrets["webhook_secret"].encode(), PUSH, hashlib.sha256).hexdigest()
    return Delivery(
        {
            "x-hub-signature-256": f"sha256={signature}",
            "x-github-event": "push",
            "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
            "content-type": "application/json",
        },
        PUSH,
    )


def commit(client: Any) -> None:
    """A new file, taken away again."""
    path = f"drafts/{uuid.uuid4()}.md"
    made = client.commit_file(path, b"A draft.\n", "Begin")
    client.delete_file(path, made.content_sha, "End")


def delete(client: Any) -> None:
    """A file that may be left of the last time."""
    made = client.commit_file("drafts/left.md", b"Left.\n", "Begin")
    client.delete_file("drafts/left.md", made.content_sha, "End")


WRITES = {"commit_file": Write("PUT", commit, once=False), "delete_file": Write("DELETE", delete, once=False)}


def health(service: Service) -> str:
    with client_for(service, Cause("command", uuid.uuid4()), attempts=1) as client:
        return client.check_health()


@pytest.mark.parametrize(("token", "limit"), [("", "59 of 60"), ("good", "4,999 of 5,000")])
def test_health_says_what_is_left_of_the_limit(github: Service, token: str, limit: str) -> None:
    credentials.store(github, "token", token)
    assert health(github).startswith(f"{limit} calls left until ")


def test_a_revoked_token_is_told_with_the_mend(github: Service) -> None:
    credentials.store(github, "token", REVOKED)
    check = ops.check(github, HealthCheck.Trigger.COMMAND)
    tasks.check_health(str(check.pk))
    check.refresh_from_db()
    assert (check.state, check.failure_code) == ("failed", "auth_failed")
    assert check.failure_message.startswith("It answered 401: Bad credentials. Check the credentials")
    assert Call.objects.get().request_bytes == 0


def test_github_is_asked_as_its_documentation_wants(github: Service, remote: ScriptedServer) -> None:
    credentials.store(github, "token", "good")
    github.base_url = remote.url
    with pytest.raises(CallError, match=r"resources\.core"):
        health(github)
    asked = remote.asked[0]
    assert (asked.method, asked.target) == ("GET", "/rate_limit")
    assert asked.headers["user-agent"].startswith("django-operations-console/")
    assert asked.headers["accept"] == "application/vnd.github+json"
    assert asked.headers["x-github-api-version"] == "2022-11-28"
    assert asked.headers["authorization"] == "Bearer good"


@pytest.mark.parametrize("core", [{}, {"remaining": 1}, {"remaining": "x", "limit": 1, "reset": 1}, [], None])
def test_a_limit_that_is_none_is_an_unreadable_answer(github: Service, remote: ScriptedServer, core: Any) -> None:
    github.base_url = remote.url
    remote.answers(Reply(body=json.dumps({"resources": {"core": core}}).encode()))
    with pytest.raises(CallError) as failure:
        health(github)
    assert failure.value.code is Code.BAD_ANSWER


@pytest.mark.parametrize("reset", [1507651200000, 10**30])
def test_a_reset_that_lies_is_no_crash(github: Service, remote: ScriptedServer, reset: int) -> None:
    github.base_url = remote.url
    core = {"remaining": 1, "limit": 2, "reset": reset}
    remote.answers(Reply(body=json.dumps({"resources": {"core": core}}).encode()))
    with pytest.raises(CallError) as failure:
        health(github)
    assert failure.value.code is Code.BAD_ANSWER


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"}),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"}),
        (403, {"Retry-After": "60"}),
        (429, {"Retry-After": "60"}),
    ],
)
def test_a_used_up_limit_parks(
    github: Service, remote: ScriptedServer, status: int, headers: Mapping[str, str]
) -> None:
    github.base_url = remote.url
    remote.answers(Reply(status, b'{"message": "API rate limit exceeded"}', tuple(headers.items())))
    with pytest.raises(Parked, match="API rate limit exceeded"):
        health(github)
    assert Call.objects.get().code == "rate_limited"


@pytest.mark.parametrize("status", [403, 429])
def test_a_secondary_limit_without_a_header_parks_everybody_for_a_minute(
    github: Service, remote: ScriptedServer, status: int
) -> None:
    Service.objects.update(base_url=remote.url)
    github.base_url = remote.url
    headers = (("X-RateLimit-Remaining", "4999"), ("X-RateLimit-Reset", "99999999999"))
    remote.answers(Reply(status, b'{"message": "You have exceeded a secondary rate limit."}', headers))
    with pytest.raises(Parked, match="secondary rate limit"):
        health(github)
    assert Call.objects.get().code == "rate_limited"
    assert seconds_until("limited_until") > 30
    with pytest.raises(Parked, match="asked for a pause"):
        health(github)
    assert len(remote.asked) == 1


def test_health_names_the_repository(github: Service) -> None:
    github.options = {"repository": "octo-org/essays"}
    assert health(github).endswith(" UTC. Repository: octo-org/essays.")
    assert Call.objects.count() == 1


def test_a_server_without_limits_is_healthy(github: Service, remote: ScriptedServer) -> None:
    github.base_url = f"{remote.url}/api/v3"
    remote.answers(Reply(404, b'{"message": "Rate limiting is not enabled."}'))
    assert health(github) == "This server limits no calls."
    assert remote.asked[0].target == "/api/v3/rate_limit"


@pytest.mark.parametrize("body", [b"<html>", b'{"message": "Not Found"}', b"[]", b"5"])
def test_a_wrong_address_is_not(github: Service, remote: ScriptedServer, body: bytes) -> None:
    github.base_url = remote.url
    remote.answers(Reply(404, body))
    with pytest.raises(CallError) as failure:
        health(github)
    assert failure.value.code is Code.NOT_FOUND


def test_a_forbidden_resource_is_not_a_rate_limit(github: Service, remote: ScriptedServer) -> None:
    github.base_url = remote.url
    headers = (("X-RateLimit-Remaining", "4999"), ("X-RateLimit-Reset", "99999999999"))
    remote.answers(Reply(403, b'{"message": "Resource not accessible by integration"}', headers))
    with pytest.raises(CallError, match="not accessible") as failure:
        health(github)
    assert failure.value.code is Code.FORBIDDEN


def told(kind: str, body: bytes) -> str:
    return webhook.handle(webhook.identify(Delivery({"x-github-event": kind}, body)))


def test_every_real_payload_is_told_in_a_sentence(shared_data: Path) -> None:
    sentences = {}
    for path in files(shared_data / "github-webhooks"):
        kind = path.name.partition(".")[0].partition("-")[0]
        sentences[path.name] = told(kind, path.read_bytes())
    assert [name for name, sentence in sentences.items() if not sentence or "None" in sentence or "{" in sentence] == []
    assert sentences["star.created-0.json"] == "star created in Codertocat/Hello-World"
    assert sentences["push-0.json"] == "Codertocat pushed the tag simple-tag to Codertocat/Hello-World"


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({"ref": "refs/heads/a/b", "commits": [1, 2], "pusher": {"name": "p"}}, "p pushed 2 commits to a/b of "),
        ({"ref": "refs/heads/x", "commits": [1], "pusher": None}, "somebody pushed 1 commit to x of "),
        ({"ref": "refs/heads/x", "after": "0" * 40, "pusher": {"name": "p"}}, "p deleted x of "),
        ({}, "somebody pushed 0 commits to  of "),
    ],
)
def test_a_push_is_told_with_who_and_where(payload: Mapping[str, Any], sentence: str) -> None:
    assert told("push", json.dumps(payload).encode()) == f"{sentence}an organisation"


@pytest.mark.parametrize("payload", [[], "text", 5, None, {"repository": None}])
def test_a_payload_of_another_shape_is_told_too(payload: Any) -> None:
    assert webhook.handle(Identity("1", "ping", payload)) == "ping in an organisation"
