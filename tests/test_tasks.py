"""What the queue calls."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db.models import Model
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from integrations import ops, queue, tasks
from integrations.models import Call, HealthCheck, Job, MediaAttachment, Service, SyncRun, WebhookEvent, WorkerHeartbeat
from tests.worker import queued, work_off


def _received(service: Service) -> WebhookEvent:
    event = WebhookEvent(service=service, delivery_id="1", body=b"{}")
    ops.receive(event)
    return event


MAKERS: dict[str, Callable[[Service], Job]] = {
    "run_sync": lambda service: ops.sync(service.streams.get(), "staff"),
    "check_health": lambda service: ops.check(service, "staff"),
    "process_event": _received,
    "validate_media": lambda _: ops.validate(MediaAttachment.objects.create(file=ContentFile(b"junk", "x"))),
}


def everything() -> dict[str, list[dict[str, Any]]]:
    models: list[type[Model]] = [*ops.TASKS, Call, Service]
    return {model.__name__: [dict(row) for row in model._default_manager.values()] for model in models}


@pytest.mark.parametrize("name", MAKERS)
def test_a_second_delivery_of_the_same_task_does_nothing(cms: Service, name: str) -> None:
    Service.objects.update(check_every_minutes=0)
    job = MAKERS[name](cms)
    work_off()
    job.refresh_from_db()
    assert job.claims == 1 or job.state == "succeeded"
    before = everything()
    getattr(tasks, name)(str(job.pk))
    assert everything() == before
    assert not OrmQ.objects.exists()


@pytest.mark.parametrize("name", MAKERS)
def test_a_task_takes_the_id_of_a_row_and_nothing_else(cms: Service, name: str) -> None:
    job = MAKERS[name](cms)
    assert queued() == [(f"integrations.tasks.{name}", (str(job.pk),))]


@pytest.mark.parametrize("name", MAKERS)
def test_a_task_whose_row_is_gone_does_nothing(cms: Service, name: str) -> None:
    job = MAKERS[name](cms)
    pk = str(job.pk)
    job.delete()
    getattr(tasks, name)(pk)
    assert work_off() == 1


@pytest.mark.parametrize("name", sorted(queue.ALLOWED))
def test_no_task_takes_more_than_an_id_or_returns_anything(name: str) -> None:
    signature = inspect.signature(import_string(name))
    assert [each.annotation for each in signature.parameters.values()] in ([], ["str"])
    assert signature.return_annotation == "None"


def test_the_tick_beats_and_begins_what_is_due(cms: Service) -> None:
    tasks.tick()
    assert WorkerHeartbeat.objects.get().beat_at
    assert HealthCheck.objects.get().state == "queued"
    assert SyncRun.objects.count() == 0
