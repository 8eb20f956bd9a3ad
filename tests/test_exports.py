"""Exports by a worker: each row once whoever dies meanwhile, for those alone who may, and gone after a day."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.core.files.storage import FileSystemStorage, default_storage
from django.utils import timezone

from integrations import due, exporting, exports, leases, ops, patience, tasks
from integrations.models import Call, Export, Service
from integrations.models.export import KEPT
from tests.admin.population import one_of_each
from tests.test_latency import call
from tests.worker import expire, make_due, work_off

ROWS = 2_500


@pytest.fixture(autouse=True)
def own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def calls(cms: Service) -> list[int]:
    Call.objects.bulk_create([call(cms, timedelta(seconds=number)) for number in range(ROWS)])
    return list(Call.objects.order_by("pk").values_list("pk", flat=True))


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PORTIONS", 1)


def asked(manager: User, form: str = "csv", query: str = "", table: str = "calls") -> Export:
    return ops.export(table, form, query, manager)


def made(manager: User, form: str = "csv", query: str = "", table: str = "calls") -> Export:
    job = asked(manager, form, query, table)
    work_off()
    job.refresh_from_db()
    return job


def keys(job: Export) -> list[int]:
    body = b"".join(exports.chunks(job))
    assert len(body) == job.size
    if job.form == "csv":
        return [int(row["id"]) for row in csv.DictReader(io.StringIO(body.decode(), newline=""))]
    if job.form == "json":
        return [row["id"] for row in json.loads(body)]
    rows = openpyxl.load_workbook(io.BytesIO(body), read_only=True)["Rows"].iter_rows(values_only=True)
    return [int(str(row[0])) for row in list(rows)[1:]]


@pytest.mark.parametrize("form", exporting.FORMATS)
@pytest.mark.usefixtures("small_parts")
def test_the_file_holds_each_row_once(manager: User, calls: list[int], form: str) -> None:
    job = made(manager, form)
    assert (job.state, job.done, job.total, job.percent) == ("succeeded", ROWS, ROWS, 100)
    assert keys(job) == calls
    assert len(job.parts) == (1 if form == exporting.WORKBOOK else 3)


@pytest.mark.parametrize("rows", [0, 1, exporting.PORTION, 2 * exporting.PORTION])
@pytest.mark.parametrize("form", exporting.LINES)
@pytest.mark.usefixtures("small_parts")
def test_a_file_that_ends_with_a_part_is_whole(
    manager: User, cms: Service, form: str, rows: int, tmp_path: Path
) -> None:
    Call.objects.bulk_create([call(cms, timedelta(seconds=number)) for number in range(rows)])
    job = made(manager, form)
    exporting.export(Call.objects.all(), form, tmp_path / "whole")
    assert b"".join(exports.chunks(job)) == (tmp_path / "whole").read_bytes()


def test_it_holds_what_the_list_shows(manager: User, calls: list[int]) -> None:
    Call.objects.filter(pk__in=calls[:7]).update(trigger="staff")
    job = made(manager, query="trigger__exact=staff&p=x&o=1")
    assert keys(job) == calls[:7]


@pytest.mark.usefixtures("small_parts", "calls")
def test_the_next_slice_goes_on_where_the_last_one_ended(manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "SLICE_S", -1.0)
    job = asked(manager)
    tasks.make_export(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.done, job.percent, job.claims) == ("queued", 1000, 40, 0)
    work_off()
    job.refresh_from_db()
    assert (job.state, job.done, job.lease_token) == ("succeeded", ROWS, 3)


@pytest.mark.parametrize("form", exporting.FORMATS)
@pytest.mark.parametrize("stored_before", [False, True])
@pytest.mark.usefixtures("small_parts")
def test_a_worker_that_dies_at_any_part_costs_no_row_and_doubles_none(
    manager: User, calls: list[int], monkeypatch: pytest.MonkeyPatch, form: str, stored_before: bool
) -> None:
    """Once at each part: before it is stored, or between that and the row."""
    job, add, seen = asked(manager, form), exports._add_part, set()

    def dies(*given: Any) -> bool:
        at = len(given[1].parts)
        is_end = add(*given) if stored_before or at in seen else False
        if at not in seen:
            seen.add(at)
            raise SystemExit
        return is_end

    monkeypatch.setattr(exports, "_add_part", dies)
    while Export.objects.get(pk=job.pk).state in Export.ACTIVE:
        try:
            tasks.make_export(str(job.pk))
        except SystemExit:
            expire(job)
            due.start()
    job.refresh_from_db()
    assert job.state == "succeeded"
    assert keys(job) == calls
    assert len(seen) == len(job.parts)


@pytest.mark.usefixtures("calls")
def test_who_was_taken_for_dead_writes_nothing_more(manager: User) -> None:
    job = asked(manager)
    late = leases.claim(Export, job.pk)
    assert late
    expire(job)
    due.start()
    work_off()
    exports.run(late)
    job.refresh_from_db()
    assert (job.state, job.done, len(job.parts)) == ("succeeded", ROWS, 1)
    assert len(keys(job)) == ROWS


@pytest.mark.usefixtures("small_parts", "calls")
def test_a_cancelled_one_ends_with_the_part_that_is_being_written(
    manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, add = asked(manager), exports._add_part

    def meanwhile(*given: Any) -> bool:
        ops.cancel_export(job, manager)
        return add(*given)

    monkeypatch.setattr(exports, "_add_part", meanwhile)
    work_off()
    job.refresh_from_db()
    assert (job.state, job.done, job.failure_message) == ("cancelled", 0, f"Cancelled by {manager}.")
    with pytest.raises(ops.Impossible, match="ended already"):
        ops.cancel_export(job, manager)


def test_the_same_asked_for_twice_is_made_once(manager: User, operator: User) -> None:
    first = asked(manager)
    assert asked(manager) == first
    assert len({first, asked(operator), asked(manager, "json"), asked(manager, query="q=x")}) == 4
    work_off()
    assert asked(manager) != first


@pytest.mark.parametrize("gone", ["account", "right", "role"])
def test_who_may_not_export_any_more_gets_no_file(manager: User, calls: list[int], gone: str) -> None:
    job = asked(manager)
    if gone == "account":
        manager.delete()
    elif gone == "right":
        manager.is_active = False
        manager.save()
    else:
        manager.groups.clear()
    work_off()
    job.refresh_from_db()
    assert (job.state, job.failure_message, job.parts) == ("failed", exports.NO_MORE, [])


@pytest.mark.parametrize("query", ["bogus=1", "started_at__year=99999", "id__in=x"])
def test_a_filter_that_is_no_longer_known_is_refused_and_not_left_out(manager: User, query: str) -> None:
    job = made(manager, query=query)
    assert (job.state, job.failure_message) == ("failed", exports.NONSENSE)


@pytest.mark.usefixtures("calls")
def test_too_many_rows_for_a_workbook_are_refused_with_advice(manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_OF_WORKBOOK", 10)
    job = made(manager, "xlsx")
    assert (job.state, job.parts) == ("failed", [])
    assert "A workbook holds 10 rows here. Export as CSV" in job.failure_message


@pytest.mark.usefixtures("calls")
def test_a_storage_that_is_away_is_waited_for(manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> str:
        raise OSError(28, "No space left on device")

    save = FileSystemStorage.save
    monkeypatch.setattr(FileSystemStorage, "save", full)
    job = made(manager)
    assert job.state == "parked"
    assert "No space left on device. Make room" in job.failure_message
    monkeypatch.setattr(FileSystemStorage, "save", save)
    make_due(job)
    due.start()
    work_off()
    job.refresh_from_db()
    assert (job.state, job.done, job.failure_message) == ("succeeded", ROWS, "")


@pytest.mark.usefixtures("calls")
def test_a_storage_that_stays_away_ends_it(manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(FileSystemStorage, "save", away)
    job = asked(manager)
    for _ in range(exports.MOST_CLAIMS):
        work_off()
        make_due(job)
        due.start()
    job.refresh_from_db()
    assert (job.state, job.failure_code) == ("failed", "storage")


@pytest.mark.usefixtures("calls")
def test_what_takes_too_long_to_count_is_exported_without_a_total(
    manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow:
        def __enter__(self) -> None:
            raise patience.TookTooLong

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(patience, "at_most", lambda _seconds: Slow())
    job = made(manager)
    assert (job.state, job.done, job.total) == ("succeeded", ROWS, None)


def test_a_part_that_is_not_as_it_was_written_is_noticed_before_anything_is_sent(
    manager: User, calls: list[int]
) -> None:
    job = made(manager)
    Path(default_storage.path(job.parts[0][0])).write_bytes(b"cut")
    with pytest.raises(OSError, match="not as it was written"):
        exports.chunks(job)


@pytest.mark.usefixtures("calls")
def test_files_are_deleted_after_a_day_and_rows_after_a_season(manager: User) -> None:
    job, young = made(manager), made(manager, "json")
    default_storage.save(f"{job.folder}/00007-3", io.BytesIO(b"of a worker that died"))
    Export.objects.filter(pk=job.pk).update(finished_at=timezone.now() - KEPT)
    exports.forget_old()
    job.refresh_from_db()
    assert (job.is_kept, job.is_ready, job.parts) == (False, False, [])
    assert not default_storage.exists(job.folder)
    young.refresh_from_db()
    assert young.is_ready
    assert keys(young)
    Export.objects.filter(pk=job.pk).update(finished_at=timezone.now() - exports.REMEMBERED)
    exports.forget_old()
    assert list(Export.objects.all()) == [young]


@pytest.mark.parametrize("table", exporting.TABLES)
@pytest.mark.parametrize("form", exporting.FORMATS)
def test_every_table_is_exported_whole(manager: User, table: str, form: str) -> None:
    one_of_each()
    job = asked(manager, form, table=table)
    tasks.make_export(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.done) == ("succeeded", exporting.TABLES[table]._default_manager.count())
    assert job.done
