"""What is refused is kept within bounds, told apart by the doctor, and processed once the cause is mended."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations import credentials, ops, retention
from integrations.models import BulkOperation, Credential, RefusedDelivery, Service, WebhookEvent
from integrations.systems.deliveries import Delivery
from integrations.webhooks import doctor, receivers, refusals, stored_request
from integrations.webhooks.schemes import Signed
from integrations.webhooks.schemes.senders import GITHUB, SENDERS
from tests.admin.asking import SUBMITTED
from tests.conftest import WEBHOOK_SECRET
from tests.webhooks.conftest import PUSH, Send, sign
from tests.webhooks.test_bulk import work_off


def findings(service: Service, delivery: Delivery, at: float | None = None) -> list[str]:
    receiver = receivers.of_service(service)
    assert receiver
    return [
        finding.what
        for finding in doctor.examine(receiver, replace(delivery, options=receiver.options), at or time.time())
    ]


def delivery(body: bytes = PUSH, signature: str | None = None, **headers: str) -> Delivery:
    return Delivery({"x-hub-signature-256": sign(body) if signature is None else signature, **headers}, body)


Case = Callable[[], Delivery]
SICK: dict[str, tuple[Case, str]] = {
    "missing": (lambda: Delivery({}, PUSH), "The header x-hub-signature-256 is missing."),
    "another sender's": (
        lambda: Delivery({"stripe-signature": "t=1,v1=0"}, PUSH),
        "It has the header stripe-signature, as deliveries of “stripe” have.",
    ),
    "wrong secret": (
        lambda: delivery(signature=sign(PUSH, "nobody's")),
        "The signature does not fit the body and the webhook secret.",
    ),
    "secret with a line break": (
        lambda: delivery(signature=sign(PUSH, WEBHOOK_SECRET + "\n")),
        "It fits the secret with a blank or line break more or less.",
    ),
    "line break stripped": (
        lambda: delivery(signature=sign(PUSH + b"\n")),
        "The body was altered on its way: a line break at its end was taken away.",
    ),
    "line break added": (
        lambda: delivery(PUSH + b"\r\n", sign(PUSH)),
        "The body was altered on its way: line breaks or blanks were added at its ends.",
    ),
    "written anew": (
        lambda: delivery(json.dumps(json.loads(PUSH), separators=(",", ":")).encode(), sign(PUSH)),
        "The body was altered on its way: its JSON was written anew.",
    ),
    "base64": (
        lambda: delivery(signature=f"sha256={Signed('', encoding='base64').signature(WEBHOOK_SECRET.encode(), PUSH)}"),
        "The signature is written in base64 and not in hex.",
    ),
    "no prefix": (
        lambda: delivery(signature=sign(PUSH).removeprefix("sha256=")),
        "The signature fits, but sha256= is missing before it.",
    ),
    "capital letters": (
        lambda: delivery(signature=f"sha256={sign(PUSH)[7:].upper()}"),
        "The signature is written in capital letters.",
    ),
    "sha512": (
        lambda: delivery(signature=f"sha256={Signed('', algorithm='sha512').signature(WEBHOOK_SECRET.encode(), PUSH)}"),
        "It is signed with sha512 and not with sha256.",
    ),
}


@pytest.mark.parametrize(("sick", "expected"), SICK.values(), ids=SICK)
def test_the_doctor_says_what_is_wrong(github: Service, sick: Case, expected: str) -> None:
    found = findings(github, sick())
    assert expected in found
    assert found[0] == expected


def test_the_doctor_finds_the_service_whose_secret_it_is(github: Service) -> None:
    other = Service.objects.create(slug="other", name="Other", system="github", base_url="https://x.example")
    credentials.store(other, "webhook_secret", "of the other")
    assert (
        findings(github, delivery(signature=sign(PUSH, "of the other")))[0] == "It is signed with the secret of Other."
    )


def test_the_doctor_tells_a_wrong_clock(github: Service) -> None:
    Service.objects.update(system="rest", options={"hook_scheme": "stripe"})
    github.refresh_from_db()
    signed = Delivery(SENDERS["stripe"].scheme.sign(b"{}", WEBHOOK_SECRET, "", 1000), b"{}")
    assert findings(github, signed, 1000 + 720) == ["It was signed 12 min before it came; at most 5 min are allowed."]
    assert findings(github, signed, 1000) == ["It would be believed now."]


def test_looking_is_no_use_of_a_secret(github: Service) -> None:
    findings(github, delivery())
    assert Credential.objects.get(field="webhook_secret").last_used_at is None


def test_the_same_refused_again_is_counted(send: Send) -> None:
    for _ in range(3):
        send(HTTP_X_HUB_SIGNATURE_256=sign(PUSH, "wrong"))
    refused = RefusedDelivery.objects.get()
    assert (refused.cause, refused.times, bytes(refused.body)) == ("wrong", 3, PUSH)


def test_a_flood_drives_out_only_its_own_kind(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST", 5)
    send(HTTP_X_HUB_SIGNATURE_256=sign(PUSH, "wrong"))
    for number in range(12):
        send(b"%d" % number, HTTP_X_HUB_SIGNATURE_256=None)
    kept = RefusedDelivery.objects.order_by("pk")
    assert [bytes(row.body) for row in kept] == [PUSH, b"7", b"8", b"9", b"10", b"11"]


def test_a_flood_of_large_bodies_is_bounded_by_their_bytes(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST_BYTES", 2500)
    for number in range(6):
        send(b"%d" % number * 1000, HTTP_X_HUB_SIGNATURE_256=None)
    assert [row.kept for row in RefusedDelivery.objects.all()] == [1000, 1000]


def test_of_a_large_body_only_the_beginning_is_kept_and_nothing_is_made_of_it(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "LARGEST", 10)
    send(HTTP_X_HUB_SIGNATURE_256=sign(PUSH, "the next one"))
    refused = RefusedDelivery.objects.get()
    assert (bytes(refused.body), refused.size, refused.is_whole) == (PUSH[:10], len(PUSH), False)
    assert "only the beginning" in ops.verify_again(RefusedDelivery.objects.all()).refusals[0]


def test_what_is_old_is_forgotten(send: Send) -> None:
    for body, days in ((b"1", 31), (b"2", 29)):
        send(body, HTTP_X_HUB_SIGNATURE_256=None)
        when = timezone.now() - timedelta(days=days)
        RefusedDelivery.objects.filter(body_hash=RefusedDelivery.objects.latest("pk").body_hash).update(
            received_at=when
        )
    retention.forget_old_refusals()
    assert [bytes(row.body) for row in RefusedDelivery.objects.all()] == [b"2"]


def test_after_the_secret_is_mended_everything_that_waits_is_processed_once(send: Send, github: Service) -> None:
    for number in range(3):
        body = b'{"n": %d}' % number
        send(body, HTTP_X_HUB_SIGNATURE_256=sign(body, "the right one"), HTTP_X_GITHUB_DELIVERY=f"d-{number}")
    send(b"forged", HTTP_X_HUB_SIGNATURE_256=sign(PUSH, "nobody's"))
    everything = RefusedDelivery.objects.all()
    assert len(ops.verify_again(everything).refusals) == 4
    credentials.store(github, "webhook_secret", "the right one")
    body = b'{"n": 0}'
    assert (
        send(body, HTTP_X_HUB_SIGNATURE_256=sign(body, "the right one"), HTTP_X_GITHUB_DELIVERY="d-0").status_code
        == 200
    )
    accepted = ops.verify_again(everything)
    assert (len(accepted.events), accepted.known, len(accepted.refusals)) == (2, 1, 1)
    assert set(WebhookEvent.objects.values_list("delivery_id", "state")) == {
        (f"id:d-{number}", "queued") for number in range(3)
    }
    assert "forged" not in str(WebhookEvent.objects.values_list("body"))
    assert len(ops.verify_again(everything).refusals) == 1, "what was accepted is not looked at again"


def test_a_moment_is_judged_as_of_when_it_came(send: Send, github: Service) -> None:
    Service.objects.update(system="rest", options={"hook_scheme": "slack"})
    came = timezone.now() - timedelta(days=2)
    headers = SENDERS["slack"].scheme.sign(PUSH, "the right one", "", came.timestamp())
    sent = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    send(PUSH, **sent)
    RefusedDelivery.objects.update(received_at=came)
    credentials.store(github, "webhook_secret", "the right one")
    assert len(ops.verify_again(RefusedDelivery.objects.all()).events) == 1


def test_too_many_at_once_are_said_so(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.ops.deliveries.MOST_REFUSED", 1)
    for body in (b"1", b"2"):
        send(body, HTTP_X_HUB_SIGNATURE_256=None)
    with pytest.raises(ops.Impossible, match="2 deliveries are too many"):
        ops.verify_again(RefusedDelivery.objects.all())
    with pytest.raises(ops.Impossible, match="None of these waits"):
        ops.verify_again(RefusedDelivery.objects.none())


def test_all_of_a_service_are_verified_again_from_its_page(send: Send, github: Service, operator: User) -> None:
    send(HTTP_X_HUB_SIGNATURE_256=sign(PUSH, "the right one"))
    credentials.store(github, "webhook_secret", "the right one")
    client = Client()
    client.force_login(operator)
    address = reverse("admin:integrations_service_verify_refused", args=[github.pk])
    assert "Verify all refused again" in client.get(github.get_absolute_url()).content.decode()
    assert "The signature does not fit: <strong>1</strong>" in client.get(address).content.decode()
    begun = client.post(address, SUBMITTED)
    operation = work_off(BulkOperation.objects.get())
    assert begun.headers["HX-Redirect"] == operation.get_absolute_url()
    assert "Done are those that are believed now" in client.get(operation.get_absolute_url()).content.decode()
    assert (WebhookEvent.objects.get().actor, RefusedDelivery.objects.get().accepted_by) == (operator, "operator")
    assert "Verify all refused again" not in client.get(github.get_absolute_url()).content.decode()


def test_chosen_ones_are_verified_from_the_list_after_a_question(
    send: Send, github: Service, operator: User, viewer: User
) -> None:
    send(HTTP_X_HUB_SIGNATURE_256=sign(PUSH, "the right one"))
    credentials.store(github, "webhook_secret", "the right one")
    address, client = reverse("admin:integrations_refuseddelivery_changelist"), Client()
    form = {"action": "verify_chosen", "_selected_action": [RefusedDelivery.objects.get().pk]}
    client.force_login(viewer)
    client.post(address, {**form, "confirmed": "yes"})
    assert not WebhookEvent.objects.exists()
    client.force_login(operator)
    assert "Verify 1 delivery again" in client.post(address, form).content.decode()
    client.post(address, {**form, "confirmed": "yes"})
    assert WebhookEvent.objects.get().actor == operator


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[Mapping[str, str], bytes], Path]:
    def write(headers: Mapping[str, str], body: bytes) -> Path:
        lines = ["POST /hooks/github/ HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        (tmp_path / "request").write_bytes("\r\n".join(lines).encode() + body)
        return tmp_path / "request"

    return write


def test_the_doctor_is_there_for_a_shell(
    github: Service, stored: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    body = PUSH + b"\n\n\r\n\r\nmore"
    good = stored({"X-Hub-Signature-256": sign(body), "X-Odd": "a: b"}, body)
    assert stored_request.read(good.read_bytes(), {}).body == body
    with pytest.raises(CommandError, match="not believed"):
        call_command("verify_delivery", str(good), service="github")
    assert "no JSON" in capsys.readouterr().out
    call_command("verify_delivery", str(stored(GITHUB.sign(PUSH, WEBHOOK_SECRET, "", 0), PUSH)), service="github")
    assert "+ It would be believed now." in capsys.readouterr().out
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("verify_delivery", str(good.parent / "nothing"), service="github")
    good.write_bytes(b"no header\n\n{}")
    with pytest.raises(CommandError, match="This is no header: no header"):
        call_command("verify_delivery", str(good), service="github")


def test_refused_deliveries_can_be_verified_from_a_shell(
    send: Send, github: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    send(HTTP_X_HUB_SIGNATURE_256=sign(PUSH, "the right one"))
    send(b"no JSON")
    number = RefusedDelivery.objects.get(cause="no_json").pk
    with pytest.raises(CommandError, match="either numbers or"):
        call_command("refused", "verify")
    with pytest.raises(CommandError, match="no refused delivery 987654"):
        call_command("refused", "verify", "987654")
    call_command("refused", "process", str(number))
    credentials.store(github, "webhook_secret", "the right one")
    call_command("refused", "verify", "--service", "github")
    operation = work_off(BulkOperation.objects.get())
    assert f"{operation} is started, of 1." in capsys.readouterr().out
    assert WebhookEvent.objects.count() == 2
