"""$label: what is special about it. The contract tests cover the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations import systems
from integrations.models import Service
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.systems.contract import client_of
from tests.transport.server import Reply, ScriptedServer


@pytest.fixture
def service(db: None, remote: ScriptedServer) -> Service:
    return Service.objects.create(slug="$slug", name="$label", system="$slug", base_url=remote.url)


@pytest.mark.parametrize("answer", [{}, [], None, "text", {"things": [{}]}, {"things": {}}])
def test_a_list_that_is_none_is_said(service: Service, remote: ScriptedServer, answer: Any) -> None:
    remote.answers(Reply(body=json.dumps(answer).encode()))
    with client_of(service) as client, pytest.raises(CallError, match="no list of things") as failure:
        list(systems.get("$slug").read("things")(client, {}))
    assert failure.value.code is Code.BAD_ANSWER
