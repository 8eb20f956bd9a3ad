"""Headers nobody in his right mind sends: never an error of ours, never believed, never merged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from integrations.models import WebhookEvent
from tests.webhooks.conftest import PUSH, Send, sign


@pytest.fixture(scope="session")
def naughty(shared_data: Path) -> list[str]:
    found: list[str] = json.loads((shared_data / "strings" / "blns.json").read_text())
    assert len(found) > 500
    return found


def test_no_naughty_string_passes_for_a_signature(send: Send, naughty: list[str]) -> None:
    for text in (*naughty, *(f"sha256={text}" for text in naughty[::4])):
        assert send(HTTP_X_HUB_SIGNATURE_256=text).status_code == 400, text
    assert not WebhookEvent.objects.exists()


def test_no_naughty_delivery_id_is_believed_without_a_signature(send: Send, naughty: list[str]) -> None:
    for text in naughty:
        wire = text.encode().decode("latin-1")  # as a WSGI server hands it over
        assert send(HTTP_X_HUB_SIGNATURE_256="", HTTP_X_GITHUB_DELIVERY=wire).status_code == 400, text
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize("slot", ["HTTP_X_GITHUB_DELIVERY", "HTTP_X_GITHUB_EVENT"])
def test_no_naughty_string_in_a_signed_delivery_is_an_error(send: Send, naughty: list[str], slot: str) -> None:
    for text in (*naughty[::5], "a\x00b", "\ud800", "\udcff"):
        assert send(**{slot: text}).status_code == 200, text


ODD_IDS: dict[str, str | None] = {
    "absent": None,
    "empty": "",
    "blanks": "   ",
    "tab": "\t",
    "NUL": "\x00",
    "NUL within": "a\x00b",
    "non-ASCII": "\xe9",
    "beyond latin-1": "→",
    "half a character": "\ud800",
    "line break": "a\nb",
    "several": "a, b",
    "201 characters": "a" * 201,
    "100,000 characters": "a" * 100_000,
}


@pytest.mark.parametrize("odd", ODD_IDS.values(), ids=ODD_IDS)
def test_an_odd_delivery_id_never_makes_one_of_two_bodies(send: Send, odd: str | None) -> None:
    for body in (b'{"n": 1}', b'{"n": 2}', b'{"n": 1}'):
        assert send(body, HTTP_X_GITHUB_DELIVERY=odd).status_code == 200
    stored = {bytes(event.body): event.duplicates for event in WebhookEvent.objects.all()}
    assert stored == {b'{"n": 1}': 1, b'{"n": 2}': 0}


@pytest.mark.parametrize("usable", ["a", "a" * 200, "72d3162e-cc78-11e3-81ab-4c9367dc0958", "with spaces; and: signs"])
def test_a_usable_delivery_id_makes_one_of_two_bodies(send: Send, usable: str) -> None:
    for body in (b'{"n": 1}', b'{"n": 2}'):
        assert send(body, HTTP_X_GITHUB_DELIVERY=usable).status_code == 200
    assert WebhookEvent.objects.get().delivery_id == f"id:{usable}"


def test_an_id_cannot_pass_for_one_made_of_a_body(send: Send) -> None:
    send(b"1", HTTP_X_GITHUB_DELIVERY=None)
    made = WebhookEvent.objects.get().delivery_id
    send(b"2", HTTP_X_GITHUB_DELIVERY=made)
    assert WebhookEvent.objects.count() == 2


def test_a_flipped_byte_anywhere_in_the_body_is_refused(send: Send) -> None:
    for place in range(len(PUSH)):
        body = bytearray(PUSH)
        body[place] ^= 0x20
        assert send(bytes(body), HTTP_X_HUB_SIGNATURE_256=sign(PUSH)).status_code == 400
