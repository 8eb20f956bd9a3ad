"""A secret put wherever one can turn up is afterwards nowhere: no table, page, export, queue row, cache or log."""

from __future__ import annotations

import base64
import json
import logging
import uuid
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django_q.tasks import async_task

from integrations import credentials, ops
from integrations.candidates import Candidate
from integrations.connections import transport_for
from integrations.models import (
    Call,
    CallBody,
    HealthCheck,
    Incident,
    Service,
    ServiceState,
    SettingsChange,
    SyncRun,
    Trial,
)
from integrations.recorder import Cause
from integrations.roles import MANAGER
from integrations.transport.errors import CallError, Parked
from integrations.transport.redaction import BLANK
from tests import canary
from tests.admin.service_form import save
from tests.admin.test_export import FORMATS
from tests.canary import FORMS, SECRET, TOKEN, hits
from tests.conftest import MakePerson
from tests.tables import cells
from tests.transport.server import Reply, ScriptedServer
from tests.worker import work_off

pytestmark = pytest.mark.django_db(transaction=True)
ROLES = ("stranger", "viewer", "operator", "manager")


@pytest.fixture
def echo(cms: Service, remote: ScriptedServer) -> Service:
    """A service that keeps everything it says and hears, and whose token is the canary."""
    credentials.store(cms, "token", SECRET)
    cms.base_url, cms.body_policy, cms.max_attempts, cms.check_every_minutes = remote.url, "always", 1, 0
    cms.save()
    return cms


def speak(service: Service, remote: ScriptedServer) -> list[str]:
    """Every answer there is, to each kind of request in turn; the sentences of what failed."""
    said = []
    for reply, (path, content) in zip(canary.replies(), cycle(canary.asked()), strict=False):
        remote.answers(reply)
        # So many failures would open the circuit, and nothing would be said any more.
        ServiceState.objects.update(
            circuit=ServiceState.Circuit.CLOSED, limited_until=None, circuit_since=timezone.now()
        )
        try:
            with transport_for(service, Cause(Call.Trigger.COMMAND, uuid.uuid4())) as transport:
                transport.request("say", "POST", path, **content)
        except (CallError, Parked) as failure:
            said.append(f"{failure} {failure!r}")
    return said


def fail(service: Service, remote: ScriptedServer) -> str:
    """A sync and a health check that fail with the canary in what the remote says; what the queue held."""
    message = f"no access for {SECRET} {canary.in_base64(SECRET)} access_token={TOKEN}"
    remote.answers(Reply(401, json.dumps({"message": message}).encode(), canary.in_headers()))
    ops.sync(service.streams.get(), SyncRun.Trigger.STAFF)
    ops.check(service, HealthCheck.Trigger.STAFF)
    typed = Candidate(service, {"token": SECRET})
    waiting = [ops.try_settings(typed.trial("connection"))]
    item = {"id": 1, "title": SECRET, "body": message, "author": canary.in_base64(SECRET), "token": TOKEN}
    held = canary.queue()
    work_off()
    remote.answers(Reply(body=json.dumps({"items": [item, {"title": SECRET}]}).encode()))
    waiting.append(ops.try_settings(typed.trial("stream", "articles")))
    work_off()
    assert [Trial.objects.get(pk=trial.pk).state for trial in waiting] == ["failed", "succeeded"]
    ops.try_settings(typed.trial("connection"))
    ops.check(service, HealthCheck.Trigger.STAFF)
    return held + canary.queue()


def replace(service: Service, manager: Client) -> None:
    """The canary is the secret before a change of the settings, and after one."""
    for secret in ("another", SECRET):
        assert save(manager, service, secret__token=secret, check_every_minutes="0").status_code == 302
    assert SettingsChange.objects.count() == 2


# The superuser sees everything that others see: they read every row in the slow suite alone.
@pytest.mark.parametrize("most", [2, pytest.param(None, marks=pytest.mark.slow)])
def test_a_canary_is_found_nowhere(
    echo: Service,
    remote: ScriptedServer,
    person: MakePerson,
    as_person: Callable[[User], Client],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    most: int | None,
) -> None:
    caplog.set_level(logging.DEBUG)
    said = speak(echo, remote)
    replace(echo, as_person(person("another manager", MANAGER)))
    held = fail(echo, remote)
    cache.set("a page", "something kept")
    everybody = [(as_person(person(role, role.capitalize())), most) for role in ROLES]
    everybody.append((as_person(User.objects.create_superuser("root")), None))
    stored = canary.database(tmp_path)
    kept = cached()
    found = {
        "sentences": hits(" ".join(said)),
        "queue": hits(held),
        "database": hits(stored),
        "cache": hits(kept),
        "log": hits(caplog.text),
    }
    for client, rows in everybody:
        for address, text in (*canary.pages(client, rows), *canary.exports(client)):
            found[address] = found.get(address, []) + hits(text)
    assert {place: forms for place, forms in found.items() if forms} == {}
    assert len(found) > 200
    assert "something kept" in kept


def cached() -> str:
    """Everything the cache holds: the bytes of its values, one after the other."""
    if "redis" in settings.CACHES["default"]["BACKEND"]:
        server = redis.Redis.from_url(settings.CACHES["default"]["LOCATION"])
        return b"".join(_of(server, key) for key in server.scan_iter()).decode("latin-1")
    values = [text for table, _, text in cells() if table == "cache"]
    return b"".join(map(base64.b64decode, values[1::3])).decode("latin-1")


def _of(server: redis.Redis, key: bytes) -> bytes:
    value = server.get(key)
    return value if isinstance(value, bytes) else b""


def test_what_was_said_is_recorded_and_holds_the_canary_on_the_wire_only(echo: Service, remote: ScriptedServer) -> None:
    said = speak(echo, remote)
    assert len(said) > 30
    assert remote.asked[-1].headers["authorization"] == f"Bearer {SECRET}"
    assert Call.objects.count() == CallBody.objects.count() > len(said)
    for body in CallBody.objects.all():
        assert body.request_headers["Authorization"] == BLANK
    fail(echo, remote)
    failures = (SyncRun.objects.get().failure_message, HealthCheck.objects.earliest("pk").remark)
    assert all("no access for" in failure and BLANK in failure for failure in failures)


def test_a_canary_that_got_out_would_be_found_in_every_form(
    cms: Service,
    manager: User,
    as_person: Callable[[User], Client],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    everything, client = " ".join(FORMS.values()), as_person(manager)
    Incident.objects.create(service=cms, kind=Incident.Kind.SYNC, code="x", message=everything)
    Service.objects.update(notes=everything)
    logging.getLogger("integrations").error(everything)
    async_task("integrations.tasks.tick", everything)
    cache.set("a page", everything)
    kept = cached()
    shown = [text for address, text in canary.pages(client) if "/incident/" in address]
    taken = [text for _, text in canary.exports(client) if "cms" in text]
    assert len(taken) == len(FORMATS)
    assert [text for text in shown if hits(text) == list(FORMS)]
    for text in (canary.database(tmp_path), caplog.text, canary.queue(), kept, *taken):
        assert hits(text) == list(FORMS)
