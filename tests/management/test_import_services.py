"""Services out of a file, for a shell."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from integrations.importing import services
from integrations.models import Service, SettingsChange
from tests.admin.asking import tables

ROWS = "slug,name,system\ncms,Other,cms\nnew,New,github\n"


@pytest.fixture
def file(tmp_path: Path, cms: Service) -> Path:
    path = tmp_path / "services.csv"
    path.write_text(ROWS)
    return path


def said(*words: str) -> str:
    out = io.StringIO()
    call_command("import_services", *words, stdout=out)
    return out.getvalue()


def test_it_says_what_it_would_do_and_does_nothing(file: Path, cms: Service) -> None:
    before, text = tables(), said(str(file))
    assert f"Row 1, cms: changed\n  Name: {cms.name} → Other\n" in text
    assert text.endswith("Create 1 and change 1 services with --yes.\n")
    assert tables() == before


def test_with_yes_it_does_it(file: Path) -> None:
    assert said(str(file), "--yes").endswith(
        "Services created: 1 and changed: 1. Enter the secrets of new ones in their forms.\n"
    )
    assert dict(Service.objects.values_list("slug", "name")) == {"cms": "Other", "new": "New"}
    assert SettingsChange.objects.get().who == "the command line"
    assert said(str(file), "--yes") == "Nothing would change.\n"


def test_what_somebody_changed_meanwhile_is_not_written_over(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(*_: object) -> None:
        raise services.Changed

    monkeypatch.setattr(services, "apply", overtaken)
    with pytest.raises(CommandError, match="nothing was imported"):
        said(str(file), "--yes")


def test_a_refused_row_ends_it(file: Path) -> None:
    file.write_text(ROWS + "third,,github\n")
    with pytest.raises(CommandError, match="Nothing is imported while a row is refused"):
        said(str(file), "--yes")
    assert Service.objects.count() == 1


@pytest.mark.parametrize(("name", "text"), [("a.txt", ROWS), ("a.csv", "slug,token\ncms,x\n"), ("a.csv", None)])
def test_a_file_that_makes_no_sense_is_answered_with_a_sentence(
    tmp_path: Path, cms: Service, name: str, text: str | None
) -> None:
    if text:
        (tmp_path / name).write_text(text)
    with pytest.raises(CommandError):
        said(str(tmp_path / name))
