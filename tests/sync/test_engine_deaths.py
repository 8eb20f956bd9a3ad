"""Workers that die in the middle, and workers that come back too late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pkgutil import resolve_name
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from integrations import due, ops
from integrations.models import Essay, Incident, Service, Stream, SyncRun
from integrations.sync import reading
from tests.sync.remote import ARTICLES, PAGES, THIRD_PAGE, TWO_PAGES, Mishap, Remote
from tests.worker import expire, run_next, work_off

STAFF = SyncRun.Trigger.STAFF
pytestmark = pytest.mark.usefixtures("page_by_page")


class Killed(BaseException):
    """What no `except Exception` sees, as a SIGKILL."""


def before(place: str, number: int, action: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Do something just before the n-th call of a function of the console, and then call it."""
    original, calls = resolve_name(place), iter(range(1, 1000))

    def counted(*args: Any, **values: Any) -> Any:
        if next(calls) == number:
            action()
        return original(*args, **values)

    monkeypatch.setattr(place.replace(":", "."), counted)


def die() -> None:
    raise Killed


def take_over() -> None:
    """Another worker claims the row, as after a pause of this one that was longer than its lease."""
    SyncRun.objects.filter(state="running").update(
        lease_token=F("lease_token") + 1, lease_owner="another", lease_until=timezone.now() + timedelta(minutes=1)
    )


def essays(service: Service) -> list[tuple[Any, ...]]:
    return list(
        Essay.objects.filter(service=service)
        .order_by("external_id")
        .values_list("external_id", "content_hash", *Essay.synced_fields)
    )


def state_of(run: SyncRun) -> dict[str, Any]:
    return dict(SyncRun.objects.filter(pk=run.pk).values().get())


@pytest.fixture
def undisturbed(remote: Remote, articles: Stream) -> Iterator[list[tuple[Any, ...]]]:
    """What a run that nobody kills leaves behind, in another service that copies the same CMS."""
    twin = Service.objects.create(slug="twin", name="Twin", system="cms", base_url=remote.url, check_every_minutes=0)
    ops.sync(twin.streams.get(), STAFF)
    work_off()
    remote.asked.clear()
    yield essays(twin)
    assert essays(articles.service) == essays(twin)


RENEW, WRITE, FINISH = (f"integrations.leases:Lease.{name}" for name in ("renew", "write", "finish"))
END = "integrations.sync.ending:end"
WRITE_PAGE, STOP, PARK = (f"integrations.sync.engine:{name}" for name in ("_write", "_stop", "_park"))


# The lease is renewed once a page, before the page is written; both use Lease.write.
@pytest.mark.parametrize(
    ("place", "number"), [(RENEW, 1), (RENEW, 3), (WRITE, 2), (WRITE, 6), (WRITE_PAGE, 5), (FINISH, 1)]
)
def test_a_killed_run_goes_on_from_its_checkpoint(
    undisturbed: list[Any], remote: Remote, articles: Stream, place: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(place, number, die, monkeypatch)
    run = ops.sync(articles, STAFF)
    with pytest.raises(Killed):
        run_next()
    run.refresh_from_db()
    assert run.state == "running"
    assert run.items == Essay.objects.filter(service=articles.service).count() == run.checkpoint.get("count", 0)
    expire(run)
    due.start()
    work_off()
    run.refresh_from_db()
    assert (run.state, run.created, run.items, run.pages, run.lost) == ("succeeded", ARTICLES, ARTICLES, PAGES, 1)
    assert len(undisturbed) == ARTICLES
    assert not run.changes.exists()
    assert len(remote.asked) <= PAGES + 2, "the page that was being written and the one that was read meanwhile"


def test_a_run_killed_at_every_page_still_ends(
    undisturbed: list[Any], articles: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ops.sync(articles, STAFF)
    for page in range(1, PAGES):
        with monkeypatch.context() as patch:
            before(RENEW, 2, die, patch)
            with pytest.raises(Killed):
                run_next()
        run.refresh_from_db()
        assert (run.state, run.pages, run.claims) == ("running", page, 0)
        expire(run)
        due.start()
    work_off()
    run.refresh_from_db()
    assert (run.state, run.created, run.lost) == ("succeeded", ARTICLES, PAGES - 1)


def test_of_a_batch_that_was_being_read_nothing_is_left(
    undisturbed: list[Any], remote: Remote, articles: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "ITEMS", TWO_PAGES)
    monkeypatch.setattr(reading, "ONE_BY_ONE", TWO_PAGES)
    before(RENEW, 4, die, monkeypatch)
    run = ops.sync(articles, STAFF)
    with pytest.raises(Killed):
        run_next()
    run.refresh_from_db()
    assert (run.pages, run.items, run.checkpoint["at"]) == (2, TWO_PAGES, TWO_PAGES)
    assert Essay.objects.filter(service=articles.service).count() == TWO_PAGES
    remote.asked.clear()
    expire(run)
    due.start()
    work_off()
    run.refresh_from_db()
    assert (run.state, run.created, run.items, run.pages) == ("succeeded", ARTICLES, ARTICLES, PAGES)
    assert remote.asked[0] == THIRD_PAGE
    assert len(undisturbed) == ARTICLES


def test_a_late_page_is_rolled_back_with_its_rows(articles: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[dict[str, Any]] = []
    run = ops.sync(articles, STAFF)

    def lose() -> None:
        take_over()
        taken.append(state_of(run))

    before(WRITE_PAGE, 3, lose, monkeypatch)
    run_next()
    assert taken == [state_of(run)]
    assert Essay.objects.count() == TWO_PAGES


@pytest.mark.parametrize("place", [RENEW, END])
def test_a_worker_that_lost_its_run_ends_without_a_trace(
    articles: Stream, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(place, 1, take_over, monkeypatch)
    run = ops.sync(articles, STAFF)
    run_next()
    run.refresh_from_db()
    assert (run.state, run.lease_owner, run.finished_at) == ("running", "another", None)
    articles.refresh_from_db()
    assert articles.last_success_at is None


@pytest.mark.parametrize(
    ("mishap", "place"),
    [
        pytest.param(Mishap(401), STOP, id="failed"),
        pytest.param(Mishap(500), STOP, id="tried again"),
        pytest.param(Mishap(429, headers={"Retry-After": "600"}), PARK, id="parked"),
    ],
)
def test_the_failure_of_a_late_worker_is_not_the_failure_of_the_run(
    remote: Remote, articles: Stream, mishap: Mishap, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.mishaps[THIRD_PAGE] = mishap
    before(place, 1, take_over, monkeypatch)
    run = ops.sync(articles, STAFF)
    run_next()
    run.refresh_from_db()
    assert (run.state, run.lease_owner, run.failure_message) == ("running", "another", "")
    assert not Incident.objects.exists()


def test_a_run_that_kills_its_worker_each_time_is_given_up_and_says_so(
    articles: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.leases.Lease.renew", lambda *_: die())
    run = ops.sync(articles, STAFF)
    for _ in range(due.MOST_DEATHS):
        with pytest.raises(Killed):
            run_next()
        expire(run)
        due.start()
    assert work_off() == 0
    run.refresh_from_db()
    assert (run.state, run.failure_code, run.claims) == ("failed", "worker_died", due.MOST_DEATHS)
    assert "died 5 times" in run.failure_message
    incident = Incident.objects.get()
    assert (incident.kind, incident.code, incident.service) == ("sync", "worker_died", articles.service)
