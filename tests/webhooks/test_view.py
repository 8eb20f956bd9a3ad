"""A delivery is believed or not, stored or not, and answered accordingly."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from integrations import credentials, tasks
from integrations.models import Credential, Service, WebhookEvent
from integrations.systems.github.webhook import HANDLES
from integrations.webhooks.receivers import MIB
from tests.conftest import WEBHOOK_SECRET
from tests.webhooks.conftest import ADDRESS, PUSH, Send, files, sign

# By whether it is PostgreSQL, where a delivery and its bell are one statement; by whether it is there already.
LAST = {
    False: {False: ["INSERT", "INSERT"], True: ["INSERT", "UPDATE"]},
    True: {False: ["WITH"], True: ["WITH", "UPDATE"]},
}


def test_real_payloads_are_accepted_once_and_processed_once(send: Send, shared_data: Path) -> None:
    Service.objects.update(allows_replays=True)  # some of the examples are the same
    for number, path in enumerate(files(shared_data / "github-webhooks")):
        body, kind = path.read_bytes(), path.name.partition(".")[0].partition("-")[0]
        answers = [send(body, HTTP_X_GITHUB_DELIVERY=path.name, HTTP_X_GITHUB_EVENT=kind) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200], path.name
        event = WebhookEvent.objects.get(delivery_id=f"id:{path.name}")
        assert (bytes(event.body), event.event_type, event.duplicates) == (body, kind, 1)
        for _ in range(1 if number % 10 else 2):
            tasks.process_event(str(event.pk))
        event.refresh_from_db()
        state = "succeeded" if kind in HANDLES else "ignored"
        assert (event.state, event.attempts.count()) == (state, 1), event.failure_message
        assert event.summary.startswith(kind) or kind == "push"


def test_a_second_delivery_is_counted_and_changes_nothing_else(send: Send) -> None:
    send(HTTP_X_GITHUB_DELIVERY="same")
    tasks.process_event(str(WebhookEvent.objects.get().pk))
    before = WebhookEvent.objects.values().get()
    answer = send(b'{"other": "body"}', HTTP_X_GITHUB_DELIVERY="same", HTTP_X_GITHUB_EVENT="ping")
    after = WebhookEvent.objects.values().get()
    assert (answer.status_code, answer.content) == (200, b"Already here.\n")
    assert (after["duplicates"], after["last_duplicate_at"] is not None) == (1, True)
    counted = {"duplicates", "last_duplicate_at"}
    assert {k: v for k, v in after.items() if k not in counted} == {k: v for k, v in before.items() if k not in counted}


def test_a_stored_delivery_has_its_bell_and_a_duplicate_rings_no_second(send: Send) -> None:
    send(HTTP_X_GITHUB_DELIVERY="same")
    send(HTTP_X_GITHUB_DELIVERY="same")
    assert [bell.func() for bell in OrmQ.objects.all()] == ["integrations.tasks.process_event"]


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        sign(PUSH, "another secret"),
        sign(PUSH + b" "),
        sign(PUSH).upper(),
        "sha1=" + sign(PUSH)[7:],
        f"{sign(PUSH)},{sign(PUSH)}",
    ],
)
def test_what_is_not_signed_rightly_is_refused(send: Send, signature: str | None) -> None:
    answer = send(HTTP_X_HUB_SIGNATURE_256=signature)
    assert (answer.status_code, answer.content) == (400, b"Refused.\n")
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b"nul", b"[" * 200_000, b"NaN", b'{"a": Infinity}'])
def test_a_signed_body_that_is_no_json_is_refused(send: Send, body: bytes) -> None:
    assert send(body).status_code == (400 if body else 411)
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options", "trace"])
def test_another_method_is_told_to_post(github: Service, method: str) -> None:
    answer = getattr(Client(), method)(ADDRESS)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


@pytest.mark.parametrize(("more", "status"), [(-1, 200), (0, 200), (1, 413)])
@pytest.mark.parametrize("mib", [1, 3])
def test_the_limit_of_a_body_is_exact(send: Send, mib: int, more: int, status: int) -> None:
    Service.objects.update(max_delivery_mib=mib)
    size = mib * MIB + more
    body = b'"' + b"a" * (size - 2) + b'"'
    assert send(body).status_code == status
    assert [len(event.body) for event in WebhookEvent.objects.all()] == ([size] if status == 200 else [])


@pytest.mark.parametrize(
    ("length", "status"),
    [("", 411), ("abc", 400), ("-1", 400), ("1e3", 400), ("١٢", 400), ("+5", 400), (" 5", 400), ("9" * 5000, 413)],
)
def test_a_length_that_is_none_is_refused(send: Send, length: str, status: int) -> None:
    assert send(CONTENT_LENGTH=length).status_code == status
    assert not WebhookEvent.objects.exists()


def test_a_shorter_length_than_the_body_breaks_the_signature(send: Send) -> None:
    assert send(CONTENT_LENGTH="5").status_code == 400


def test_unknown_disabled_and_deaf_services_answer_alike(send: Send, cms: Service, github: Service) -> None:
    Service.objects.filter(pk=github.pk).update(enabled=False)
    answers = [send(address=f"/hooks/{slug}/") for slug in ("unknown", "github", "cms")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, b"No such address.\n")}
    assert len({str(sorted(answer.items())) for answer in answers}) == 1
    assert not WebhookEvent.objects.exists()


def test_a_service_without_a_secret_believes_nobody(send: Send) -> None:
    Credential.objects.all().delete()
    for secret in ("", WEBHOOK_SECRET):
        assert send(HTTP_X_HUB_SIGNATURE_256=sign(PUSH, secret)).status_code == 400


def test_a_secret_that_cannot_be_read_asks_the_sender_to_come_again(send: Send) -> None:
    Credential.objects.update(ciphertext="damaged")
    assert send().status_code == 503
    assert not WebhookEvent.objects.exists()


def test_a_secret_that_verifies_nothing_is_in_nobodys_way(send: Send, github: Service) -> None:
    credentials.store(github, "token", "env:NOT_SET_ANYWHERE")
    assert send().status_code == 200
    used = dict(Credential.objects.values_list("field", "last_used_for"))
    assert used == {"token": "", "webhook_secret": "verify"}


def test_while_two_secrets_are_valid_either_signs_and_afterwards_the_new_one(send: Send, github: Service) -> None:
    credentials.store(github, "webhook_secret", "the next one", keep_old_for=timedelta(hours=1))
    new = sign(PUSH, "the next one")
    for _ in range(20):
        assert [send().status_code, send(HTTP_X_HUB_SIGNATURE_256=new).status_code] == [200, 200]
    assert send(HTTP_X_HUB_SIGNATURE_256=sign(PUSH, "a third one")).status_code == 400
    Credential.objects.exclude(expires_at=None).update(expires_at=timezone.now())
    assert [send().status_code, send(HTTP_X_HUB_SIGNATURE_256=new).status_code] == [400, 200]


@pytest.mark.parametrize(("lost", "statuses"), [("old", [503, 200]), ("new", [200, 503])])
def test_of_two_secrets_the_one_that_can_be_read_is_enough_for_what_it_signed(
    send: Send, github: Service, lost: str, statuses: list[int]
) -> None:
    credentials.store(github, "webhook_secret", "the next one", keep_old_for=timedelta(hours=1))
    Credential.objects.filter(superseded_at__isnull=lost == "new").update(ciphertext="damaged")
    answers = send(), send(HTTP_X_HUB_SIGNATURE_256=sign(PUSH, "the next one"))
    assert [answer.status_code for answer in answers] == statuses


def test_after_a_change_of_the_secret_only_the_new_one_signs(send: Send, github: Service) -> None:
    credentials.store(github, "webhook_secret", "the next one")
    assert send().status_code == 400
    assert send(HTTP_X_HUB_SIGNATURE_256=sign(PUSH, "the next one")).status_code == 200


def test_a_form_holds_the_json(send: Send) -> None:
    body = f"payload={quote_plus(PUSH.decode())}".encode()
    assert send(body, content_type="application/x-www-form-urlencoded").status_code == 200
    event = WebhookEvent.objects.get()
    assert bytes(event.body) == body
    tasks.process_event(str(event.pk))
    event.refresh_from_db()
    assert event.summary == "somebody pushed 1 commit to main of o/r"


def test_a_form_without_a_payload_is_refused(send: Send) -> None:
    assert send(b"other=1", content_type="application/x-www-form-urlencoded").status_code == 400


def test_neither_sign_in_nor_a_token_against_forgery_is_asked_for(github: Service) -> None:
    answer = Client(enforce_csrf_checks=True).post(
        ADDRESS, PUSH, content_type="application/json", headers={"X-Hub-Signature-256": sign(PUSH)}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("duplicate", [False, True])
def test_storing_takes_three_queries_at_most(send: Send, statements: list[str], duplicate: bool) -> None:
    send(HTTP_X_GITHUB_DELIVERY="before")  # which also notes the use of the secret, once a minute
    statements.clear()
    answer = send(b'{"n": 1}') if not duplicate else send(HTTP_X_GITHUB_DELIVERY="before")
    assert answer.status_code == 200
    assert statements == ["SELECT", *LAST[connection.vendor == "postgresql"][duplicate]]


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The first word of each that reaches the database, transactions aside, also below Django's cursors."""
    found = list[str]()

    def note(sql: str | bytes) -> None:
        word = (sql.decode() if isinstance(sql, bytes) else sql).split()[0]
        found.extend([word] if word not in {"BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"} else [])

    def executing(cursor: psycopg.Cursor[Any], query: Any, params: Any = None, **more: Any) -> Any:
        note(query)
        return execute(cursor, query, params, **more)

    execute = psycopg.Cursor.execute
    monkeypatch.setattr(psycopg.Cursor, "execute", executing)
    if connection.vendor == "postgresql":
        yield found
        return

    def running(run: Any, sql: str, *rest: Any) -> Any:
        note(sql)
        return run(sql, *rest)

    with connection.execute_wrapper(running):
        yield found


