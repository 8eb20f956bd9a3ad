"""The texts of a repository as essays: which files are read, what of them, and how a run goes on."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest

from integrations import credentials, ops, tasks
from integrations.models import Call, Essay, RecordError, Service, SyncRun
from integrations.systems.base import BadItem, Gone, Item, Page
from integrations.systems.github import sandbox, streams
from integrations.systems.github.contents import blob_sha
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Truncated
from tests.systems.github_repository import reply, sandboxed, scripted
from tests.transport.server import Reply, ScriptedServer

HOME = reply({"html_url": "https://ghe.example/octo-org/essays", "default_branch": "trunk"})
TREE = "a" * 40


def listing(*files: str, truncated: Any = False, **more: Any) -> Reply:
    tree = [{"path": path, "mode": "100644", "type": "blob", "sha": blob_sha(path.encode())} for path in files]
    return reply({"sha": TREE, "tree": tree, "truncated": truncated, **more})


def blob(content: bytes) -> Reply:
    encoded = base64.encodebytes(content).decode()
    return reply({"sha": blob_sha(content), "size": len(content), "content": encoded, "encoding": "base64"})


def read(client: Any, position: Mapping[str, Any] | None = None) -> list[Page]:
    return list(streams.files(client, position or {}))


def items(pages: Sequence[Page]) -> list[Item | BadItem | Gone]:
    return [item for page in pages for item in page.items]


def only(pages: Sequence[Page]) -> Mapping[str, Any]:
    (item,) = items(pages)
    assert isinstance(item, Item)
    return item.fields


def paths(github: Service, **options: Any) -> list[str]:
    with sandboxed(github, **options) as client:
        return [item.external_id for item in items(read(client))]


def test_the_texts_of_a_folder_are_read_with_their_heads(github: Service) -> None:
    with sandboxed(github) as client:
        pages = read(client)
    assert [len(page.items) for page in pages] == [10, 2]
    assert {page.total for page in pages} == {12}
    first, bare = items(pages)[0], items(pages)[-1]
    assert isinstance(first, Item)
    assert isinstance(bare, Item)
    assert first.external_id == "essays/01-the-lock-keepers-ledger.md"
    assert first.fields["title"] == "The lock keeper's ledger"
    assert first.fields["slug"] == "the-lock-keepers-ledger"
    assert first.fields["author"] == "Ada Ferris"
    assert first.fields["published_at"] == datetime(2026, 1, 15, 7, 30, tzinfo=UTC)
    assert first.fields["url"] == f"https://github.com/octo-org/essays/blob/main/{first.external_id}"
    assert str(first.fields["body"]).startswith("# The lock keeper's ledger\n\nNobody")
    assert (bare.external_id, bare.fields["title"]) == ("essays/notes/bare.md", "A text without a head")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"path": "essays/notes"}, ["essays/notes/bare.md"]),
        ({"path": "/essays/notes/"}, ["essays/notes/bare.md"]),
        ({"path": "", "pattern": "README.*"}, ["README.md"]),
        ({"pattern": "notes/*.md"}, ["essays/notes/bare.md"]),
        ({"pattern": "02-*"}, ["essays/02-what-the-ferry-carried.md"]),
        ({"pattern": "*.txt"}, []),
        ({"pattern": "latest.md"}, []),
    ],
)
def test_folder_and_pattern_choose_the_files(github: Service, options: dict[str, str], expected: list[str]) -> None:
    assert paths(github, **options) == expected


def test_a_picture_is_set_aside_with_the_mend(github: Service) -> None:
    with sandboxed(github, pattern="*.png") as client:
        (bad,) = items(read(client))
    assert isinstance(bad, BadItem)
    assert (bad.external_id, bad.field) == ("essays/notes/harbour.png", "body")
    assert bad.reason.startswith("It is not UTF-8 text.")


@pytest.mark.parametrize("folder", ["none", "essay", "essays/01", "README.md"])
def test_a_folder_that_is_not_there_is_said(github: Service, folder: str) -> None:
    with sandboxed(github, path=folder) as client, pytest.raises(CallError, match=f"no folder “{folder}”") as failure:
        read(client)
    assert failure.value.code is Code.NOT_FOUND


def test_a_run_goes_on_in_the_tree_it_began_with(github: Service) -> None:
    with sandboxed(github) as client:
        begun = next(islice(streams.files(client, {}), 1))
        late = client.commit_file("essays/zz-late.md", b"# Late\n", "Add")
        try:
            rest = read(client, begun.position)
            anew = read(client)
        finally:
            client.delete_file("essays/zz-late.md", late.content_sha, "Remove")
    assert len(items([begun, *rest])) == 12
    assert len(items(anew)) == 13


def test_an_enterprise_server_is_asked_below_its_path(github: Service, remote: ScriptedServer) -> None:
    remote.answers(HOME, listing("a b.md"), blob(b"text"))
    with scripted(github, remote, path="", branch="feature/x") as client:
        fields = only(read(client))
    base = "/api/v3/repos/octo-org/essays"
    assert [asked.target for asked in remote.asked] == [
        base,
        f"{base}/git/trees/feature%2Fx?recursive=1",
        f"{base}/git/blobs/{blob_sha(b'a b.md')}",
    ]
    assert fields["url"] == "https://ghe.example/octo-org/essays/blob/feature/x/a%20b.md"
    assert (fields["title"], fields["body"], fields["published_at"]) == ("a b", "text", None)


def test_without_a_branch_the_default_one_is_read(github: Service, remote: ScriptedServer) -> None:
    remote.answers(HOME, listing("a.md"), blob("\ufeff---\ntitle: Ä\n---\nbody".encode()))
    with scripted(github, remote, path="") as client:
        fields = only(read(client))
    assert "/git/trees/trunk?" in remote.asked[1].target
    assert (fields["title"], fields["body"]) == ("Ä", "body")


@pytest.mark.parametrize("when", ["2026-03-01", "2026-03-01T00:00:00Z", "2026-03-01 01:00:00 +0100", '"2026-03-01"'])
def test_dates_are_read_as_generators_write_them(github: Service, remote: ScriptedServer, when: str) -> None:
    remote.answers(HOME, listing("a.md"), blob(f"---\ndate: {when}\n---\n".encode()))
    with scripted(github, remote, path="") as client:
        assert only(read(client))["published_at"] == datetime(2026, 3, 1, tzinfo=UTC)


def test_a_list_that_github_cut_is_never_taken_for_all(github: Service, remote: ScriptedServer) -> None:
    remote.answers(HOME, listing("a.md", truncated=True))
    with scripted(github, remote, path="") as client, pytest.raises(Truncated, match="more files than GitHub lists"):
        read(client)
    assert len(remote.asked) == 2


@pytest.mark.parametrize(
    "answer",
    [
        reply(None),
        reply([]),
        listing(truncated=None),
        listing(truncated="false"),
        listing(sha=""),
        listing(tree={}),
        listing(tree=[None]),
        listing(tree=[{"path": "a.md", "mode": "100644", "type": "blob", "sha": "../../../user"}]),
        listing(tree=[{"path": "", "mode": "100644", "type": "blob", "sha": TREE}]),
    ],
)
def test_a_tree_that_is_nonsense_is_an_unreadable_answer(
    github: Service, remote: ScriptedServer, answer: Reply
) -> None:
    remote.answers(HOME, answer)
    with scripted(github, remote, path="") as client, pytest.raises(CallError) as failure:
        read(client)
    assert failure.value.code is Code.BAD_ANSWER


def test_a_file_beyond_the_largest_answer_is_set_aside(github: Service, remote: ScriptedServer) -> None:
    github.max_response_mib = 1
    remote.answers(HOME, listing("a.md", "b.md"), blob(b"a" * 1024 * 1024), blob(b"small"))
    with scripted(github, remote, path="") as client:
        large, small = items(read(client))
    assert isinstance(large, BadItem)
    assert "raise the largest answer of the service" in large.reason
    assert isinstance(small, Item)


def synced(github: Service, **options: Any) -> SyncRun:
    credentials.store(github, "token", sandbox.SECRETS["token"])
    Service.objects.update(options={**sandbox.OPTIONS, **options})
    run = ops.sync(github.streams.get(name="files"), SyncRun.Trigger.COMMAND)
    tasks.run_sync(str(run.pk))
    run.refresh_from_db()
    return run


def test_a_second_run_asks_for_no_file_again(github: Service) -> None:
    assert (synced(github).created, Essay.objects.count()) == (12, 12)
    before = Call.objects.count()
    again = synced(github)
    assert (again.state, again.unchanged, again.updated) == ("succeeded", 12, 0)
    made = Call.objects.order_by("pk")[before:]
    assert [call.operation for call in made if call.cache != "hit"] == ["get_repository", "list_files"]


def test_a_run_over_a_picture_ends_partially(github: Service) -> None:
    run = synced(github, path="essays/notes", pattern="*")
    assert (run.state, run.created, run.rejected) == ("partial", 1, 1)
    assert RecordError.objects.get().external_id == "essays/notes/harbour.png"


def test_without_a_repository_the_run_says_what_to_set(github: Service) -> None:
    run = synced(github, repository="")
    assert run.state == "failed"
    assert run.failure_message.startswith("No repository is set: enter owner/name in the options of the service.")
    assert not Call.objects.exists()


def test_the_same_files_are_records_with_all_of_their_front_matter(github: Service, remote: ScriptedServer) -> None:
    remote.answers(HOME, listing("a.md"), blob(b"---\ntitle: Harbours\nlayout: wide\n---\nTwo of them.\n"))
    with scripted(github, remote, path="") as client:
        record = only(list(streams.records(client, {})))
    assert record["title"] == "Harbours"
    assert record["data"]["front_matter"] == {"title": "Harbours", "layout": "wide"}
    assert record["data"]["text"].strip() == "Two of them."
    assert record["data"]["url"] == "https://ghe.example/octo-org/essays/blob/trunk/a.md"


def test_records_are_read_where_staff_switch_them_on(github: Service) -> None:
    assert dict(github.streams.values_list("name", "enabled")) == {"files": True, "records": False}
