"""What is sent to FileMaker with another method than GET, or changes something, for the contract tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from integrations.systems.filemaker.records import Written
from integrations.systems.filemaker.sandbox_data import DATABASE
from tests.systems.examples import Write


def on_a_new_record(work: Callable[[Any, Written], object], client: Any) -> None:
    """Whatever becomes of the work, the database is as it was."""
    try:
        work(client, client.create_record({"Parcel": "99-00001"}))
    finally:
        DATABASE.reset()


WRITES = {
    "create_record": Write("POST", partial(on_a_new_record, lambda *_: None), once=True),
    "update_record": Write(
        "PATCH",
        partial(on_a_new_record, lambda client, new: client.update_record(new.record_id, {"City": "Ulm"}, new.mod_id)),
        once=True,
    ),
    "delete_record": Write(
        "DELETE", partial(on_a_new_record, lambda client, new: client.delete_record(new.record_id)), once=False
    ),
    "find_records": Write("POST", lambda client: client.find_records([{"Parcel": "*"}]), once=False),
    "run_script": Write("GET", lambda client: client.run_script("Count parcels"), once=True),
}