def test_every_json_torture_file_is_refused_or_stored_byte_for_byte(send: Send, shared_data: Path) -> None:
    accepted = set()
    for path in files(shared_data / "json" / "test_parsing"):
        body = path.read_bytes()
        answer = send(body, HTTP_X_GITHUB_DELIVERY=None)
        assert answer.status_code in {200, 400, 411}, path.name
        if answer.status_code == 200:
            accepted.add(path.name)
            stored = WebhookEvent.objects.get(delivery_id=f"sha256:{hashlib.sha256(body).hexdigest()}")
            assert bytes(stored.body) == body, path.name
            tasks.process_event(str(stored.pk))
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"succeeded"}
    valid = {path.name for path in files(shared_data / "json" / "test_parsing") if path.name.startswith("y_")}
    assert valid <= accepted


def test_text_that_no_database_takes_is_no_obstacle(send: Send) -> None:
    for name in ("a\x00b", "\ud800"):
        send(json.dumps({"repository": {"full_name": name}, "action": name}).encode(), HTTP_X_GITHUB_EVENT="star")
        event = WebhookEvent.objects.latest("received_at")
        tasks.process_event(str(event.pk))
        event.refresh_from_db()
        assert event.state == "ignored", event.failure_message
        assert event.summary.startswith("star")


def test_a_header_that_signs_somebody_in_is_not_kept(send: Send) -> None:
    assert send(HTTP_AUTHORIZATION="Bearer canary-1", HTTP_COOKIE="session=canary-2").status_code == 200
    headers = WebhookEvent.objects.get().headers
    assert "canary" not in str(headers)
    assert {"authorization", "cookie", "x-hub-signature-256"} <= set(headers)
