"""Few rows of everything, and then five times as many around them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, models, transaction
from django.db.models import Model, UniqueConstraint
from django.utils import timezone

from integrations.models import (
    Derivation,
    Enrichment,
    Essay,
    HealthDay,
    MediaAttachment,
    PositionChange,
    Property,
    RunEvent,
    SampleDelivery,
    Service,
    Stream,
    SyncRun,
    WorkerHeartbeat,
)
from tests.admin.population import one_of_each

COPIES = 4
APPS = {"integrations", "django_q", "admin", "auth"}
SHARED = {"Permission", "Group"}  # what a role may is no row of anybody's day


def few() -> None:
    """One row of each at least, with what belongs to it."""
    one_of_each()
    essay, run, actor = Essay.objects.all()[0], SyncRun.objects.all()[0], User.objects.all()[0]
    for service in Service.objects.all():
        HealthDay.objects.create(service=service, day=timezone.localdate(), checks=2, failed=1)
        SampleDelivery.objects.create(service=service, state="succeeded", address="http://127.0.0.1:9/")
    for stream in Stream.objects.all():
        PositionChange.objects.create(stream=stream, actor=actor, before=timezone.now())
    Derivation.objects.create(media=MediaAttachment.objects.all()[0], state="succeeded", actor=actor)
    Enrichment.objects.create(kind=Enrichment.Kind.ANALYTICS, essay=essay, question="/")
    Enrichment.objects.create(kind=Enrichment.Kind.ANALYTICS, property=Property.objects.all()[0], question="/")
    RunEvent.objects.create(run=run, kind=RunEvent.Kind.values[0])
    MediaAttachment.objects.update(essay=essay)
    WorkerHeartbeat.objects.create(name="w", beat_at=timezone.now())
    for row in (*Service.objects.all(), *Stream.objects.all(), *MediaAttachment.objects.all(), actor):
        of = ContentType.objects.get_for_model(row)
        LogEntry.objects.create(user=actor, content_type=of, object_id=row.pk, action_flag=CHANGE)


def multiply() -> None:
    """Each row has copies beside it that belong to what it belongs to, wherever the database lets them be."""
    for model in apps.get_models():
        if model._meta.app_label in APPS and model.__name__ not in SHARED:
            for row in list(model._default_manager.all()):
                for _ in range(COPIES):
                    with suppress(IntegrityError), transaction.atomic():
                        _copied(row).save(force_insert=True)


def _copied(row: Any) -> Model:
    copy: Model = type(row)(**{field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields})
    for name in _of_one_only(type(row)):
        field = row._meta.get_field(name)
        setattr(copy, field.attname, _another(field, getattr(row, field.attname)))
    return copy


def _of_one_only(model: type[Model]) -> set[str]:
    """What tells rows of a model from each other."""
    constraints = [each for each in model._meta.constraints if isinstance(each, UniqueConstraint)]
    together = {name for each in constraints for name in each.fields}
    return together | {field.name for field in model._meta.concrete_fields if field.unique}


def _another(field: Any, value: Any) -> Any:
    if isinstance(field, models.AutoField):
        return None
    if field.is_relation or field.choices:
        return value
    if isinstance(field, models.UUIDField):
        return uuid4()
    if isinstance(field, models.CharField):
        return uuid4().hex[: field.max_length]
    return int(uuid4().int % 30000) if isinstance(field, models.IntegerField) else value
