"""A console in use: services of both systems, rows in every state, and text by people who mean harm."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from itertools import cycle, product
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Model
from django.utils import timezone
from django_q.models import Failure
from django_q.tasks import async_task

from integrations import credentials
from integrations.models import (
    Attempt,
    BulkOperation,
    CachedAnswer,
    Call,
    CallBody,
    CallRepeat,
    Change,
    Effect,
    Essay,
    Export,
    GeocodeBatch,
    HealthCheck,
    Incident,
    MediaAttachment,
    Property,
    Publication,
    Record,
    RecordError,
    RefusedDelivery,
    Service,
    ServiceState,
    SettingsChange,
    SyncRun,
    Trial,
    WebhookEvent,
)
from integrations.text import storable
from integrations.transport.codes import Code
from integrations.webhooks.schemes.senders import SENDERS
from tests.admin.hostile import BODIES, DEEP, HOSTILE, MARK

CANARY = "canary-of-a-stored-secret"


class Texts:
    """Hostile texts one after the other, cut to what a column takes."""

    def __init__(self, texts: tuple[str, ...] = HOSTILE) -> None:
        self._endless = cycle(texts)

    def __call__(self, at_most: int = 2000) -> str:
        return storable(f"'\">{MARK}>{next(self._endless)}")[:at_most]


def populate(number: int = 1, texts: Texts | None = None) -> None:
    """One bundle of everything; another number makes another bundle beside it."""
    bundle = _Bundle(number, texts or Texts())
    for state in SyncRun.State:
        bundle.run(state)
    bundle.others()


def one_of_each(texts: Texts | None = None) -> None:
    """At least one row of every model that has pages, and something for every action to be done with."""
    bundle = _Bundle(1, texts or Texts())
    bundle.run(SyncRun.State.SUCCEEDED)
    bundle.copied()
    service = bundle.service("github", "github")
    event = bundle.event(service, WebhookEvent.State.DEAD, BODIES[0])
    bundle.refused(service, RefusedDelivery.Cause.NO_JSON)
    bundle.call(service, Code.OK, Call.Trigger.WEBHOOK, event=event)
    bundle.bulk("queued", event)
    bundle.export("queued")
    check = bundle.check(service, HealthCheck.State.SUCCEEDED)
    bundle.call(service, Code.OK, Call.Trigger.CHECK, check_row=check)
    bundle.media(MediaAttachment.State.VALID)
    bundle.trial(service)
    Incident.objects.create(service=service, kind=Incident.Kind.HEALTH, code="timeout", message=bundle.text())
    bundle.queue()


class _Bundle:
    def __init__(self, number: int, text: Texts) -> None:
        self.number, self.text, self.now = number, text, timezone.now()
        self.actor, _new = User.objects.get_or_create(username=f"somebody {number}", defaults={"is_staff": True})

    def service(self, name: str, system: str, **more: Any) -> Service:
        service = Service.objects.create(
            slug=f"{name}-{self.number}",
            name=self.text(100),
            system=system,
            base_url=f"http://127.0.0.1:9/{name}",
            notes=self.text(),
            **more,
        )
        credentials.store(service, "token", CANARY, self.actor)
        self.changed(service)
        health, remark = ("unhealthy", self.text()) if self.number % 2 else ("healthy", "")
        ServiceState.objects.filter(service=service).update(
            health=health,
            remark=remark,
            checked_at=self.now,
            circuit="open" if self.number % 2 else "closed",
            circuit_since=self.now,
            circuit_reason=self.text(200),
            quota_left=self.number,
        )
        CachedAnswer.objects.create(service=service, key=self.text(64), operation=self.text(100), stored_at=self.now)
        return service

    def changed(self, service: Service) -> None:
        """In the settings, by somebody; what it says can be rolled back."""
        ours = {"field": "notes", "label": self.text(100), "from": "", "to": service.notes}
        fields = [ours, {"field": self.text(100), "label": self.text(), "from": self.text(), "to": self.text() * 9}]
        SettingsChange.objects.create(service=service, actor=self.actor, how="admin", fields=fields)

    def run(self, state: str) -> None:
        service = self.service(f"cms-{state}", "cms")
        stream = service.streams.get()
        common: dict[str, Any] = {"stream": stream, "actor": self.actor, "items": 7, "failure_message": self.text()}
        first = SyncRun.objects.order_by("-pk").first()
        run = SyncRun.objects.create(
            state=state,
            trigger="retry",
            total=9,
            created=3,
            started_at=self.now,
            retry_of=first,
            checkpoint={"at": 3},
            **common,
        )
        self.call(service, Code.OK, Call.Trigger.SYNC, run=run)
        if state == SyncRun.State.SUCCEEDED:
            self._did(run)

    def _did(self, run: SyncRun) -> None:
        for kind in Change.Kind:
            essay = self._synced(
                Essay, run, title=self.text(500), slug="x", body=self.text() * 9, author=self.text(255)
            )
            self._published(essay, state=Publication.State.FAILED)
            diff = {"title": [self.text(), self.text()], "body": ["", self.text() * 9]}
            row = None if kind == Change.Kind.DELETED else essay.pk
            Change.objects.create(
                run=run, model="Essay", object_id=row, external_id=essay.external_id, kind=kind, diff=diff
            )
        for key, named in (("1", {"external_id": self.text(255), "field": "title"}), ("2", {})):
            RecordError.objects.create(run=run, stream=run.stream, key=key, reason=self.text(), raw=DEEP, **named)

    def _published(self, essay: Essay, state: str) -> None:
        github, text = (
            self.service(f"repository-{essay.pk}", "github"),
            {"path": self.text(500), "content": self.text()},
        )
        failed = {"failure_message": self.text(), "started_at": self.now, "actor": self.actor}
        Publication.objects.create(essay=essay, service=github, message=self.text(500), state=state, **text, **failed)

    def _synced(self, model: type[Any], run: SyncRun, **fields: Any) -> Any:
        return model.objects.create(
            service=run.stream.service,
            stream=run.stream,
            external_id=uuid4().hex,
            content_hash="0" * 64,
            first_run=run,
            last_run=run,
            synced_at=self.now,
            source_modified_at=self.now,
            **fields,
        )

    def call(self, service: Service, code: str, trigger: str, **cause: Model) -> None:
        call = Call.objects.create(
            service=service,
            operation=self.text(100),
            method="GET",
            url=f"{service.base_url}/?{self.text(900)}",
            status=200 if code == Code.OK else None,
            outcome=Code(code).outcome if code in set(Code) else code[:10],
            code=code,
            error=self.text(),
            started_at=self.now - timedelta(minutes=5),
            duration_ms=12.5,
            trigger=trigger,
            correlation_id=uuid4(),
            actor=self.actor,
            remote_id=self.text(200),
            **cause,
        )
        if call.pk % 3 == 0:
            CallRepeat.objects.create(call=call, actor=self.actor, state="failed", failure_message=self.text())
        if call.pk % 2:
            kept = {"X-Odd": self.text(), self.text(): "odd"}
            CallBody.objects.create(
                call=call,
                request_headers=kept,
                request_body=self.text(),
                response_headers=kept,
                response_body=storable(BODIES[call.pk // 2 % len(BODIES)].decode("utf-8", "replace")),
            )

    def others(self) -> None:
        github, off = self.service("github", "github"), self.service("off", "cms", enabled=False)
        self.copied()
        events = [self.event(github, *each) for each in zip(cycle(WebhookEvent.State), BODIES, strict=False)]
        for bulk_state in BulkOperation.State:
            self.bulk(bulk_state, events[0])
        for export_state in Export.State:
            self.export(export_state)
        for cause in RefusedDelivery.Cause:
            self.refused(github, cause)
        checks = [self.check(service, state) for service, state in product((github, off), ("failed", "succeeded"))]
        checks += [self.check(github, "queued"), self.check(off, "running")]
        causes: Any = cycle(
            [(Call.Trigger.WEBHOOK, {"event": events[0]}), (Call.Trigger.CHECK, {"check_row": checks[0]})]
        )
        for code, (trigger, cause) in zip(Code, causes, strict=False):
            self.call(github, code, trigger, **cause)
        self.call(off, "a word of tomorrow", Call.Trigger.STAFF)
        for state, kind in zip(Incident.State, cycle(Incident.Kind), strict=False):
            Incident.objects.create(service=github, kind=kind, state=state, code=state, message=self.text())
        self.trial(github)
        for media_state in MediaAttachment.State:
            self.media(media_state)
        self.queue()

    def copied(self) -> None:
        last = SyncRun.objects.order_by("-pk")[0]
        self._synced(Property, last, address=self.text(500), parcel_id=self.text(100), data={"deep": DEEP})
        self.geocoded()
        self._synced(Record, last, title=self.text(255), data={"text": self.text()})

    def geocoded(self) -> None:
        """A geocoder that waits for work, and one that was switched off at it."""
        self.service("geocoder", "geocoding")
        busy, said = self.service("busy", "geocoding", enabled=False), {"remark": self.text()}
        GeocodeBatch.objects.create(service=busy, total=9, found=3, actor=self.actor, chosen=[1], **said)

    def event(self, service: Service, state: str, body: bytes) -> WebhookEvent:
        event = WebhookEvent.objects.create(
            service=service,
            delivery_id=f"{uuid4().hex} {self.text(100)}",
            event_type=self.text(100),
            state=state,
            headers={"x-odd": self.text(), self.text(50): ""},
            body=body,
            summary=self.text(500),
            failure_message=self.text(),
            actor=self.actor,
        )
        said = {"message": self.text(), "reason": self.text(300), "actor_name": self.text(150)}
        for number, outcome in enumerate(Attempt.Outcome, 1):
            Attempt.objects.create(event=event, number=number, outcome=outcome, trigger="manual", **said)
        Effect.objects.create(event=event, handler=self.text(160))
        return event

    def bulk(self, state: str, event: WebhookEvent) -> None:
        wanted = {"search": self.text(200)}
        asked = {"reason": self.text(300), "actor_name": self.text(150), "failure_message": self.text()}
        made = BulkOperation.objects.create(verb="replay", state=state, filter=wanted, total=9, done=3, **asked)
        WebhookEvent.objects.filter(pk=event.pk).update(bulk=made)

    def export(self, state: str) -> None:
        said = {"query": f"q={self.text(200)}", "actor_name": self.text(150), "failure_message": self.text()}
        Export.objects.create(table="calls", form="csv", state=state, total=9, done=3, actor=self.actor, **said)

    def refused(self, service: Service, cause: str) -> None:
        """Signed with the secret."""
        body = f'{{"number": "{uuid4()}"}}'.encode()
        credentials.store(service, "webhook_secret", CANARY, self.actor)
        RefusedDelivery.objects.create(
            service=service,
            cause=cause,
            reason=self.text(300),
            headers={"x-odd": self.text(), **SENDERS["github"].scheme.sign(body, CANARY, "", 0)},
            body=body,
            body_hash=hashlib.sha256(body).hexdigest(),
            size=len(body),
            kept=len(body),
        )

    def check(self, service: Service, state: str) -> HealthCheck:
        ended = None if state in HealthCheck.ACTIVE else self.now
        return HealthCheck.objects.create(
            service=service, state=state, trigger="staff", actor=self.actor, remark=self.text(), finished_at=ended
        )

    def trial(self, service: Service) -> None:
        item = {"id": self.text(), "fields": [["title", self.text()], [self.text(), ""]]}
        shape = {
            "findings": [{"path": self.text(), "holds": self.text(), "example": self.text()}],
            "suggestions": {"branch": self.text(), self.text(): ""},
        }
        result = {
            "calls": [{"asked": self.text(), "came": self.text(), "took": "1 ms"}],
            "items": [item, {"id": "", "field": self.text(), "reason": self.text()}],
            "raw": self.text(),
            "shape": shape,
            "choices": [self.text()],
        }
        Trial.objects.create(
            service=service,
            actor=self.actor,
            kind=Trial.Kind.STREAM,
            subject=self.text(50),
            state="succeeded",
            settings={"system": service.system},
            failure_message=self.text(),
            result=result,
            finished_at=self.now,
        )

    def media(self, state: str) -> None:
        valid = state == MediaAttachment.State.VALID
        MediaAttachment.objects.create(
            file=default_storage.save(f"media/{uuid4().hex}", ContentFile(b"a file"))
            if valid
            else f"media/{uuid4().hex}",
            original_name=self.text(255),
            alt_text=self.text(300),
            state=state,
            content_type="image/png" if valid else "",
            width=640 if valid else None,
            height=480 if valid else None,
            failure_message="" if valid else self.text(),
        )

    def queue(self) -> None:
        async_task("integrations.tasks.tick", self.text())
        task = {"func": "integrations.tasks.tick", "started": self.now, "stopped": self.now, "args": (self.text(),)}
        Failure.objects.create(id=uuid4().hex, name=self.text(100), success=False, result=self.text(), **task)


def rows(model: type[Model]) -> list[int | str | UUID]:
    """The key of every row."""
    return list(model._default_manager.order_by("pk").values_list("pk", flat=True))
