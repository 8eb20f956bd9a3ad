"""A run from its first page to its last."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations import ops
from integrations.models import Call, Change, Essay, RecordError, Service, Stream, SyncRun
from integrations.sync import engine
from tests.sync.remote import ARTICLES, PAGES, Remote, article
from tests.sync.source import Source
from tests.worker import queued, run_next, work_off

STAFF = SyncRun.Trigger.STAFF


def sync(stream: Stream, *, full: bool = False) -> SyncRun:
    run = ops.sync(stream, STAFF, full=full)
    work_off()
    run.refresh_from_db()
    return run


def rows() -> list[dict[str, Any]]:
    return [dict(row) for row in Essay.objects.order_by("pk").values()]


def assert_counts_add_up(run: SyncRun) -> None:
    assert run.items == run.created + run.updated + run.unchanged + run.rejected + run.skipped
    assert run.changes.count() == run.updated
    assert run.errors.count() == run.rejected + run.skipped


def test_the_first_run_creates_every_article(cms: Service) -> None:
    run = sync(cms.streams.get())
    assert (run.state, run.items, run.created, run.total) == ("succeeded", 240, 240, 240)
    assert (run.pages, run.checkpoint["at"], run.percent) == (13, None, 100)
    assert_counts_add_up(run)
    assert Essay.objects.filter(service=cms, first_run=run, last_run=run).count() == 240


def test_each_page_is_one_call_that_knows_its_run(cms: Service) -> None:
    run = sync(cms.streams.get())
    calls = Call.objects.filter(run=run, trigger=Call.Trigger.SYNC, correlation_id=run.correlation_id)
    assert calls.count() == run.pages == Call.objects.count()


def test_the_end_is_noted_on_run_and_stream(cms: Service) -> None:
    run = sync(cms.streams.get())
    assert run.finished_at
    assert run.started_at
    assert run.lease_until is None
    last_success = cms.streams.get().last_success_at
    assert last_success
    assert last_success >= run.started_at


def test_the_second_run_finds_everything_unchanged_and_writes_no_row(cms: Service) -> None:
    sync(cms.streams.get())
    before = rows()
    with CaptureQueriesContext(connection) as queries:
        run = sync(cms.streams.get(), full=True)
    assert (run.state, run.unchanged, run.created, run.updated) == ("succeeded", 240, 0, 0)
    assert_counts_add_up(run)
    essays = [query["sql"] for query in queries if "integrations_essay" in query["sql"]]
    assert essays
    assert all(sql.startswith("SELECT") for sql in essays)
    assert rows() == before


def test_a_changed_article_is_updated_with_the_fields_that_differ(remote: Remote, articles: Stream) -> None:
    first = sync(articles)
    remote.articles[41] = article(42, title="Another title")
    run = sync(articles)
    assert (run.updated, run.unchanged) == (1, ARTICLES - 1)
    change = run.changes.get()
    assert (change.kind, change.external_id) == (Change.Kind.UPDATED, "42")
    assert change.diff == {"title": ["Title 42", "Another title"]}
    essay = Essay.objects.get(external_id="42")
    assert change.object_id == essay.pk
    assert (essay.title, essay.first_run, essay.last_run) == ("Another title", first, run)


def test_a_new_article_is_created_beside_the_known(remote: Remote, articles: Stream) -> None:
    sync(articles)
    remote.articles.append(article(ARTICLES + 1))
    run = sync(articles)
    assert (run.created, run.unchanged) == (1, ARTICLES)


def test_an_article_that_cannot_be_used_is_kept_aside_and_the_run_partly_succeeds(
    remote: Remote, articles: Stream
) -> None:
    remote.articles[3] = {"title": "I have no id"}
    remote.articles[30] = article(31, title="")
    run = sync(articles)
    assert (run.state, run.created, run.rejected) == ("partial", ARTICLES - 2, 2)
    assert_counts_add_up(run)
    nameless = RecordError.objects.get(external_id="")
    assert nameless.raw == {"title": "I have no id"}
    assert "Correct the path of the id" in nameless.reason
    assert RecordError.objects.get(external_id="31").field == "title"


def test_what_a_page_remarks_is_a_warning_once(source: Source, things: Stream) -> None:
    source.put(*"abcdef")
    source.remark = f"The list changed\x00 while it was read. {'x' * 1000}"
    run = sync(things)
    assert (run.state, run.pages, len(run.warnings)) == ("warned", 3, 1)
    assert run.warnings[0].startswith("The list changed\N{REPLACEMENT CHARACTER} while")
    assert len(run.warnings[0]) == engine.LONGEST_WARNING


def test_warnings_have_an_end(source: Source, things: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MOST_WARNINGS", 2)
    source.put(*"abcdefgh")
    source.trouble = {number: partial(setattr, source, "remark", f"Odd {number}.") for number in range(1, 5)}
    assert sync(things).warnings == ["Odd 1.", "Odd 2."]


def test_an_empty_list_is_a_good_sync_of_nothing(remote: Remote, articles: Stream) -> None:
    remote.articles = []
    run = sync(articles)
    assert (run.state, run.items, run.pages) == ("succeeded", 0, 0)


@pytest.mark.usefixtures("page_by_page")
@pytest.mark.parametrize("tells_total", [True, False])
def test_a_run_without_time_goes_on_over_several_tasks(
    remote: Remote, articles: Stream, tells_total: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SLICE_S", 0.0)
    remote.tells_total = tells_total
    run = ops.sync(articles, STAFF)
    tasks = work_off()
    run.refresh_from_db()
    assert (run.state, run.created, run.pages) == ("succeeded", ARTICLES, PAGES)
    assert tasks == PAGES + 1  # one a page, and one that finds the end
    assert run.lost == 0
    assert Essay.objects.count() == ARTICLES


@pytest.mark.usefixtures("page_by_page")
def test_between_two_slices_the_run_waits_in_the_queue(articles: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SLICE_S", 0.0)
    run = ops.sync(articles, STAFF)
    run_next()
    run.refresh_from_db()
    assert (run.state, run.pages, run.checkpoint["at"], run.lease_until) == ("queued", 1, 20, None)
    assert queued() == [("integrations.tasks.run_sync", (str(run.pk),))]
