"""What a run can read again does not wait for the disk; what says that it is done does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection, transaction

from integrations import hurry, leases, ops
from integrations.models import Service, SyncRun
from tests.worker import work_off

pytestmark = pytest.mark.django_db(transaction=True)
WAITS, HURRIES = {"sqlite": ("2", "1"), "postgresql": ("on", "off")}[connection.vendor]


def level() -> str:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous" if connection.vendor == "sqlite" else "SHOW synchronous_commit")
        return str(cursor.fetchone()[0])


def test_a_hurried_transaction_does_not_wait_and_the_next_one_does() -> None:
    with hurry.atomic():
        assert level() == HURRIES
    assert level() == WAITS


@hurry.atomic()
def half(service: Service) -> None:
    Service.objects.filter(pk=service.pk).update(name="Half")
    Service.objects.filter(pk=service.pk).update(slug=None)


def test_one_that_fails_leaves_no_hurry_behind_and_nothing_written(cms: Service) -> None:
    with pytest.raises(DatabaseError):
        half(cms)
    assert level() == WAITS
    assert not Service.objects.filter(name="Half").exists()


def test_inside_another_transaction_it_is_a_part_of_that() -> None:
    with transaction.atomic():
        with hurry.atomic():
            assert level() == WAITS
        assert level() == WAITS


@contextmanager
def noted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """Of each change of a run, the state that it ends or leaves in, if any, and whether that waits."""
    seen: list[tuple[str, str]] = []
    write = leases.Lease.write

    def noting(self: leases.Lease, **values: object) -> None:
        seen.append((str(values.get("state", "")), level()))
        write(self, **values)

    monkeypatch.setattr(leases.Lease, "write", noting)
    yield seen


def test_the_batches_of_a_run_hurry_and_its_end_waits(cms: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with noted(monkeypatch) as seen:
        ops.sync(cms.streams.get(), SyncRun.Trigger.STAFF)
        work_off()
    assert {waits for state, waits in seen if not state} == {HURRIES}
    assert [waits for state, waits in seen if state] == [WAITS]
