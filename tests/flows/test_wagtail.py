"""The CMS client against a real Wagtail with 1,200 pages."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from django.utils.dateparse import parse_datetime
from playwright.sync_api import expect
from pytest_django import DjangoDbBlocker

from integrations import ops
from integrations.models import Call, Essay, Service, SyncRun
from tests.browser.chromium import find, launched
from tests.browser.steps import DESKTOP, card, figure, is_same_page, panel, press, remember_page, sign_in
from tests.browser.watch import Watch
from tests.flows.deployment import PASSWORD, Deployment, deploy
from tests.flows.processes import free_port, seconds_until
from tests.peers import wagtail_peer

PAGES = 1200
CALLS = 64  # twenty pages an answer is the most Wagtail gives, one of them the last of the answer before
QUERY = {"type": "articles.ArticlePage", "fields": "body,author,last_published_at", "order": "id"}
INSTALLED_WITHIN_S = 300.0
RUN_WITHIN_S = 120.0

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Wagtail:
    """A console with one service that is a real Wagtail."""

    deployment: Deployment
    url: str
    first: SyncRun

    @property
    def service(self) -> Service:
        """It."""
        return Service.objects.get(slug="wagtail")

    def pages(self, offset: int, limit: int) -> list[dict[str, Any]]:
        """As Wagtail gives them, asked for without the console."""
        params: dict[str, str | int] = {**QUERY, "offset": offset, "limit": limit}
        answer = requests.get(f"{self.url}/api/v2/pages/", params, timeout=30)
        answer.raise_for_status()
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Wagtail that is ready."""
    port, log = free_port(), tmp_path_factory.mktemp("wagtail") / "output.log"
    command = [sys.executable, wagtail_peer.__file__, "--port", str(port), "--pages", str(PAGES)]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT) as process:
        try:
            _wait_for(process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _wait_for(process: subprocess.Popen[bytes], log: Path) -> None:
    seconds_until(
        lambda: process.poll() is not None or "ready http" in log.read_text(), INSTALLED_WITHIN_S, "Wagtail is ready"
    )
    if process.poll() == wagtail_peer.NOT_INSTALLED and not os.environ.get("CI"):
        pytest.skip("Wagtail cannot be installed here")
    assert process.poll() is None, log.read_text()


@pytest.fixture(scope="module")
def wagtail(
    peer: str, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Wagtail]:
    """Synced once."""
    folder = tmp_path_factory.mktemp("console")
    with django_db_blocker.unblock(), deploy(folder, first_start=True) as deployment:
        deployment.start_worker()
        deployment.start_web()
        query = "&".join(f"{name}={value}" for name, value in QUERY.items())
        service = Service.objects.create(
            slug="wagtail",
            name="Wagtail",
            system="cms",
            base_url=peer,
            options={"query": query},
            check_every_minutes=0,
        )
        yield Wagtail(deployment, peer, sync(service))


def sync(service: Service, *, full: bool = False) -> SyncRun:
    """A run of it that has ended."""
    (run,) = ops.sync_service(service, SyncRun.Trigger.COMMAND, full=full)
    ended = SyncRun.objects.filter(pk=run.pk).exclude(state__in=SyncRun.ACTIVE)
    took = seconds_until(ended.exists, RUN_WITHIN_S, "the run has ended")
    print(f"{run} took {took:.1f} s")
    return ended.get()


def test_every_page_is_copied_in_as_few_calls_as_can_be(wagtail: Wagtail) -> None:
    run = wagtail.first
    assert (run.state, run.items, run.created, run.total) == (SyncRun.State.SUCCEEDED, PAGES, PAGES, PAGES)
    assert Essay.objects.filter(service=wagtail.service).count() == PAGES
    calls = Call.objects.filter(run=run)
    assert calls.count() == CALLS
    assert set(calls.values_list("operation", "status", "outcome", "attempt")) == {("list_articles", 200, "ok", 1)}
    assert all(duration > 0 for duration in calls.values_list("duration_ms", flat=True))


@pytest.mark.parametrize("offset", [0, 597, PAGES - 4])
def test_essays_are_what_wagtail_gives(wagtail: Wagtail, offset: int) -> None:
    for page in wagtail.pages(offset, 4):
        essay, meta = Essay.objects.get(service=wagtail.service, external_id=str(page["id"])), page["meta"]
        assert (essay.title, essay.body, essay.slug) == (page["title"], page["body"], meta["slug"])
        assert (essay.author, essay.url) == (page["author"], meta["html_url"])
        assert essay.published_at == parse_datetime(meta["first_published_at"])
        assert essay.source_modified_at == parse_datetime(meta["last_published_at"])


def test_a_second_sync_touches_no_row(wagtail: Wagtail) -> None:
    before = list(Essay.objects.order_by("pk").values())
    run = sync(wagtail.service, full=True)
    assert (run.state, run.items, run.unchanged) == (SyncRun.State.SUCCEEDED, PAGES, PAGES)
    assert (run.created, run.updated, run.deleted, run.rejected) == (0, 0, 0, 0)
    assert list(Essay.objects.order_by("pk").values()) == before


def test_a_person_syncs_it_and_watches(wagtail: Wagtail) -> None:
    watch = Watch()
    with launched(find()) as browser, browser.new_context(base_url=wagtail.deployment.url, viewport=DESKTOP) as context:
        ops.forget_position(wagtail.service.streams.get())
        page = watch.over(context.new_page())
        sign_in(page, "admin", PASSWORD)
        page.goto(wagtail.service.get_absolute_url())
        press(page, "Sync now")
        page.get_by_text("Started:").get_by_role("link").click()
        remember_page(page)
        expect(panel(page)).to_contain_text("Succeeded", timeout=RUN_WITHIN_S * 1000)
        expect(figure(page, "Read")).to_have_text("1,200 of 1,200")
        expect(figure(page, "Unchanged")).to_have_text("1,200")
        assert is_same_page(page)
        page.goto("/admin/")
        shown = card(page, "Wagtail").locator("dd").first.inner_text()
        assert int(shown) == Call.objects.filter(service=wagtail.service).count() >= 2 * CALLS
        page.goto("/admin/integrations/essay/")
        expect(page.locator("#result_list")).to_contain_text(Essay.objects.latest("synced_at", "pk").title)
    assert not watch.complaints
