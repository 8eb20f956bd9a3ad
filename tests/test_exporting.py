"""Exports of any length: whole or not there, flat in memory, no formulas, no secrets."""

from __future__ import annotations

import csv
import json
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from integrations import credentials, exporting
from integrations.models import Call, Essay, Property, Service, SyncRun, WebhookEvent
from tests.admin.test_export import FORMULAS, HARMLESS, copy
from tests.canary import SECRET, hits
from tests.test_latency import call

FEW = 2_000


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".json":
        found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return found
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    book = load_workbook(path)
    names, *rows = book["Rows"].iter_rows()
    assert not [cell for row in rows for cell in row if cell.data_type == "f"]
    return [{str(name.value): cell.value for name, cell in zip(names, row, strict=True)} for row in rows]


@pytest.mark.parametrize("form", exporting.FORMATS)
def test_no_text_is_a_formula_and_nothing_else_changes(cms: Service, tmp_path: Path, form: str) -> None:
    texts = FORMULAS + HARMLESS + ["\u202eexe.txt", "\u2066x\u2069", "\U0001f468\u200d\U0001f469", "Z\u0351\u036b"]
    for number, text in enumerate(texts):
        copy(Essay, cms, number, title=text)
    path = tmp_path / f"essays.{form}"
    assert exporting.export(Essay.objects.all(), form, path) == len(texts)
    for text, row in zip(texts, read(path), strict=True):
        expected = f"'{text}" if text in FORMULAS else text
        # XML has one way to end a line.
        assert (row["title"] or "").replace("\r", "\n") == expected.replace("\r", "\n")


@pytest.mark.parametrize("form", exporting.FORMATS)
def test_numbers_and_structures_keep_what_they_are(cms: Service, tmp_path: Path, form: str) -> None:
    copy(Property, cms, address="-1 Street", latitude="-33.868820", longitude="-122.419400", data={"=1": "=2"})
    path = tmp_path / f"properties.{form}"
    exporting.export(Property.objects.all(), form, path)
    (row,) = read(path)
    assert (float(row["latitude"]), row["address"]) == (-33.86882, "'-1 Street")
    assert (row["data"] if form == "json" else json.loads(row["data"])) == {"=1": "=2"}


def test_a_workbook_takes_control_characters_and_long_texts(cms: Service, tmp_path: Path) -> None:
    copy(Essay, cms, title="a\x07b", body="x" * 40_000)
    exporting.export(Essay.objects.all(), "xlsx", tmp_path / "essays.xlsx")
    (row,) = read(tmp_path / "essays.xlsx")
    assert row["title"] == "a\N{REPLACEMENT CHARACTER}b"
    assert len(row["body"]) == 32_767
    assert row["body"].endswith("(cut)")


def test_more_rows_than_a_workbook_holds_are_refused_with_nothing_left(
    cms: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MOST_OF_WORKBOOK", 1)
    Call.objects.bulk_create([call(cms, timedelta(hours=1)) for _ in range(2)])
    with pytest.raises(exporting.TooMany, match="Export as CSV"):
        exporting.export(Call.objects.all(), "xlsx", tmp_path / "calls.xlsx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", exporting.FORMATS)
def test_an_export_that_breaks_leaves_what_was_there(
    cms: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    def breaks(*_: object) -> Iterator[list[list[object]]]:
        yield [[None] * (1 + len(exporting.columns(Call)))]
        raise ConnectionError

    path = tmp_path / f"calls.{form}"
    path.write_text("before")
    monkeypatch.setattr(exporting, "portions", breaks)
    with pytest.raises(ConnectionError):
        exporting.export(Call.objects.all(), form, path)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "before"


def test_nobody_else_may_read_the_file(cms: Service, tmp_path: Path) -> None:
    for form in exporting.FORMATS:
        path = tmp_path / f"services.{form}"
        exporting.export(Service.objects.all(), form, path)
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("form", "rows"), [("csv", 20_000), ("json", 20_000), ("xlsx", 6_000)])
def test_many_calls_take_the_memory_of_a_few(
    cms: Service, tmp_path: Path, form: str, rows: int, django_assert_num_queries: Any
) -> None:
    Call.objects.bulk_create([call(cms, timedelta(seconds=number)) for number in range(rows)], batch_size=1000)
    least = Call.objects.order_by("pk").values_list("pk", flat=True)[FEW]
    few = _peak(Call.objects.filter(pk__lt=least), form, tmp_path / "few")
    with django_assert_num_queries(rows // exporting.PORTION + 1):
        many = _peak(Call.objects.all(), form, tmp_path / "many")
    assert many < few * 1.3


def _peak(rows: Any, form: str, path: Path) -> int:
    tracemalloc.start()
    exporting.export(rows, form, path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("name", exporting.TABLES)
def test_what_is_kept_back_is_not_in_the_file(cms: Service, tmp_path: Path, name: str) -> None:
    credentials.store(cms, "token", SECRET)
    run = SyncRun.objects.create(stream=cms.streams.get(), trigger="staff", checkpoint={"next": SECRET})
    WebhookEvent.objects.create(
        service=cms, delivery_id="1", headers={"x-token": SECRET}, body=SECRET.encode(), received_at=timezone.now()
    )
    for form in exporting.FORMATS:
        path = tmp_path / f"{name}.{form}"
        exporting.export(exporting.TABLES[name].objects.all(), form, path)  # type: ignore[attr-defined]
        assert not hits(str(read(path)) if form == "xlsx" else path.read_text(encoding="utf-8"))
    assert run.checkpoint
