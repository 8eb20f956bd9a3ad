"""Any service may receive: every scheme through its address, its handshakes, its bounds, and who may choose it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from integrations import credentials, ops, tasks
from integrations.models import RefusedDelivery, Service, SettingsChange, WebhookEvent
from integrations.settings_history import watched
from integrations.systems import receiving_options
from integrations.webhooks import intake, receivers

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
SCHEMES = {
    **{name: {} for name in ("github", "standard", "svix", "stripe", "shopify", "slack", "gitlab", "ghost", "meta")},
    "gitlab_signed": {},
    "hmac": {"hook_header": "X-Sig", "hook_algorithm": "sha512", "hook_encoding": "base64", "hook_prefix": "v9="},
    "token": {"hook_header": "X-Token"},
    "bearer": {},
    "basic": {},
    "certificate": {"hook_header": "X-Client-Fingerprint"},
    "none": {},
}
BODY = b'{"type": "lamp.lit", "id": "evt_1"}'
Make = Callable[..., Service]


@pytest.fixture
def service(db: None) -> Make:
    def make(scheme: str, **more: Any) -> Service:
        options = {"hook_scheme": scheme, **SCHEMES.get(scheme, {}), **more}
        made = Service.objects.create(
            slug="any", name="Any", system="rest", base_url="https://x.example", options=options
        )
        credentials.store(made, "webhook_secret", SECRET)
        return made

    return make


def post(service: Service, body: bytes = BODY, secret: str = SECRET, delivery_id: str = "d-1", **more: Any) -> Any:
    receiver = receivers.of_service(service)
    assert receiver
    headers = receiver.sender.scheme.sign(body, secret, delivery_id, time.time())
    if receiver.sender.id_header:
        headers.setdefault(receiver.sender.id_header, delivery_id)
    sent = {**headers, **more.pop("headers", {})}
    return Client(raise_request_exception=False).post(
        "/hooks/any/", body, content_type="application/json", headers=sent, **more
    )


def test_every_scheme_that_is_offered_is_tried_here() -> None:
    offered = {value for value, _ in receiving_options.OPTIONS[0].choices} - {"off"}
    assert set(SCHEMES) == offered


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_delivery_is_believed_stored_and_processed(service: Make, settings: Settings, scheme: str) -> None:
    settings.TRUSTED_PROXIES = (ip_network("127.0.0.0/8"),)
    assert post(service(scheme)).status_code == 200
    event = WebhookEvent.objects.get()
    assert (bytes(event.body), event.body_is, event.parsed) == (BODY, "json", json.loads(BODY))
    assert SECRET not in str(event.headers)
    tasks.process_event(str(event.pk))
    event.refresh_from_db()
    assert event.state == "succeeded", event.failure_message


@pytest.mark.parametrize("scheme", [name for name in SCHEMES if name != "none"])
def test_another_secret_is_refused_and_the_delivery_kept(service: Make, settings: Settings, scheme: str) -> None:
    settings.TRUSTED_PROXIES = (ip_network("127.0.0.0/8"),)
    answer = post(service(scheme), secret="whsec_b3RoZXI=")
    assert (answer.status_code, answer.content) == (400, b"Refused.\n")
    refused = RefusedDelivery.objects.get()
    assert (refused.cause, bytes(refused.body)) == ("wrong", BODY)
    assert "b3RoZXI" not in str(refused.headers)


def test_the_certificate_header_counts_from_a_trusted_proxy_alone(service: Make) -> None:
    assert post(service("certificate")).status_code == 400
    assert RefusedDelivery.objects.get().cause == "round_the_proxy"


def test_a_service_that_is_set_to_receive_nothing_has_no_address(service: Make) -> None:
    service("off")
    assert Client().post("/hooks/any/", BODY, content_type="application/json").status_code == 404


def test_slack_gets_its_challenge_back_once_it_is_signed(service: Make) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aB10FEMAGAZd4FyFQ"}).encode()
    slack = service("slack")
    assert post(slack, body).content == b"3eZbrw1aB10FEMAGAZd4FyFQ"
    assert post(slack, body, secret="another").status_code == 400
    assert not WebhookEvent.objects.exists()


def test_a_handshake_is_answered_with_the_right_token_alone(service: Make) -> None:
    meta = service("meta")
    credentials.store(meta, "webhook_verify_token", "let me in")
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "let me in"}
    answer = Client().get("/hooks/any/", asked)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (
        200,
        b"1158201444",
        "text/plain; charset=utf-8",
    )
    for wrong in ("", "let me", "é", "\x00"):
        assert Client().get("/hooks/any/", {**asked, "hub.verify_token": wrong}).status_code == 400
    credentials.remove(meta, "webhook_verify_token")
    assert Client().get("/hooks/any/", {**asked, "hub.verify_token": ""}).status_code == 400


def test_nobody_else_answers_a_handshake(service: Make) -> None:
    service("github")
    for address in ("/hooks/any/", "/hooks/unknown/"):
        assert Client().get(address, {"hub.challenge": "1"}).status_code == 405


@pytest.mark.parametrize(
    ("scheme", "state"), [("github", "held"), ("shopify", "held"), ("hmac", "queued"), ("token", "queued")]
)
def test_the_same_signed_body_under_another_id_is_held_back(service: Make, scheme: str, state: str) -> None:
    made = service(scheme, hook_id_header="x-id") if scheme == "token" else service(scheme, hook_id_path="id")
    for number in range(2):
        assert post(made, delivery_id=f"d-{number}").status_code == 200
    assert sorted(WebhookEvent.objects.values_list("state", flat=True)) == (
        ["queued"] if scheme == "hmac" else sorted(["queued", state])
    )


def test_a_held_delivery_says_why_and_rings_no_bell(service: Make) -> None:
    made = service("github")
    post(made, delivery_id="d-1")
    post(made, delivery_id="d-2")
    held = WebhookEvent.objects.get(state="held")
    assert held.get_held_because_display() == "suspected replay"
    Service.objects.update(allows_replays=True)
    post(made, delivery_id="d-3")
    assert WebhookEvent.objects.filter(state="queued").count() == 2


def test_an_id_that_is_left_out_does_not_hide_a_replay(service: Make) -> None:
    made = service("github")
    post(made)
    post(made, headers={"x-github-delivery": ""})
    assert sorted(WebhookEvent.objects.values_list("state", flat=True)) == ["held", "queued"]


def test_a_body_in_another_encoding_is_refused_and_said(service: Make) -> None:
    made = service("github")
    for encoding in ("gzip", "br", "x"):
        assert post(made, headers={"content-encoding": encoding}).status_code == 415
    assert post(made, headers={"content-encoding": "identity"}).status_code == 200
    assert (RefusedDelivery.objects.get().cause, RefusedDelivery.objects.get().times) == ("encoded", 3)


def test_what_is_too_large_is_refused_and_its_size_said(service: Make) -> None:
    assert post(service("github"), b'"' + b"a" * 1024 * 1024 + b'"').status_code == 413
    refused = RefusedDelivery.objects.get()
    assert (refused.cause, refused.size, refused.kept) == ("too_large", 1024 * 1024 + 2, 0)


def test_more_than_the_limit_a_minute_are_asked_to_come_again_and_staff_see_it(
    service: Make, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, now = service("github"), timezone.now().replace(second=20, microsecond=0)
    other = Service.objects.create(slug="other", name="Other", system="github")
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    Service.objects.update(deliveries_per_minute=2)
    for each in (made, other):
        each.refresh_from_db()
    assert [intake.wait_s(made) for _ in range(4)] == [0, 0, 40, 40]
    assert intake.wait_s(other) == 0
    assert "2 deliveries were asked to come again later (429)" in page_of(admin_client, made)
    now += timedelta(minutes=1)
    assert intake.wait_s(made) == 0
    now += timedelta(days=1)
    assert "come again later" not in page_of(admin_client, made)
    assert [intake.wait_s(made) for _ in range(3)] == [0, 0, 40]
    made.state.refresh_from_db()
    assert (made.state.turned_away, made.state.turned_away_since) == (1, now)


def test_who_is_turned_away_is_told_when_to_come(service: Make) -> None:
    made = service("github")
    Service.objects.update(deliveries_per_minute=1)
    answers = [post(made, b"%d" % number, delivery_id=str(number)) for number in range(3)]  # in two minutes at most
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert answers[0].status_code == 200
    assert 1 <= int(refused["Retry-After"]) <= 60


def page_of(client: Client, made: Service) -> str:
    return " ".join(client.get(made.get_absolute_url()).content.decode().split())


def test_a_delivery_starts_a_sync_where_staff_said_so(service: Make) -> None:
    made = service("github", hook_syncs=True)
    post(made)
    tasks.process_event(str(WebhookEvent.objects.get().pk))
    assert list(made.streams.exclude(touched_at=None).values_list("name", flat=True)) == ["records"]


def form_of(client: Client, made: Service) -> dict[str, Any]:
    page = client.get(reverse("admin:integrations_service_change", args=[made.pk]))
    form = page.context["adminform"].form
    found = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in found.items() if value not in {None, False}} | {"_continue": "1"}


def test_to_believe_everybody_needs_a_permission_of_its_own(service: Make, manager: User, admin_user: User) -> None:
    made = service("github")
    for person, expected in ((manager, "github"), (admin_user, "none")):
        client = Client()
        client.force_login(person)
        answer = client.post(
            reverse("admin:integrations_service_change", args=[made.pk]),
            {**form_of(client, made), "option__hook_scheme": "none"},
        )
        made.refresh_from_db()
        assert made.options["hook_scheme"] == expected, answer.content
    page = client.get(reverse("admin:integrations_service_change", args=[made.pk])).content.decode()
    assert "Everybody is believed" in page


def test_a_rollback_is_no_way_round_that_permission(service: Make, manager: User) -> None:
    made = service("none")
    with watched(made, None, SettingsChange.How.COMMAND):
        Service.objects.update(options={"hook_scheme": "github"})
    with pytest.raises(ops.Impossible, match="permission of its own"):
        ops.roll_back(SettingsChange.objects.get(), SettingsChange.How.ADMIN, manager)
