"""Bodies that parsers and columns stumble over: kept byte for byte, flagged, never an error of ours."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from integrations import ops, tasks
from integrations.models import RefusedDelivery, WebhookEvent
from integrations.systems.deliveries import Holds
from integrations.webhooks.parsing import DEEPEST, parse
from tests.webhooks.conftest import Send, files


@pytest.mark.parametrize(
    ("body", "holds"),
    [
        (b'{"a": 1}', Holds.JSON),
        (b"null", Holds.JSON),
        (b'"\\\\u0000"', Holds.JSON),
        (b"1e-400", Holds.JSON),
        (b"[" * DEEPEST + b"]" * DEEPEST, Holds.JSON),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), Holds.ODD_JSON),
        (b"[" * 100_000 + b"]" * 100_000, Holds.ODD_JSON),
        (b'"a\\u0000b"', Holds.ODD_JSON),
        (b'{"\\ud800": 1}', Holds.ODD_JSON),
        (b'["\\uDfff"]', Holds.ODD_JSON),
        (b'"\\ud83d\\ude00"', Holds.JSON),
        (b"1e400", Holds.ODD_JSON),
        (b"[-1E+999]", Holds.ODD_JSON),
        (b"1" * 5000, Holds.ODD_JSON),
        (b"[" * 100_000, Holds.OTHER),
        (b"NaN", Holds.OTHER),
        (b"[-Infinity]", Holds.OTHER),
        (b"\xff", Holds.OTHER),
        (b"\xef\xbb\xbf{}", Holds.OTHER),
        (b"", Holds.OTHER),
        (b"a=1", Holds.OTHER),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_body_is_told_for_what_it_is(body: bytes, holds: Holds) -> None:
    assert parse(body).holds == holds


def kept(send: Send, path: Path) -> str:
    """Post it: whether it is kept byte for byte as what it is, and the address of its page; none of an empty one."""
    body = path.read_bytes()
    status = send(body, HTTP_X_GITHUB_DELIVERY=None).status_code
    digest = hashlib.sha256(body).hexdigest()
    if status == 200:
        event = WebhookEvent.objects.get(delivery_id=f"sha256:{digest}")
        assert bytes(event.body) == body, path.name
        assert (event.parsed is None) is (event.body_is != "json" or body.strip() == b"null"), path.name
        return reverse("admin:integrations_webhookevent_change", args=[event.pk])
    assert status == (400 if body else 411), path.name
    assert not path.name.startswith("y_"), path.name
    if not body:
        return ""
    refused = RefusedDelivery.objects.get(body_hash=digest)
    assert (bytes(refused.body), refused.cause) == (body, "no_json"), path.name
    return reverse("admin:integrations_refuseddelivery_change", args=[refused.pk])


@pytest.mark.parametrize(
    ("folder", "looked_at"),
    [("json/test_parsing", 1), ("json/test_transform", 1), ("bytes/gofuzz-json", 20)],
    ids=["parsing", "transform", "fuzz"],
)
def test_every_torture_file_is_kept_byte_for_byte_and_can_be_looked_at(
    send: Send, shared_data: Path, admin_client: Client, folder: str, looked_at: int
) -> None:
    pages = [kept(send, path) for path in files(shared_data / folder)]
    for page in filter(None, pages[::looked_at]):
        assert admin_client.get(page).status_code == 200, page
    assert WebhookEvent.objects.filter(body_is="odd_json").exists()


def test_what_is_no_json_can_be_processed_by_hand(send: Send) -> None:
    assert send(b"no JSON at all").status_code == 400
    refused = RefusedDelivery.objects.get()
    with pytest.raises(ops.Impossible):
        ops.process_anyway(RefusedDelivery(cause="wrong"))
    event = ops.process_anyway(refused)
    tasks.process_event(str(event.pk))
    event.refresh_from_db()
    assert (event.state, event.body_is, bytes(event.body)) == ("succeeded", "other", b"no JSON at all")
    refused.refresh_from_db()
    assert (refused.event, refused.accepted_by) == (event, "the command line")
