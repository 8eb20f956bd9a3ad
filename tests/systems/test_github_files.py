"""Files of GitHub: how they are read, and what is no file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations.models import Service
from integrations.systems.github.contents import blob_sha
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked
from tests.systems.github_repository import reply, said, sandboxed, scripted
from tests.transport.server import Reply, ScriptedServer

README = b"# Essays\n\nTexts are in the folder essays.\n"
LARGE = b"line of a large file\n" * 60_000


def test_a_file_comes_with_its_bytes_and_its_sha(github: Service) -> None:
    with sandboxed(github) as client:
        file = client.get_file("README.md")
    assert (file.path, file.content, file.size) == ("README.md", README, len(README))
    assert file.sha == blob_sha(README)


def test_the_sha_is_the_one_that_git_computes() -> None:
    assert blob_sha(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert blob_sha(b"what is up, doc?") == "bd9dbf5aae1a3862dd1526723246b20206e5fc37"


def test_a_file_of_more_than_a_megabyte_is_asked_for_as_it_is(github: Service, remote: ScriptedServer) -> None:
    remote.answers(reply(said(LARGE, encoding="none", content="")), Reply(body=LARGE, content_type="text/plain"))
    with scripted(github, remote) as client:
        file = client.get_file("a.md", "v1")
    assert (file.content, file.sha) == (LARGE, blob_sha(LARGE))
    assert [asked.headers["accept"] for asked in remote.asked] == [
        "application/vnd.github+json",
        "application/vnd.github.raw+json",
    ]
    assert {asked.target for asked in remote.asked} == {"/api/v3/repos/octo-org/essays/contents/a.md?ref=v1"}


def test_a_large_file_is_written_and_read(github: Service) -> None:
    with sandboxed(github) as client:
        assert client.commit_file("drafts/large.md", LARGE, "Begin").changed
        assert client.get_file("drafts/large.md").content == LARGE
        assert not client.commit_file("drafts/large.md", LARGE, "Again").changed


def test_a_large_file_of_which_not_all_came_is_refused(github: Service, remote: ScriptedServer) -> None:
    page = Reply(body=b"<html>Sign in", content_type="text/html")
    remote.answers(reply(said(LARGE, encoding="none", content="")), page)
    with scripted(github, remote) as client, pytest.raises(CallError, match="13 bytes came of a file of 1,260,000"):
        client.get_file("a.md")


def test_every_part_of_a_path_is_encoded_by_itself(github: Service, remote: ScriptedServer) -> None:
    remote.answers(reply(said()))
    with scripted(github, remote, branch="feature/a b") as client:
        client.get_file("ä b/50%/c?d#e+f&g.md")
    path, _, query = remote.asked[0].target.partition("?")
    assert path == "/api/v3/repos/octo-org/essays/contents/%C3%A4%20b/50%25/c%3Fd%23e%2Bf%26g.md"
    assert query == "ref=feature%2Fa+b"


@pytest.mark.parametrize("path", ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../../b", "a/./b"])
def test_a_path_that_leads_elsewhere_is_not_asked_for(github: Service, remote: ScriptedServer, path: str) -> None:
    with (
        scripted(github, remote) as client,
        pytest.raises(CallError, match="no part of a path may be empty") as failure,
    ):
        client.get_file(path)
    assert failure.value.code is Code.NOT_SENDABLE
    assert remote.asked == []


@pytest.mark.parametrize(
    ("repository", "words"),
    [
        ("", "No repository is set"),
        ("essays", "“essays” is no repository"),
        ("https://github.com/octo-org/essays", "enter owner/name, and no address"),
        ("../user", "is no repository"),
        ("octo-org/..", "is no repository"),
        ("octo-org/essays/issues", "is no repository"),
        ("octo-org/essays?a=b", "is no repository"),
    ],
)
def test_what_is_no_repository_is_said(github: Service, remote: ScriptedServer, repository: str, words: str) -> None:
    with scripted(github, remote, repository=repository) as client:
        asks: list[Callable[[], object]] = [
            lambda: client.get_file("a.md"),
            lambda: client.commit_file("a.md", b"", "m"),
            lambda: client.delete_file("a.md", "1" * 40, "m"),
            lambda: client.list_files("main"),
        ]
        for ask in asks:
            with pytest.raises(CallError, match=words):
                ask()
    assert remote.asked == []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("essays", "“essays” is a folder, not a file"),
        ("essays/latest.md", "is a symbolic link, not a file"),
        ("theme", "“theme” is a submodule, not a file"),
        ("essays/none.md", "It answered 404: Not Found"),
    ],
)
def test_what_is_no_file_is_said(github: Service, path: str, words: str) -> None:
    with sandboxed(github) as client, pytest.raises(CallError, match=words) as failure:
        client.get_file(path)
    assert failure.value.code is Code.NOT_FOUND


def test_an_unknown_ref_and_an_unknown_repository_are_not_found(github: Service) -> None:
    with sandboxed(github) as client, pytest.raises(CallError, match="No commit found for the ref nope"):
        client.get_file("README.md", "nope")
    with sandboxed(github, repository="octo-org/secrets") as client, pytest.raises(CallError, match="404: Not Found"):
        client.get_file("README.md")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        5,
        "text",
        {},
        said(type="blob"),
        said(type=None),
        said(sha=None),
        said(sha="../../user"),
        said(size=None),
        said(size=True),
        said(size=3),
        said(size=-1),
        said(encoding="utf-8"),
        said(content=None),
        said(content="{}"),
        said(content="ä"),
        said(content="YQ"),
    ],
)
def test_an_answer_that_is_nonsense_is_an_unreadable_one(github: Service, remote: ScriptedServer, answer: Any) -> None:
    remote.answers(reply(answer))
    with scripted(github, remote) as client, pytest.raises(CallError) as failure:
        client.get_file("a.md")
    assert failure.value.code is Code.BAD_ANSWER


def test_an_empty_file_is_a_file(github: Service, remote: ScriptedServer) -> None:
    remote.answers(reply(said(b"", content="")))
    with scripted(github, remote) as client:
        assert client.get_file("a.md").content == b""


def test_a_limit_parks_a_read_as_well(github: Service, remote: ScriptedServer) -> None:
    remote.answers(reply({"message": "You have exceeded a secondary rate limit."}, 403))
    with scripted(github, remote) as client, pytest.raises(Parked):
        client.get_file("a.md")
