"""The verbs: a row and its bell, both or neither."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_q.models import OrmQ

from integrations import ops, tasks
from integrations.models import CachedAnswer, HealthCheck, Job, MediaAttachment, Service, Stream, SyncRun, WebhookEvent
from integrations.ops import bells
from tests.recorded import recorded
from tests.worker import queued

STAFF = "staff"
Ask = Callable[[], Job]


@pytest.fixture
def stream(cms: Service) -> Stream:
    return cms.streams.select_related("service").get()


@pytest.fixture
def ended(stream: Stream) -> SyncRun:
    return SyncRun.objects.create(stream=stream, trigger=STAFF, state="failed")


@pytest.fixture
def event(cms: Service) -> WebhookEvent:
    return WebhookEvent.objects.create(service=cms, delivery_id="1", body=b"{}", state="dead", claims=5)


@pytest.fixture
def media(db: None) -> MediaAttachment:
    return MediaAttachment.objects.create(file=ContentFile(b"no picture", "name"), state="quarantined", claims=3)


@pytest.fixture
def verbs(cms: Service, stream: Stream, ended: SyncRun, event: WebhookEvent, media: MediaAttachment) -> dict[str, Ask]:
    def receive() -> Job:
        delivery = WebhookEvent(service=cms, delivery_id="2", body=b"{}")
        assert ops.receive(delivery)
        return delivery

    return {
        "sync": lambda: ops.sync(stream, STAFF),
        "sync_service": lambda: ops.sync_service(cms, STAFF)[0],
        "retry": lambda: ops.retry(ended),
        "check": lambda: ops.check(cms, STAFF),
        "replay": lambda: ops.replay(event),
        "validate": lambda: ops.validate(media),
        "receive": receive,
        "repeat": lambda: ops.repeat(recorded(cms)),
    }


VERBS = ["sync", "sync_service", "retry", "check", "replay", "validate", "receive", "repeat"]


def waiting() -> int:
    return sum(model._default_manager.filter(state="queued").count() for model in ops.TASKS)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_writes_its_row_and_rings_once(verbs: dict[str, Ask], verb: str) -> None:
    job = verbs[verb]()
    assert queued() == [(ops.TASKS[type(job)], (str(job.pk),))]
    job.refresh_from_db()
    assert (job.state, job.claims) == ("queued", 0)
    assert job.enqueued_at
    assert waiting() == 1


@pytest.mark.parametrize("verb", VERBS)
def test_a_rollback_leaves_neither_row_nor_bell(verbs: dict[str, Ask], verb: str) -> None:
    with transaction.atomic():
        verbs[verb]()
        transaction.set_rollback(True)
    assert waiting() == OrmQ.objects.count() == 0


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "receive"])  # see tests/webhooks/test_storing.py
def test_a_bell_that_cannot_be_rung_leaves_no_row(
    verbs: dict[str, Ask], verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(bells, "async_task", broken)
    with pytest.raises(OSError):  # noqa: PT011 - as raised above
        verbs[verb]()
    assert waiting() == OrmQ.objects.count() == 0


def test_every_task_that_is_rung_for_exists() -> None:
    assert {f"integrations.tasks.{name}" for name in vars(tasks)} >= set(ops.TASKS.values())


@pytest.mark.parametrize("off", [Service, Stream])
def test_what_is_off_is_not_synced(stream: Stream, off: type[Service | Stream]) -> None:
    off._default_manager.update(enabled=False)
    with pytest.raises(ops.Impossible, match=r"is switched off\. Enable the \w+ first\."):
        ops.sync(Stream.objects.select_related("service").get(), STAFF)
    assert not SyncRun.objects.exists()


def test_a_second_run_of_a_stream_is_refused_with_a_sentence(stream: Stream) -> None:
    ops.sync(stream, STAFF)
    with pytest.raises(ops.Impossible, match=r"is already being synced\. Wait for that run to end\."):
        ops.sync(stream, STAFF)
    assert SyncRun.objects.count() == OrmQ.objects.count() == 1


@pytest.mark.parametrize("state", SyncRun.ACTIVE)
def test_the_database_itself_refuses_a_second_active_run(stream: Stream, state: str) -> None:
    SyncRun.objects.create(stream=stream, trigger=STAFF, state=state)
    with pytest.raises(IntegrityError), transaction.atomic():
        SyncRun.objects.create(stream=stream, trigger=STAFF)


def test_a_service_without_a_stream_says_so(github: Service) -> None:
    github.streams.all().delete()
    with pytest.raises(ops.Impossible, match=r"GitHub has no stream to sync\."):
        ops.sync_service(github, STAFF)


def test_a_service_whose_every_stream_is_busy_says_so_once(cms: Service) -> None:
    ops.sync_service(cms, STAFF)
    with pytest.raises(ops.Impossible, match="is already being synced") as refused:
        ops.sync_service(cms, STAFF)
    assert str(refused.value).count("already") == 1


def test_a_retry_keeps_the_trail_and_names_what_it_retries(ended: SyncRun, operator: User) -> None:
    run = ops.retry(ended, operator)
    run.refresh_from_db()
    assert (run.correlation_id, run.retry_of, run.actor) == (ended.correlation_id, ended, operator)
    assert run.trigger == SyncRun.Trigger.RETRY
    assert run.checkpoint == {}


def test_everything_of_a_service_is_every_stream_of_it(cms: Service) -> None:
    now = timezone.now()
    Stream.objects.update(watermark=now, last_full_at=now)
    assert [run.mode for run in ops.sync_service(cms, STAFF, full=True)] == ["full"]


def test_who_forgot_a_position_is_on_record(stream: Stream, manager: User) -> None:
    now = timezone.now()
    Stream.objects.update(watermark=now, last_full_at=now)
    ops.forget_position(stream, manager)
    stream.refresh_from_db()
    assert (stream.watermark, stream.last_full_at) == (None, None)
    assert stream.forgotten_at
    change = stream.position_changes.get()
    assert (change.actor, change.before, change.after) == (manager, now, None)


@pytest.mark.parametrize("state", sorted(set(SyncRun.ACTIVE) - {"parked"}))
def test_a_run_that_has_not_ended_is_not_retried(ended: SyncRun, state: str) -> None:
    ended.state = state
    ended.save()
    with pytest.raises(ops.Impossible, match="has not ended yet"):
        ops.retry(ended)


def test_an_ended_run_is_not_retried_beside_another(ended: SyncRun, stream: Stream) -> None:
    ops.sync(stream, STAFF)
    with pytest.raises(ops.Impossible, match="already being synced"):
        ops.retry(ended)


def test_a_second_check_is_the_one_under_way(cms: Service) -> None:
    first = ops.check(cms, STAFF)
    assert ops.check(cms, STAFF) == first
    assert HealthCheck.objects.count() == OrmQ.objects.count() == 1


def test_a_service_that_is_off_is_not_checked(cms: Service) -> None:
    cms.enabled = False
    with pytest.raises(ops.Impossible, match="is switched off"):
        ops.check(cms, STAFF)


@pytest.mark.django_db(transaction=True)
def test_a_check_of_a_service_that_is_gone_ends_with_a_sentence(cms: Service) -> None:
    gone = Service.objects.get()
    cms.streams.all().delete()
    cms.delete()
    with pytest.raises(ops.Impossible, match="is gone"):
        ops.check(gone, STAFF)


def test_asking_for_a_replay_twice_is_one_replay(event: WebhookEvent, operator: User) -> None:
    ops.replay(event, operator)
    with pytest.raises(ops.Impossible, match="already waiting"):
        ops.replay(event, operator)
    assert OrmQ.objects.count() == 1
    event.refresh_from_db()
    assert event.actor == operator


@pytest.mark.parametrize("state", ["running", "parked"])
def test_a_delivery_that_is_under_way_is_not_replayed(event: WebhookEvent, state: str) -> None:
    WebhookEvent.objects.update(state=state)
    with pytest.raises(ops.Impossible):
        ops.replay(event)
    assert not OrmQ.objects.exists()


def test_a_delivery_that_came_before_is_counted_and_not_touched(cms: Service, event: WebhookEvent) -> None:
    again = WebhookEvent(service=cms, delivery_id=event.delivery_id, body=b"another body")
    assert not ops.receive(again)
    event.refresh_from_db()
    assert (event.duplicates, bytes(event.body), event.state) == (1, b"{}", "dead")
    assert not OrmQ.objects.exists()


def test_a_file_under_validation_is_not_taken_from_its_worker(media: MediaAttachment) -> None:
    MediaAttachment.objects.update(state="running")
    ops.validate(media)
    media.refresh_from_db()
    assert media.state == "running"


def test_a_purge_spares_other_services_counts_answers_and_says_who(
    cms: Service, github: Service, operator: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for service in (cms, github):
        CachedAnswer.objects.create(service=service, key="kept", operation="look_up", stored_at=timezone.now())
        CachedAnswer.objects.create(service=service, key="being asked", operation="look_up")
    assert ops.purge_cache(cms, operator) == 1
    assert set(CachedAnswer.objects.values_list("service", flat=True)) == {github.pk}
    assert CachedAnswer.objects.count() == 2
    assert "cache of service=cms purged by operator, answers=1" in caplog.text
    assert ops.purge_cache(cms, operator) == 0


def test_asking_for_a_beat_rings_the_tick(db: None) -> None:
    ops.ask_for_beat()
    assert queued() == [("integrations.tasks.tick", ())]
