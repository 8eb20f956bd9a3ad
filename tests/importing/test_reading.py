"""Files of services: what exports make, what people's programs make of them, and what means harm."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from integrations.cells import CUT, LONGEST, escaped, unescaped
from integrations.importing import reading
from tests.admin.test_export import FORMULAS, HARMLESS

SHARED = Path(__file__).parents[2].parent / "shared/data"


def sheet(*rows: list[object]) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(file)
    return file.getvalue()


def refused(name: str, data: bytes) -> str:
    with pytest.raises(reading.Unreadable) as caught:
        reading.rows(name, data)
    return str(caught.value)


@given(st.text() | st.sampled_from(FORMULAS + HARMLESS).map(lambda text: f"'{text}"))
def test_an_apostrophe_of_an_export_is_taken_off_exactly(text: str) -> None:
    assert unescaped(escaped(text)) == text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b"slug,name\r\none,One\r\ntwo,\r\n"),
        ("a.CSV", b"\xef\xbb\xbfslug,name\none,One\n\ntwo,\n"),
        ("a.csv", b'slug;name\n"one";"One"\ntwo;\n'),
        ("a.csv", b"slug,name,,\none,One,,\ntwo,,,\n"),
        ("a.json", b'\xef\xbb\xbf[{"slug": "one", "name": "One"}, {"slug": "two", "name": ""}]'),
    ],
)
def test_a_table_is_read_whatever_program_wrote_it(name: str, data: bytes) -> None:
    assert reading.rows(name, data) == [{"slug": "one", "name": "One"}, {"slug": "two", "name": ""}]


def test_a_workbook_is_read_without_its_empty_lines() -> None:
    data = sheet(["slug", "name", None], ["one", "'=1", None], [None, None], ["two", None, None])
    assert reading.rows("a.xlsx", data) == [{"slug": "one", "name": "=1"}, {"slug": "two", "name": None}]


def test_lines_in_quotes_are_one_cell() -> None:
    (row,) = reading.rows("a.csv", b'slug,notes\none,"a\r\nb, ""c"""\n')
    assert row["notes"] == 'a\r\nb, "c"'


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.csv", b"", "There is no row"),
        ("a.csv", b"slug,name\n", "There is no row"),
        ("a.json", b"[]", "There is no row"),
        ("a.csv", "slug,name\none,Caf\u00e9\n".encode("latin-1"), "not UTF-8"),
        ("a.csv", "slug,name\none,x\n".encode("utf-16"), "not UTF-8"),
        ("a.csv", b"slug,slug\none,two\n", "is there twice"),
        ("a.csv", b"slug,name\none,One,more\n", "Line 2 has more cells"),
        ("a.csv", b'slug,name\none,"One\n', "This is no CSV"),
        ("a.csv", b"slug,name\none,a\x00b\n", "no database takes"),
        ("a.csv", b"slug,name\none," + b"x" * 200_000, "field larger than field limit"),
        ("a.csv", b",".join(b"c%d" % n for n in range(300)) + b"\n" + b"," * 299, "too many columns"),
        ("a.csv", b"slug\n" + b"one\n" * 501, "more than 500 rows"),
        ("a.csv", b"x" * (reading.LARGEST + 1), "more than 1,024 KB"),
        ("a.json", b'{"slug": "one"}', "no list of objects"),
        ("a.json", b'["one"]', "no list of objects"),
        ("a.json", b"[{", "no JSON"),
        ("a.json", b"[" * 100_000, "no JSON"),
        ("a.json", b'[{"slug": "one", "deadline_s": NaN}]', "NaN is no value"),
        ("a.json", b'[{"slug": "one", "slug": "two"}]', "stands twice"),
        ("a.json", b'[{"slug": "\\ud800"}]', "no database takes"),
        ("a.json", b'[{"slug": ' + b"9" * 5000 + b"}]", "no JSON"),
        ("a.xlsx", b"PK\x03\x04 not really", "no workbook"),
        ("a.exe", b"MZ", "ends in csv, json, xlsx"),
        ("", b"", "ends in csv, json, xlsx"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(name: str, data: bytes, sentence: str) -> None:
    assert sentence in refused(name, data)


def test_a_text_that_a_workbook_cut_is_not_taken_for_the_whole() -> None:
    data = sheet(["slug", "notes"], ["one", "x" * (LONGEST - len(CUT)) + CUT])
    assert "is cut in this workbook" in refused("a.xlsx", data)


def test_a_workbook_that_unpacks_to_very_much_is_not_unpacked() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (reading.LARGEST_UNPACKED + 1))
    assert len(file.getvalue()) < reading.LARGEST
    assert "far larger than it looks" in refused("a.xlsx", file.getvalue())


@pytest.mark.parametrize("folder", ["json", "bytes/gofuzz-json", "uploads"])
def test_files_of_strangers_are_rows_or_refused(folder: str) -> None:
    if not (SHARED / folder).exists():
        pytest.skip("the shared files are not here")
    files = [path for path in sorted((SHARED / folder).rglob("*")) if path.is_file()]
    sentences: set[str] = set()
    assert files
    for path in files:
        for form in reading.FORMATS:
            try:
                found = reading.rows(f"a.{form}", path.read_bytes())
            except reading.Unreadable as reason:
                sentences.add(str(reason))
            else:
                json.dumps(found, default=str)
    assert {sentence[-1] for sentence in sentences} <= {"."}
