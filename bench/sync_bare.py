"""The bare minimum of the benchmark of syncs: requests, json, a hash of each record, COPY. No log, no mapping, no checkpoint."""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import psycopg
import requests

AT_ONCE = 1000
TABLE = "CREATE TABLE IF NOT EXISTS records (id bigserial PRIMARY KEY, external_id text UNIQUE, data jsonb, hash text)"

Line = tuple[str, str, str]


def lines(url: str) -> Iterator[Line]:
    """Id, JSON and hash of each record, page after page."""
    with requests.Session() as session:
        cursor = ""
        while True:
            page = session.get(url, params={"limit": 100, "cursor": cursor or 0}, timeout=30).json()
            for record in page["items"]:
                text = json.dumps(record, sort_keys=True)
                yield str(record["id"]), text, hashlib.sha256(text.encode()).hexdigest()
            cursor = page["next"]
            if not cursor:
                return


def write(database: psycopg.Connection[Any], found: list[Line]) -> int:
    """What is new or differs, in one transaction; how many that were."""
    ids = [external_id for external_id, *_ in found]
    known = dict(
        database.execute("SELECT external_id, hash FROM records WHERE external_id = ANY(%s)", [ids]).fetchall()
    )
    new = [line for line in found if known.get(line[0]) != line[2]]
    if new:
        with database.cursor().copy("COPY records (external_id, data, hash) FROM STDIN") as copy:
            for line in new:
                copy.write_row(line)
    database.commit()
    return len(new)


def main(url: str, address: str) -> None:
    """Print how long it took, how many rows there are and how many were written, and the most memory it needed."""
    with psycopg.connect(address) as database:
        database.execute(TABLE)
        database.commit()
        started, written, found = time.perf_counter(), 0, lines(url)
        while batch := list(islice(found, AT_ONCE)):
            written += write(database, batch)
        seconds = time.perf_counter() - started
        rows = database.execute("SELECT count(*) FROM records").fetchone()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "rows": rows[0] if rows else 0, "written": written, "peak_mib": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:])
