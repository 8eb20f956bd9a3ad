"""From a long list to a file: what is too much for a page becomes a page that follows the worker, and a private file."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations import exporting, exports, ops, patience
from integrations.admin import base, resources
from integrations.models import Call, Export, Service, SyncRun
from integrations.models.export import KEPT
from tests.admin.asking import messages_of, page
from tests.admin.test_export import export, rows_of
from tests.conftest import MakePerson
from tests.test_latency import call
from tests.worker import work_off

AsPerson = Callable[[User], Client]


@pytest.fixture
def client(operator: User, as_person: AsPerson) -> Client:
    return as_person(operator)


@pytest.fixture(autouse=True)
def few_at_once(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(resources, "AT_ONCE", 2)


@pytest.fixture
def calls(cms: Service) -> list[int]:
    Call.objects.bulk_create([call(cms, timedelta(seconds=number)) for number in range(60)])
    return list(Call.objects.order_by("pk").values_list("pk", flat=True))


def asked(client: Client, form: str = "csv", **query: object) -> Export:
    response = export(client, Call, form, **query)
    job = Export.objects.latest("pk")
    assert (response.status_code, response.headers["Location"]) == (302, job.get_absolute_url())
    return job


def text_of(client: Client, job: Export) -> str:
    return " ".join(client.get(job.get_absolute_url()).content.decode().split())


def file_of(client: Client, job: Export) -> Any:
    return client.get(reverse("admin:integrations_export_download", args=[job.pk]))


def choose(client: Client, rows: list[int], across: str = "0", **query: object) -> Any:
    data = {"action": "export_chosen", "_selected_action": rows, "select_across": across}
    return client.post(page(Call, "changelist", **query), data)


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_more_rows_than_a_page_has_time_for_are_made_by_a_worker(client: Client, calls: list[int], form: str) -> None:
    job = asked(client, form)
    assert "A worker writes the file." in text_of(client, job)
    work_off()
    shown = text_of(client, job)
    assert "The file is ready" in shown
    response = file_of(client, job)
    assert response.status_code == 200
    assert re.fullmatch(rf'attachment; filename="calls-[\d-]+\.{form}"', response.headers["Content-Disposition"])
    assert "no-store" in response.headers["Cache-Control"]
    body = b"".join(response.streaming_content)
    assert len(body) == int(response.headers["Content-Length"])


def test_the_filter_of_the_list_is_kept_and_its_page_is_not(client: Client, calls: list[int]) -> None:
    Call.objects.filter(pk__in=calls[:5]).update(trigger="staff")
    job = asked(client, trigger__exact="staff", p="x", o="1")
    assert job.query == "trigger__exact=staff"
    assert "<code>trigger__exact=staff</code>" in text_of(client, job)
    work_off()
    job.refresh_from_db()
    assert job.done == 5


def test_what_takes_too_long_to_find_is_left_to_a_worker(
    client: Client, calls: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(*_: Any, **__: Any) -> None:
        raise patience.TookTooLong

    monkeypatch.setattr(resources, "AT_ONCE", 5000)
    monkeypatch.setattr(exporting, "write", give_up)
    assert asked(client).state == "queued"


def test_a_few_are_exported_at_once(client: Client, calls: list[int]) -> None:
    assert len(rows_of(export(client, Call, id__in=",".join(map(str, calls[:2]))))) == 2
    assert not Export.objects.exists()


def test_the_file_is_for_who_asked_alone(
    client: Client, manager: User, root: User, as_person: AsPerson, calls: list[int]
) -> None:
    job = asked(client)
    work_off()
    for other in (as_person(manager), as_person(root)):
        assert file_of(other, job).status_code == 404
        assert "Only operator can download it" in text_of(other, job)
    assert file_of(client, job).status_code == 200


def test_the_file_is_not_for_who_may_not_export_any_more(client: Client, operator: User, calls: list[int]) -> None:
    job = asked(client)
    work_off()
    operator.groups.set([])
    assert file_of(client, job).status_code in {403, 404}


@pytest.mark.parametrize("state", ["queued", "running", "failed", "cancelled"])
def test_there_is_no_file_of_what_is_not_whole(client: Client, operator: User, state: str) -> None:
    job = Export.objects.create(table="calls", form="csv", actor=operator, state=state)
    assert file_of(client, job).status_code == 404


def test_after_a_day_the_page_says_that_the_file_is_deleted(client: Client, calls: list[int]) -> None:
    job = asked(client)
    work_off()
    Export.objects.update(finished_at=timezone.now() - KEPT)
    exports.forget_old()
    assert file_of(client, job).status_code == 404
    shown = text_of(client, job)
    assert "Expired" in shown
    assert "The file was deleted a day after it was made." in shown


def test_a_file_that_was_lost_is_said_to_be(client: Client, calls: list[int]) -> None:
    job = asked(client)
    work_off()
    job.refresh_from_db()
    default_storage.delete(job.parts[0][0])
    response = file_of(client, job)
    assert (response.status_code, response.headers["Location"]) == (302, job.get_absolute_url())
    assert "no longer in the storage" in messages_of(response)[0]


def test_the_chosen_rows_are_exported(client: Client, calls: list[int]) -> None:
    response = choose(client, calls[:2], q="list")
    assert response.status_code == 302
    shown = client.get(response.headers["Location"])
    answer = client.post(response.headers["Location"], {"format": "0", "resource": "0"})
    assert shown.status_code == 200
    assert {int(row["id"]) for row in rows_of(answer)} == set(calls[:2])


def test_all_pages_are_exported_with_the_filter_of_the_list(client: Client, calls: list[int]) -> None:
    Call.objects.filter(pk__in=calls[:55]).update(trigger="staff")
    response = choose(client, calls[:1], across="1", trigger__exact="staff")
    answer = client.post(response.headers["Location"], {"format": "0", "resource": "0"})
    job = Export.objects.get()
    assert answer.headers["Location"] == job.get_absolute_url()
    work_off()
    job.refresh_from_db()
    assert job.done == 55


def test_a_list_of_several_pages_offers_all_of_them(client: Client, calls: list[int]) -> None:
    assert "Choose all pages" in client.get(page(Call, "changelist")).content.decode()
    few = client.get(page(Call, "changelist", id__in=str(calls[0]))).content.decode()
    assert "Choose all pages" not in few


@pytest.mark.parametrize("across", ["1", "true", "yes"])
def test_other_verbs_are_not_asked_of_any_number_of_rows(
    client: Client, cms: Service, monkeypatch: pytest.MonkeyPatch, across: str
) -> None:
    monkeypatch.setattr(base, "MOST_AT_ONCE", 2)
    made = {"stream": cms.streams.get(), "trigger": "staff", "state": "failed"}
    rows = [SyncRun.objects.create(**made).pk for _ in range(3)]
    data = {"action": "retry_chosen", "_selected_action": rows[:1], "select_across": across}
    response = client.post(page(SyncRun, "changelist"), data)
    assert response.status_code == 302
    assert "too many at once" in messages_of(response)[0]
    SyncRun.objects.filter(pk=rows[0]).delete()
    assert client.post(page(SyncRun, "changelist"), data | {"_selected_action": rows[1:]}).status_code == 200


@pytest.mark.parametrize("who", ["viewer", "stranger"])
def test_who_may_not_export_has_no_such_action(
    person: MakePerson, as_person: AsPerson, calls: list[int], who: str
) -> None:
    client = as_person(person(who, "Viewer") if who == "viewer" else person(who))
    assert "export_chosen" not in client.get(page(Call, "changelist")).content.decode()
    response = choose(client, calls[:2])
    assert "export/" not in response.headers.get("Location", "")


def test_cancelling_says_who_did_it(client: Client, operator: User, calls: list[int]) -> None:
    job = asked(client)
    ops.cancel_export(job, operator)
    assert "Cancelled by operator." in text_of(client, job)
