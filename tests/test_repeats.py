"""Call again: the same question once more, over a real socket, and the sentence where that makes no sense."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations import credentials, ops, repeats, settling, systems, tasks
from integrations.models import Call, CallRepeat, Service
from integrations.repeatable import SAFE
from integrations.systems.auth import ApiKey
from tests.recorded import recorded
from tests.transport.server import Reply, ScriptedServer
from tests.worker import make_due, queued, work_off

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def service(cms: Service, remote: ScriptedServer) -> Service:
    Service.objects.update(base_url=f"{remote.url}/base", max_attempts=2)
    cms.refresh_from_db()
    return cms


def made_again(call: Call, actor: User | None = None) -> CallRepeat:
    repeat = ops.repeat(call, actor)
    work_off()
    repeat.refresh_from_db()
    return repeat


def refusal(call: Call) -> str:
    with pytest.raises(ops.Impossible) as refused:
        ops.repeat(call)
    assert not CallRepeat.objects.exists()
    assert queued() == []
    return str(refused.value)


@pytest.mark.parametrize("method", sorted(SAFE))
def test_the_same_is_asked_once_more_for_the_same_story(
    service: Service, remote: ScriptedServer, operator: User, method: str
) -> None:
    before = recorded(service, method=method, url=f"{service.base_url}/things/?a=[1]&b=x+%2B&flag=")
    repeat = made_again(before, operator)
    assert [(asked.method, asked.target) for asked in remote.asked] == [
        (method, "/base/things/?a=%5B1%5D&b=x+%2B&flag=")
    ]
    assert (repeat.state, repeat.actor, repeat.correlation_id) == ("succeeded", operator, before.correlation_id)
    made = Call.objects.exclude(pk=before.pk).get()
    assert repeats.made_by(repeat) == made
    assert (made.operation, made.method, made.url) == (before.operation, method, before.url)
    assert (made.trigger, made.actor, made.correlation_id) == ("staff", operator, before.correlation_id)


def test_an_answer_need_not_be_json(service: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(body=b"<p>fine</p>", content_type="text/html"))
    assert made_again(recorded(service)).state == "succeeded"


def test_from_the_command_line_nobody_is_named(service: Service) -> None:
    before = recorded(service)
    repeat = made_again(before)
    made = repeats.made_by(repeat)
    assert made
    assert (made.trigger, made.actor) == ("command", None)


def test_what_fails_says_why_and_leads_to_its_last_attempt(service: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(503, b'{"message": "down"}'))
    repeat = made_again(recorded(service))
    made = repeats.made_by(repeat)
    assert made
    assert (repeat.state, repeat.failure_code, made.attempt) == ("failed", "server_error", 2)
    assert repeat.failure_message.startswith("It answered 503: down. Try again later;")


def test_a_long_wait_parks_it_and_it_goes_on_by_itself(service: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(429, headers=(("Retry-After", "50"),)), Reply())
    repeat = made_again(recorded(service))
    assert (repeat.state, repeat.lease_until) == ("parked", None)
    assert timezone.now() + timedelta(seconds=30) < repeat.due_at < timezone.now() + timedelta(seconds=51)
    assert repeat.failure_message.endswith("Goes on by itself.")
    service.state.__class__.objects.update(limited_until=None)
    make_due(repeat)
    tasks.repeat_call(str(repeat.pk))
    repeat.refresh_from_db()
    assert (repeat.state, repeat.failure_message) == ("succeeded", "")


def test_a_remote_that_always_asks_for_one_more_pause_is_given_up(service: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(429, headers=(("Retry-After", "50"),)))
    repeat = made_again(recorded(service))
    for _ in range(settling.MOST_CLAIMS - 1):
        make_due(repeat)
        tasks.repeat_call(str(repeat.pk))
    repeat.refresh_from_db()
    assert (repeat.state, repeat.failure_code) == ("failed", "rate_limited")
    assert "The console asked 5 times." in repeat.failure_message


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "get"])
def test_what_may_change_something_is_not_repeated(service: Service, method: str) -> None:
    assert refusal(recorded(service, method=method)) == (
        f"A {method} may change things at Articles: only calls that read are made again here."
    )


def test_a_service_that_is_off_is_not_asked(service: Service) -> None:
    call = recorded(service)
    Service.objects.update(enabled=False)
    assert refusal(Call.objects.get(pk=call.pk)) == "Articles is switched off. Enable the service first."


def test_an_address_that_held_a_secret_cannot_be_asked(service: Service) -> None:
    call = recorded(service, url=f"{service.base_url}/x?key=[redacted]&a=1")
    assert refusal(call).startswith("Its address held a secret, which was not stored.")


def test_a_key_in_the_address_is_left_to_the_signing(
    service: Service, remote: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = replace(systems.get("cms"), auth=ApiKey("token", query="api key"))
    monkeypatch.setattr(systems, "all_systems", lambda: {"cms": declared})
    credentials.store(service, "token", "secret-of-now")
    before = recorded(service, url=f"{service.base_url}/x?a=1&api+key=[redacted]")
    repeat = made_again(before)
    assert [asked.target for asked in remote.asked] == ["/base/x?a=1&api+key=secret-of-now"]
    made = repeats.made_by(repeat)
    assert made
    assert made.url == before.url
    with pytest.raises(ops.Impossible, match="Its address held a secret"):
        ops.repeat(recorded(service, url=f"{service.base_url}/x?api+key=[redacted]&sig=[redacted]"))


def test_an_address_that_was_cut_cannot_be_asked(service: Service) -> None:
    url = f"{service.base_url}/?{'x' * 2000}"[:2000]
    assert refusal(recorded(service, url=url)).startswith("Its address was too long to be stored whole.")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/base/x",
        "https://evil.example/base/x",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "nonsense",
        "",
    ],
)
def test_another_place_than_the_services_is_not_asked(service: Service, url: str) -> None:
    assert refusal(recorded(service, url=url)).startswith("It went to another address than Articles has now")


def test_an_address_beside_the_base_of_the_same_origin_is_asked(service: Service, remote: ScriptedServer) -> None:
    assert made_again(recorded(service, url=f"{remote.url}/elsewhere/?page=2")).state == "succeeded"
    assert [asked.target for asked in remote.asked] == ["/elsewhere/?page=2"]


def test_what_became_impossible_since_it_was_asked_for_is_not_done(service: Service, remote: ScriptedServer) -> None:
    repeat = ops.repeat(recorded(service))
    Service.objects.update(base_url="http://127.0.0.1:1/")
    work_off()
    repeat.refresh_from_db()
    assert (repeat.state, remote.asked) == ("failed", [])
    assert repeat.failure_message.startswith("It went to another address")


def test_two_at_a_time_are_refused_and_one_after_the_other_is_not(service: Service) -> None:
    call = recorded(service)
    ops.repeat(call)
    with pytest.raises(ops.Impossible, match="is being made again already"):
        ops.repeat(call)
    work_off()
    assert made_again(call).state == "succeeded"
    assert CallRepeat.objects.count() == 2


def test_a_repeat_that_no_worker_has_begun_has_made_nothing(service: Service) -> None:
    assert repeats.made_by(ops.repeat(recorded(service))) is None


def test_another_call_of_the_same_story_is_not_taken_for_the_repeat(service: Service, operator: User) -> None:
    before = recorded(service)
    repeat = made_again(before, operator)
    same = {"correlation_id": before.correlation_id, "trigger": "staff", "actor": operator}
    recorded(service, **same, url=f"{service.base_url}/other", started_at=repeat.finished_at)
    recorded(service, **same)
    made = repeats.made_by(repeat)
    assert made
    assert made.url == before.url
    assert made.started_at <= (repeat.finished_at or made.started_at)


def test_what_a_database_was_asked_is_not_asked_again(service: Service) -> None:
    call = recorded(service, method="SELECT", url="postgresql://db.example:5432/old")
    assert refusal(call) == "What a database was asked is not asked again here. Start what asked it instead."
