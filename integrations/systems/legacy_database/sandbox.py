"""An old table to try: 300 building permits in a SQLite file, with the oddities that such tables have.

A database is spoken to by its driver and not by HTTP, so nothing is served; the file is made when somebody asks for it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from django.conf import settings
from django.urls import URLPattern

FILE = "permits.sqlite3"
PERMITS = 300
TABLE = """CREATE TABLE "PERMITS" (
    "PERMIT NO" VARCHAR(12) NOT NULL PRIMARY KEY,
    "ISSUED" DATE,
    "STREET" VARCHAR(60),
    "WORK" TEXT,
    "FEE" DECIMAL(9,2),
    "SKETCH" BLOB,
    "CHANGED" DATETIME
)"""
WORKS = ("Garage", "New roof", "Café, terrace", "Kitchen; ground floor", "Fence \N{EN DASH} north side")

urlpatterns: list[URLPattern] = []


def options() -> Mapping[str, Any]:
    """What a service must say to read the file, which is there afterwards."""
    folder = Path(settings.LEGACY_FILES)
    if not (folder / FILE).exists():
        folder.mkdir(parents=True, exist_ok=True)
        _make(folder)
    return {
        "engine": "sqlite",
        "database": FILE,
        "table": "PERMITS",
        "key_column": "PERMIT NO",
        "modified_column": "CHANGED",
        "title_columns": "STREET",
        "zone": "America/Chicago",
        "page_size": 40,
    }


OPTIONS = options


def _make(folder: Path) -> None:
    """Somewhere else first: whoever reads meanwhile finds the whole file or none."""
    place = Path(mkdtemp(dir=folder))
    with closing(sqlite3.connect(place / FILE)) as connection, connection:
        connection.execute(TABLE)
        connection.executemany('INSERT INTO "PERMITS" VALUES (?, ?, ?, CAST(? AS TEXT), ?, ?, ?)', _permits())
    os.replace(place / FILE, folder / FILE)  # noqa: PTH105 - it says that it replaces
    place.rmdir()


def _permits() -> Iterator[tuple[Any, ...]]:
    """Some share the moment of their last change, some have none, some texts are Windows-1252."""
    for number in range(PERMITS):
        issued = date(1991, 1, 2) + timedelta(days=3 * number)
        changed = datetime(1994, 6, 1, 8, 0) + timedelta(hours=number // 7)  # noqa: DTZ001 - as such columns hold it
        yield (
            f"B-{1991 + number // 100}-{number:04}",
            str(issued) if number % 50 else None,
            f"{100 + 7 * number} Elm Street",
            WORKS[number % len(WORKS)].encode("cp1252"),
            f"{25 + number}.50",
            bytes([number % 256, 0, 255]) if number % 9 == 0 else None,
            None if number % 23 == 0 else str(changed),
        )
