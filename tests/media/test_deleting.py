"""A file is deleted at the moment a worker begins with its pictures: both end well, and nothing is left of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client

from integrations import ops
from integrations.models import Derivation, MediaAttachment
from tests.admin.asking import page
from tests.flows.processes import seconds_until

WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time"),
]


@pytest.fixture
def media() -> MediaAttachment:
    return MediaAttachment.objects.create(file="media/x", state="valid", content_type="image/png", sha256="0" * 64)


def delete(root: User, media: MediaAttachment) -> int:
    """As a person does in the admin."""
    client = Client()
    client.force_login(root)
    try:
        return client.post(page(MediaAttachment, "delete", media.pk), {"post": "yes"}).status_code
    finally:
        connection.close()


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITS)
        return bool(cursor.fetchone() != (0,))


def test_whoever_deletes_waits_for_the_worker_and_deletes_what_it_began(media: MediaAttachment) -> None:
    root = User.objects.create_superuser("root")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            MediaAttachment.objects.update(state="valid")  # as whoever accepts it does
            ops.derive(media)
            deleting = pool.submit(delete, root, media)
            seconds_until(somebody_waits, 30, "the page waits for the worker", every=0.02)
        assert deleting.result() == 302
    assert not MediaAttachment.objects.exists()
    assert not Derivation.objects.exists()


def derive(media: MediaAttachment) -> None:
    try:
        ops.derive(media)
    finally:
        connection.close()


def test_a_worker_that_comes_too_late_begins_nothing(media: MediaAttachment) -> None:
    same = MediaAttachment.objects.get()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            media.delete()
            deriving = pool.submit(derive, same)
            seconds_until(somebody_waits, 30, "the worker waits for the page", every=0.02)
        deriving.result()
    assert not Derivation.objects.exists()
