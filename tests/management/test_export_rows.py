"""Exports from a shell: which rows, and sentences for what makes no sense."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrations.models import Call, Service
from tests.test_latency import call


def export(path: Path, table: str, *words: str) -> int:
    out = StringIO()
    call_command("export_rows", table, "--output", str(path), *words, stdout=out)
    lines = len(path.read_text().splitlines()) - 1
    assert out.getvalue().startswith(f"{lines} {table} were written")
    return lines


def test_what_is_filtered_is_what_is_written(cms: Service, tmp_path: Path) -> None:
    Call.objects.bulk_create([call(cms, timedelta(days=days), outcome=f"{days}") for days in (1, 3, 5)])
    day = (timezone.now() - timedelta(days=4)).date().isoformat()
    assert export(tmp_path / "a.csv", "calls") == 3
    assert export(tmp_path / "a.csv", "calls", "--filter", "service=cms", "outcome=3") == 1
    assert export(tmp_path / "a.csv", "calls", "--filter", f"started_at__gte={day}") == 2
    assert export(tmp_path / "a.csv", "calls", "--filter", "run__isnull=true") == 3
    assert export(tmp_path / "a.csv", "services", "--filter", "service=cms") == 1
    assert export(tmp_path / "a.csv", "runs", "--filter", "service=cms") == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("outcome", "is no filter. Write column=value"),
        ("service=none", "There is no service “none”"),
        ("colour=red", "There is no column for “colour”. There are: id, service"),
        ("status=red", "“red” is no value of “status”"),
        ("started_at__gte=soon", "“soon” is no moment"),
        ("outcome__bogus=1", "There is no column for “outcome__bogus”"),
    ],
)
def test_a_filter_that_makes_no_sense_is_a_sentence(cms: Service, tmp_path: Path, words: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        export(tmp_path / "a.csv", "calls", "--filter", words)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_a_sentence(cms: Service, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"Nothing was exported: .*No such file"):
        export(tmp_path / "none" / "a.csv", "calls")
