"""The page of a preview, its plan, and the button that applies it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations import ops
from integrations.models import Change, Essay, Service, SyncRun
from tests.admin.asking import SUBMITTED, messages_of, page, said
from tests.worker import work_off

AsPerson = Callable[[User], Client]
TITLE = "<script>alert(1)</script>"


@pytest.fixture
def client(operator: User, as_person: AsPerson) -> Client:
    return as_person(operator)


@pytest.fixture
def plan(cms: Service) -> SyncRun:
    """One essay would be updated, one would be gone, one created; the rest stays."""
    ops.sync(cms.streams.get(), SyncRun.Trigger.STAFF)
    work_off()
    first, second = Essay.objects.order_by("pk")[:2]
    first.delete()
    Essay.objects.filter(pk=second.pk).update(title=TITLE, content_hash="other")
    last = Essay.objects.order_by("pk").last()
    assert last
    last.pk, last.external_id = None, "gone at the source"
    last.save()
    run = ops.preview(cms.streams.get(), SyncRun.Trigger.STAFF)
    work_off()
    run.refresh_from_db()
    assert (run.created, run.updated, run.deleted) == (1, 1, 1)
    return run


def press(client: Client, run: SyncRun) -> str:
    response = client.post(page(SyncRun, "apply_plan", run.pk), SUBMITTED)
    assert response.status_code == 200
    return messages_of(response)[-1]


def test_its_page_shows_what_would_be_with_both_sides(client: Client, plan: SyncRun) -> None:
    text = said(client, plan.get_absolute_url())
    for words in ("Would be created", "Would be updated", "Would be gone", "Nothing of this has happened"):
        assert words in text
    assert "looks what a sync would do, and does nothing of it" in text
    assert "<del>&lt;script&gt;alert(1)&lt;/script&gt;</del>" in text
    assert TITLE not in text


def test_a_planned_change_says_so_in_the_list_and_on_its_page(client: Client, plan: SyncRun) -> None:
    change = plan.changes.get(kind="updated")
    assert "Would be updated" in said(client, page(Change, "changelist"))
    text = said(client, page(Change, "change", change.pk))
    assert "Would be updated" in text
    assert "<small>Before</small><del>&lt;script" in text
    assert change.fields not in text


def test_the_dialog_says_how_many_of_each_kind(client: Client, plan: SyncRun) -> None:
    text = said(client, page(SyncRun, "apply_plan", plan.pk))
    for words in ("Would be created", "Would be updated", "Would be marked as gone"):
        assert f"{words}</span> 1" in text
    assert Essay.objects.filter(deleted_at=None, external_id="gone at the source").exists()


def test_applying_starts_a_run_that_names_the_plan(client: Client, plan: SyncRun, operator: User) -> None:
    message = press(client, plan)
    run = SyncRun.objects.get(plan=plan)
    assert (run.mode, run.actor, run.trigger) == ("apply", operator, "staff")
    assert f'href="{run.get_absolute_url()}"' in message
    work_off()
    assert "applies the plan of" in said(client, run.get_absolute_url())
    assert f'It was applied by <a class="c-link" href="{run.get_absolute_url()}"' in said(
        client, plan.get_absolute_url()
    )


def test_applying_twice_is_told_and_the_dialog_says_so_before(client: Client, plan: SyncRun) -> None:
    press(client, plan)
    assert "applies this plan already" in press(client, plan)
    assert "applies this plan already" in said(client, page(SyncRun, "apply_plan", plan.pk))
    assert SyncRun.objects.filter(plan=plan).count() == 1


def test_what_was_left_alone_says_why_on_its_page(client: Client, plan: SyncRun) -> None:
    Essay.objects.filter(external_id="gone at the source").update(content_hash="changed")
    press(client, plan)
    work_off()
    change = Change.objects.get(run__plan=plan, kind="rejected")
    assert "Its row has changed since the preview." in said(client, page(Change, "change", change.pk))


def test_a_viewer_may_look_at_a_plan_and_not_apply_it(viewer: User, as_person: AsPerson, plan: SyncRun) -> None:
    client = as_person(viewer)
    assert "Would be created" in said(client, plan.get_absolute_url())
    assert client.post(page(SyncRun, "apply_plan", plan.pk), SUBMITTED).status_code == 403
    assert not SyncRun.objects.filter(plan=plan).exists()
