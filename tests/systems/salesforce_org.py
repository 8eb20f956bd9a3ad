"""A service at Salesforce's sandbox, or at a remote that says what the test tells it to say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from integrations import credentials, systems
from integrations.models import Call, Service
from integrations.systems.base import BadItem, Gone, Item, Page, Position
from integrations.systems.salesforce import client, streams
from integrations.transport.errors import CallError
from tests.systems import contract
from tests.transport.server import Reply, ScriptedServer

DATA = "/services/data/v67.0"


def service(sandbox_url: str, **options: Any) -> Service:
    made = contract.service_of(systems.get("salesforce"), sandbox_url)
    made.options |= options
    made.save()
    return made


def said(body: Any, status: int = 200) -> Reply:
    return Reply(status, b"" if body is None else json.dumps(body).encode())


def refused(status: int, code: str, message: str = "In the words of Salesforce") -> Reply:
    return said([{"message": message, "errorCode": code}], status)


def token(remote: ScriptedServer) -> Reply:
    return said({"access_token": "00D!first", "instance_url": remote.url, "token_type": "Bearer"})


@contextmanager
def scripted(remote: ScriptedServer, *replies: Reply) -> Iterator[client.Client]:
    """Its client, signed in at a remote that gives these replies afterwards."""
    made = service(remote.url)
    made.base_url = remote.url
    made.save()
    remote.answers(token(remote), *replies)
    with contract.client_of(made) as found:
        yield found


def failure(made: Service | ScriptedServer, work: Any, *replies: Reply) -> CallError:
    opened = scripted(made, *replies) if isinstance(made, ScriptedServer) else contract.client_of(made)
    with opened as found, pytest.raises(CallError) as failed:
        work(found)
    return failed.value


def read(made: Service, position: Position | None = None) -> list[Page]:
    with contract.client_of(made) as found:
        return list(streams.records(found, position or {}))


def items(pages: list[Page]) -> list[Item | BadItem | Gone]:
    return [item for page in pages for item in page.items]


def rows(batches: Any) -> list[Mapping[str, Any]]:
    return [row for batch in batches for row in batch.items]


def made_calls() -> list[tuple[str, str]]:
    return list(Call.objects.order_by("pk").values_list("operation", "code"))


def use_key(made: Service, pem: str) -> None:
    made.options |= {"sign_in": "jwt_bearer"}
    made.save()
    credentials.store(made, "private_key", pem)
