"""Commits to GitHub: made once, never without need, and never over somebody else's."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from integrations.models import Call, Service
from integrations.systems.github.contents import Author, Commit, blob_sha
from integrations.systems.github.sandbox import READER
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked
from tests.systems.github_repository import methods, reply, said, sandboxed, scripted
from tests.transport.server import Reply, ScriptedServer

OLD, MINE, THEIRS = b"as it was\n", b"mine\n", b"theirs\n"
ADA = Author("Ada Ferris", "ada@example.org")
ABSENT = reply({"message": "Not Found"}, 404)
NO_SHA = reply({"message": 'Invalid request.\n\n"sha" wasn\'t supplied.'}, 422)
STALE = reply({"message": "a.md does not match 1"}, 409)
MOVED = reply({"message": "refs/heads/main expected to be at e765253c"}, 409)
LOST = Reply(reset=True)


def made(content: bytes = MINE) -> Reply:
    return reply({"content": said(content), "commit": {"sha": "c" * 40, "html_url": "https://github.com/c"}}, 201)


def log(message: str) -> Reply:
    """The newest commit."""
    return reply([{"sha": "d" * 40, "html_url": "https://github.com/d", "commit": {"message": message}}])


def conflict(write: Callable[[], Commit], words: str) -> None:
    with pytest.raises(CallError, match=words) as failure:
        write()
    assert failure.value.code is Code.CONFLICT


def test_a_file_is_created_replaced_and_deleted(github: Service) -> None:
    with sandboxed(github) as client:
        first = client.commit_file("drafts/life of a file.md", OLD, "Begin", ADA)
        assert first.changed
        assert first.content_sha == client.get_file("drafts/life of a file.md").sha == blob_sha(OLD)
        second = client.commit_file("drafts/life of a file.md", MINE, "Go on", sha=first.content_sha)
        assert client.get_file("drafts/life of a file.md").content == MINE
        third = client.delete_file("drafts/life of a file.md", second.content_sha, "End")
        assert (third.changed, third.content_sha) == (True, "")
        assert len({first.sha, second.sha, third.sha}) == 3
        assert third.url.endswith(third.sha)
        with pytest.raises(CallError, match="404"):
            client.get_file("drafts/life of a file.md")


def test_a_write_says_what_github_documents(github: Service, remote: ScriptedServer) -> None:
    remote.answers(reply(said(OLD)), made())
    with scripted(github, remote, branch="drafts") as client:
        commit = client.commit_file("a.md", MINE, "Go on", ADA, blob_sha(OLD))
    assert commit == Commit("c" * 40, blob_sha(MINE), "https://github.com/c", changed=True)
    looked, put = remote.asked
    assert (put.method, put.target) == ("PUT", "/api/v3/repos/octo-org/essays/contents/a.md")
    assert looked.target.endswith("a.md?ref=drafts")
    assert json.loads(put.body) == {
        "message": "Go on",
        "content": base64.b64encode(MINE).decode(),
        "branch": "drafts",
        "sha": blob_sha(OLD),
        "author": {"name": "Ada Ferris", "email": "ada@example.org"},
    }


def test_the_same_content_makes_no_commit(github: Service) -> None:
    with sandboxed(github) as client:
        readme = client.get_file("README.md")
        for sha in (readme.sha, "", "1" * 40):
            commit = client.commit_file("README.md", readme.content, "Again", ADA, sha)
            assert (commit.changed, commit.sha, commit.content_sha) == (False, "", readme.sha)
            assert commit.url == "https://github.com/octo-org/essays/blob/main/README.md"
    assert set(Call.objects.values_list("method", flat=True)) == {"GET"}


def test_who_was_overtaken_is_told(github: Service) -> None:
    with sandboxed(github) as client:
        first = client.commit_file("drafts/overtaken.md", OLD, "Begin")
        client.commit_file("drafts/overtaken.md", THEIRS, "Theirs", sha=first.content_sha)
        for sha in (first.content_sha, ""):
            conflict(partial(client.commit_file, "drafts/overtaken.md", MINE, "Mine", sha=sha), "Somebody changed")
        conflict(lambda: client.delete_file("drafts/overtaken.md", first.content_sha, "Mine"), "Somebody changed")
        assert client.get_file("drafts/overtaken.md").content == THEIRS


def test_a_file_that_was_deleted_is_not_created_anew(github: Service) -> None:
    with sandboxed(github) as client:
        first = client.commit_file("drafts/deleted.md", OLD, "Begin")
        client.delete_file("drafts/deleted.md", first.content_sha, "End")
        conflict(lambda: client.commit_file("drafts/deleted.md", MINE, "On", sha=first.content_sha), "There is no")


def test_a_file_that_is_gone_already_is_no_failure(github: Service) -> None:
    with sandboxed(github) as client:
        first = client.commit_file("drafts/gone.md", OLD, "Begin")
        gone = client.delete_file("drafts/gone.md", first.content_sha, "Somebody's")
        again = client.delete_file("drafts/gone.md", first.content_sha, "Mine")
        assert again == Commit(gone.sha, "", gone.url, changed=False)
        with pytest.raises(CallError, match="404"):
            client.delete_file("drafts/never there.md", "1" * 40, "Mine")


@pytest.mark.parametrize(
    ("token", "code"), [("", Code.AUTH_FAILED), ("revoked", Code.AUTH_FAILED), (READER, Code.FORBIDDEN)]
)
def test_who_may_not_write_is_refused(github: Service, token: str, code: Code) -> None:
    with sandboxed(github, token) as client, pytest.raises(CallError) as failure:
        client.commit_file("drafts/forbidden.md", MINE, "Mine")
    assert failure.value.code is code


def test_an_unknown_branch_is_not_found(github: Service) -> None:
    with sandboxed(github, branch="nope") as client, pytest.raises(CallError, match="Branch nope not found") as failure:
        client.commit_file("drafts/nowhere.md", MINE, "Mine")
    assert failure.value.code is Code.NOT_FOUND


@pytest.mark.parametrize("author", [Author("", "a@example.org"), Author("Ada", " ")])
def test_half_an_author_is_none(github: Service, remote: ScriptedServer, author: Author) -> None:
    with scripted(github, remote) as client, pytest.raises(CallError, match="needs a name and an e-mail address"):
        client.commit_file("a.md", MINE, "Mine", author)
    assert remote.asked == []


@pytest.mark.parametrize(
    "failure", [LOST, Reply(502), Reply(body=b"<html>", content_type="text/html"), reply({}), NO_SHA, STALE]
)
def test_a_commit_whose_answer_was_lost_is_found(
    github: Service,
    remote: ScriptedServer,
    failure: Reply,
) -> None:
    remote.answers(ABSENT, failure, reply(said(MINE)), log("Mine"))
    with scripted(github, remote) as client:
        commit = client.commit_file("a.md", MINE, "Mine")
    assert commit == Commit("d" * 40, blob_sha(MINE), "https://github.com/d", changed=True)
    assert methods(remote) == ["GET", "PUT", "GET", "GET"]
    assert remote.asked[-1].target == "/api/v3/repos/octo-org/essays/commits?path=a.md&per_page=1"


def test_a_repeat_that_meets_its_own_commit_is_a_success(github: Service, remote: ScriptedServer) -> None:
    remote.answers(reply(said(OLD)), LOST, STALE, reply(said(MINE)), log("Mine"))
    with scripted(github, remote, attempts=2) as client:
        assert client.commit_file("a.md", MINE, "Mine", sha=blob_sha(OLD)).changed
    assert methods(remote) == ["GET", "PUT", "PUT", "GET", "GET"]


def test_the_same_content_by_somebody_else_is_not_called_ours(
    github: Service,
    remote: ScriptedServer,
) -> None:
    remote.answers(ABSENT, NO_SHA, reply(said(MINE)), log("Theirs"))
    with scripted(github, remote) as client:
        assert not client.commit_file("a.md", MINE, "Mine").changed


def test_a_race_that_is_lost_is_a_conflict(github: Service, remote: ScriptedServer) -> None:
    for refusal in (STALE, NO_SHA, LOST):
        remote.answers(ABSENT, refusal, reply(said(THEIRS)))
        with scripted(github, remote) as client:
            conflict(lambda: client.commit_file("a.md", MINE, "Mine"), "Somebody changed “a.md”")
        assert methods(remote) == ["GET", "PUT", "GET"]


def test_a_branch_that_moved_is_tried_once_more(github: Service, remote: ScriptedServer) -> None:
    remote.answers(ABSENT, MOVED, ABSENT, made())
    with scripted(github, remote) as client:
        assert client.commit_file("a.md", MINE, "Mine").sha == "c" * 40
    remote.answers(ABSENT, MOVED, ABSENT, MOVED, ABSENT)
    with scripted(github, remote) as client:
        conflict(lambda: client.commit_file("a.md", MINE, "Mine"), "or its rules forbid it")
    assert methods(remote) == ["GET", "PUT", "GET", "PUT", "GET"]


def test_a_write_that_did_not_arrive_fails_as_it_failed(github: Service, remote: ScriptedServer) -> None:
    remote.answers(ABSENT, LOST, ABSENT)
    with scripted(github, remote) as client, pytest.raises(CallError) as failure:
        client.commit_file("a.md", MINE, "Mine")
    assert failure.value.code is Code.CONNECTION_BROKEN


def test_where_nobody_can_look_the_outcome_is_unknown(github: Service, remote: ScriptedServer) -> None:
    remote.answers(ABSENT, LOST)
    with scripted(github, remote) as client, pytest.raises(CallError, match="carried out is unknown") as failure:
        client.commit_file("a.md", MINE, "Mine")
    assert failure.value.code is Code.OUTCOME_UNKNOWN


@pytest.mark.parametrize("newest", [reply({}), reply([{}]), reply("text")])
def test_a_log_that_is_nonsense_is_an_unreadable_answer(
    github: Service,
    remote: ScriptedServer,
    newest: Reply,
) -> None:
    remote.answers(ABSENT, LOST, reply(said(MINE)), newest)
    with scripted(github, remote) as client, pytest.raises(CallError) as failure:
        client.commit_file("a.md", MINE, "Mine")
    assert failure.value.code is Code.BAD_ANSWER


def test_a_write_waits_for_a_limit(github: Service, remote: ScriptedServer) -> None:
    remote.answers(ABSENT, reply({"message": "You have exceeded a secondary rate limit."}, 403))
    with scripted(github, remote) as client, pytest.raises(Parked):
        client.commit_file("a.md", MINE, "Mine")
    assert methods(remote) == ["GET", "PUT"]


def test_what_stands_at_the_path_must_be_a_file(github: Service) -> None:
    with sandboxed(github) as client:
        attempts: list[Any] = [lambda: client.commit_file("essays", MINE, "Mine")]
        attempts += [lambda: client.commit_file("theme", MINE, "Mine")]
        for attempt in attempts:
            with pytest.raises(CallError, match="not a file"):
                attempt()
