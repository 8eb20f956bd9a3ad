"""Signed deliveries and how they are sent."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from pathlib import Path
from typing import Any, Protocol

import pytest
from django.test import Client

from integrations.models import Service
from tests.conftest import WEBHOOK_SECRET

ADDRESS = "/hooks/github/"
PUSH = (
    b'{"ref": "refs/heads/main", "commits": [{}], "pusher": {"name": "somebody"}, "repository": {"full_name": "o/r"}}'
)


class Send(Protocol):
    def __call__(self, body: bytes = PUSH, /, **headers: Any) -> Any: ...


def sign(body: bytes, secret: str = WEBHOOK_SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.fixture
def send(github: Service) -> Send:
    """Posts a delivery as GitHub does: signed, with a fresh id; headers are named as in WSGI, None leaves one out."""
    client, numbers = Client(raise_request_exception=False), itertools.count()

    def post(body: bytes = PUSH, /, **headers: Any) -> Any:
        usual = {
            "address": ADDRESS,
            "HTTP_X_HUB_SIGNATURE_256": sign(body),
            "HTTP_X_GITHUB_DELIVERY": f"delivery-{next(numbers)}",
            "HTTP_X_GITHUB_EVENT": "push",
            "content_type": "application/json",
        }
        sent = {name: value for name, value in {**usual, **headers}.items() if value is not None}
        return client.post(sent.pop("address"), body, **sent)

    return post


def files(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.is_file())
    assert found
    return found
