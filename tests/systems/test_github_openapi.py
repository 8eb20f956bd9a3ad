"""GitHub's client against GitHub's own OpenAPI description: a mock that says of every request whether it fits.

Some of the description's examples do not fit it themselves; that is no matter of the client's.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from integrations import systems
from integrations.systems.github.commits import Change
from integrations.systems.github.contents import Author, Commit
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.flows.processes import free_port, seconds_until
from tests.peers import github_openapi
from tests.peers.wagtail_peer import NOT_INSTALLED
from tests.systems import contract
from tests.systems.relay import Relay
from tests.transport.server import Asked, Reply

INSTALLED_WITHIN_S = 300.0
PROBLEM = b"stoplight.io/prism/errors"  # no such path, or none that answers so
SHA = "3a0f86fb8db8eea7ccbb9a95f325ddbedfb25e15"

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@dataclass
class Judge(Relay):
    """Passes on what the client says, and to the mock also which of its examples is wanted.

    Attributes:
        wanted: by method, such as “code=201”.
        problems: what the mock has against requests.
    """

    wanted: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def passed_on(self, request: Asked) -> Reply:
        # The description does not know GitHub's own media type, which GitHub recommends.
        headers = {**request.headers, "accept": "application/json", "prefer": self.wanted.get(request.method, "")}
        reply = super().passed_on(replace(request, headers=headers))
        self.problems += [reply.body.decode()] if PROBLEM in reply.body else []
        violations = json.loads(dict(reply.headers).get("sl-violations", "[]"))
        self.problems += [each["message"] for each in violations if each["location"][0] == "request"]
        return reply


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a mock that is ready."""
    port, log = free_port(), tmp_path_factory.mktemp("prism") / "output.log"
    command = [sys.executable, "-m", github_openapi.__name__, "--port", str(port)]
    root = Path(github_openapi.__file__).parents[2]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, cwd=root) as process:
        try:
            seconds_until(
                lambda: process.poll() is not None or "Prism is listening" in log.read_text(),
                INSTALLED_WITHIN_S,
                "the mock is ready",
            )
            if process.poll() == NOT_INSTALLED:
                pytest.skip(log.read_text().splitlines()[-1])
            assert process.poll() is None, log.read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


@pytest.fixture
def judge(mock: str) -> Iterator[Judge]:
    with Judge(to=mock) as made:
        yield made


@pytest.fixture
def client(judge: Judge) -> Iterator[Any]:
    service = contract.service_of(systems.get("github"), judge.url)
    service.base_url, service.options = judge.url, {"repository": "octocat/Hello-World", "branch": "main"}
    with contract.client_of(service) as made:
        yield made


def test_what_is_left_of_the_limit_is_asked_and_read(judge: Judge, client: Any) -> None:
    assert client.check_health() == "4,999 of 5,000 calls left until 14:29 UTC. Repository: octocat/Hello-World."
    assert judge.problems == []


def test_a_repository_its_tree_and_its_blobs_are_asked_for_and_read(judge: Judge, client: Any) -> None:
    assert client.files_url() == ("main", "https://github.com/octocat/Hello-World/blob/main")
    assert [entry.path for entry in client.list_files("main").entries] == ["exec_file", "file.rb"]
    assert client.read_blob(SHA) == b"Content of the blob"
    assert judge.problems == []


def test_a_file_is_asked_for_and_an_example_that_is_no_file_is_not_taken_for_one(judge: Judge, client: Any) -> None:
    judge.wanted = {"GET": "code=200, example=response-if-content-is-a-file"}
    with pytest.raises(CallError) as failure:
        client.get_file("README.md", "main")
    assert failure.value.code is Code.BAD_ANSWER
    assert judge.problems == []


def test_a_file_is_created_and_deleted(judge: Judge, client: Any) -> None:
    judge.wanted = {"GET": "code=404", "PUT": "code=201", "DELETE": "code=200"}
    made = client.commit_file("hello.txt", b"my new file contents\n", "my commit message", Author("M", "m@example.org"))
    gone = client.delete_file("hello.txt", SHA, "my commit message")
    assert [isinstance(each, Commit) and each.changed for each in (made, gone)] == [True, True]
    assert [asked.method for asked in judge.asked] == ["GET", "PUT", "DELETE"]
    assert judge.problems == []


def test_the_newest_commit_of_a_file_is_asked_for(judge: Judge, client: Any) -> None:
    assert client._newest("hello.txt")["sha"]
    assert judge.problems == []


def test_a_write_that_does_not_fit_the_description_would_be_noticed(judge: Judge, client: Any) -> None:
    with pytest.raises(CallError):
        client._send(Change("PUT", "commit_file", "hello.txt", {"content": 5}, "", ""))
    assert judge.problems == [
        "Request body must have required property 'message'",
        "Request body property content must be string",
    ]
