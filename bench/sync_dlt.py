"""The peer of the benchmark of syncs: dlt's REST source into PostgreSQL, merged on the id, as its documentation has it."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from urllib.parse import urlsplit

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

import dlt
from dlt.sources.rest_api import rest_api_source


def main(url: str, database: str, folder: str, file_format: str) -> None:
    """Read the whole list once; print how long that took and the most memory it needed."""
    source = rest_api_source(
        {
            "client": {
                "base_url": url,
                "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"},
            },
            "resources": [
                {
                    "name": "records",
                    "primary_key": "id",
                    "write_disposition": "merge",
                    "endpoint": {"path": "records", "params": {"limit": 100}, "data_selector": "items"},
                }
            ],
        }
    )
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=folder,
        destination=dlt.destinations.postgres(_with_password(database)),
        dataset_name="bench",
    )
    started = time.perf_counter()
    pipeline.run(source, loader_file_format=file_format or None)
    seconds = time.perf_counter() - started
    with pipeline.sql_client() as client, client.execute_query("SELECT count(*) FROM records") as cursor:
        rows = cursor.fetchone()[0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "rows": rows, "peak_mib": peak}), flush=True)


def _with_password(database: str) -> str:
    """The peer refuses an address without one, also where the server asks for none."""
    parts = urlsplit(database)
    if parts.password:
        return database
    return parts._replace(scheme="postgresql", netloc=parts.netloc.replace("@", ":none@", 1)).geturl()


if __name__ == "__main__":
    main(*sys.argv[1:])
