"""Branches of GitHub, as they are offered to staff."""

from __future__ import annotations

import pytest

from integrations.models import Service
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.systems.github_repository import reply, sandboxed, scripted
from tests.transport.server import Reply, ScriptedServer


def test_the_branches_of_the_repository_are_listed(github: Service) -> None:
    with sandboxed(github) as client:
        assert client.list_branches() == ["main"]


def test_there_may_be_more_than_a_page_of_them(github: Service, remote: ScriptedServer) -> None:
    onward = f'<{remote.url}/api/v3/repositories/1/branches?per_page=100&page=2>; rel="next"'
    first = Reply(body=b'[{"name": "main"}, {"name": "feature/a"}]', headers=(("Link", onward),))
    remote.answers(first, reply([{"name": "z"}]), first)  # since that only counts, the page before is looked back at
    with scripted(github, remote) as client:
        assert client.list_branches() == ["main", "feature/a", "z"]
    assert [asked.target for asked in remote.asked] == [
        "/api/v3/repos/octo-org/essays/branches?per_page=100",
        "/api/v3/repositories/1/branches?per_page=100&page=2",
        "/api/v3/repositories/1/branches?per_page=100&page=1",
    ]


@pytest.mark.parametrize("answer", [{"name": "main"}, [{"protected": True}], ["main"]])
def test_what_is_no_list_of_branches_is_said_to_be_none(
    github: Service, remote: ScriptedServer, answer: object
) -> None:
    remote.answers(reply(answer))
    with scripted(github, remote) as client, pytest.raises(CallError) as error:
        client.list_branches()
    assert error.value.code is Code.BAD_ANSWER
