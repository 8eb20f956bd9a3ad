"""An essay becomes a commit: once, as it was when somebody asked, and never over what others wrote unasked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django_q.models import OrmQ

from integrations import credentials, due, leases, ops, publishing, systems, tasks
from integrations.models import Call, Essay, Publication, Service
from integrations.publishing import Wish, rendered
from integrations.systems.github import sandbox
from integrations.systems.github.contents import blob_sha
from integrations.systems.github.streams import said_by
from tests.essays import PUBLISHED, essay_of
from tests.systems.github_repository import reply, said
from tests.transport.server import Reply, ScriptedServer
from tests.worker import expire, make_due, work_off

REPOSITORY = sandbox._repository

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def repository(github: Service) -> Service:
    """The sandbox's, which may be written to."""
    Service.objects.filter(pk=github.pk).update(options=sandbox.OPTIONS)
    credentials.store(github, "token", sandbox.SECRETS["token"])
    github.refresh_from_db()
    return github


@pytest.fixture
def essay(cms: Service) -> Essay:
    return essay_of(cms)


def publish(essay: Essay, service: Service, actor: User | None = None, **wish: Any) -> Publication:
    row = ops.publish(essay, service, Wish(**wish), actor)
    work_off()
    row.refresh_from_db()
    return row


def commits(path: str) -> int:
    return sum(commit.path == path for commit in REPOSITORY.commits)


def somebody_writes(path: str, text: bytes) -> None:
    REPOSITORY.commit(path, text, "By hand", {"name": "Somebody", "email": "somebody@example.org"})


def refusal(essay: Essay, service: Service, **wish: Any) -> str:
    with pytest.raises(ops.Impossible) as refused:
        ops.publish(essay, service, Wish(**wish))
    assert not OrmQ.objects.exists()
    return str(refused.value)


def test_an_essay_becomes_a_file_by_whoever_asked(essay: Essay, repository: Service, operator: User) -> None:
    User.objects.filter(pk=operator.pk).update(email="olga@example.org", first_name="Olga", last_name="Operator")
    operator.refresh_from_db()
    row = publish(essay, repository, operator, message="To the press")
    path = f"essays/{essay.slug}.md"
    commit = REPOSITORY.newest(path)
    assert commit
    assert (row.state, row.failure_message, row.changed, row.path) == ("succeeded", "", True, path)
    assert row.url.endswith(f"/commit/{commit.sha}")
    assert row.content_sha == blob_sha(REPOSITORY.files[path])
    assert commit.message == "To the press"
    assert commit.author == {"name": "Olga Operator", "email": "olga@example.org"}
    assert said_by(path, REPOSITORY.files[path].decode()) == {
        "title": essay.title,
        "slug": essay.slug,
        "author": "Ada Ferris",
        "body": essay.body.lstrip("\n"),
        "published_at": PUBLISHED,
    }
    calls = Call.objects.filter(correlation_id=row.correlation_id)
    assert set(calls.values_list("trigger", "actor", "outcome")) <= {
        ("staff", operator.pk, "ok"),
        ("staff", operator.pk, "rejected"),  # looking for a file that is not there yet
    }
    assert calls.filter(operation="commit_file").count() == 1


def test_without_an_address_the_owner_of_the_token_is_the_author(
    essay: Essay, repository: Service, operator: User
) -> None:
    row = publish(essay, repository, operator)
    commit = REPOSITORY.newest(row.path)
    assert commit
    assert commit.author["name"] == "octocat"
    assert commit.message == f"Publish “{essay.title}”"


def test_what_is_published_already_makes_no_second_commit(essay: Essay, repository: Service) -> None:
    first, second = publish(essay, repository), publish(essay, repository)
    assert (second.state, second.changed, second.content_sha) == ("succeeded", False, first.content_sha)
    assert commits(first.path) == 1
    assert second.url.endswith(first.path)


def test_what_changed_since_is_committed_over_our_own(essay: Essay, repository: Service) -> None:
    path = publish(essay, repository, path="essays/own name.md").path
    Essay.objects.update(title="Another title", slug="another")
    essay.refresh_from_db()
    row = publish(essay, repository)
    assert (row.state, row.changed, row.path) == ("succeeded", True, path)
    assert row.message == "Update “Another title”"
    assert b'title: "Another title"' in REPOSITORY.files[path]


def test_what_somebody_changed_since_is_a_conflict_until_it_is_to_be_replaced(
    essay: Essay, repository: Service
) -> None:
    path = publish(essay, repository).path
    somebody_writes(path, b"by hand")
    Essay.objects.update(title="Another title")
    essay.refresh_from_db()
    row = publish(essay, repository)
    assert (row.state, row.failure_code) == ("failed", "conflict")
    assert row.failure_message == f"Somebody changed “{path}” since it was read. {publishing.OVERWRITE}"
    assert REPOSITORY.files[path] == b"by hand"
    assert publish(essay, repository, replace=True).changed
    assert REPOSITORY.files[path].decode() == rendered(essay)


def test_what_somebody_deleted_since_is_a_conflict_too(essay: Essay, repository: Service) -> None:
    path = publish(essay, repository).path
    REPOSITORY.commit(path, None, "Away", {})
    assert publish(essay, repository).failure_message.startswith(f"There is no “{path}” any more")
    assert publish(essay, repository, replace=True).changed


def test_a_file_that_was_there_before_is_not_overwritten_unasked(essay: Essay, repository: Service) -> None:
    path = f"essays/there {essay.pk}.md"
    somebody_writes(path, b"\xff no text even")
    row = publish(essay, repository, path=path)
    assert (row.state, row.failure_code) == ("failed", "conflict")
    assert row.failure_message.startswith(f"“{path}” holds another text that the console did not publish.")
    assert REPOSITORY.files[path] == b"\xff no text even"
    assert publish(essay, repository, path=path, replace=True).changed


def test_a_file_that_says_the_same_in_other_words_stays_as_it_is(essay: Essay, repository: Service) -> None:
    path = f"essays/same {essay.pk}.md"
    head = f"author: Ada Ferris\ntags: [a, b]\ntitle: '{essay.title}'\nslug: {essay.slug}\ndate: 2026-03-04 05:06:07Z"
    theirs = f"---\n{head}\n---\n{essay.body}".encode()
    somebody_writes(path, theirs)
    row = publish(essay, repository, path=path)
    assert (row.state, row.changed, row.content_sha) == ("succeeded", False, "")
    assert REPOSITORY.files[path] == theirs
    Essay.objects.update(title="Another title")
    essay.refresh_from_db()
    assert publish(essay, repository, path=path).failure_code == "conflict"
    assert REPOSITORY.files[path] == theirs
    assert publish(essay, repository, path=path, replace=True).changed
    assert REPOSITORY.files[path].decode() == rendered(essay)


def test_an_essay_goes_back_to_where_it_comes_from(repository: Service) -> None:
    path = "essays/01-the-lock-keepers-ledger.md"
    before = REPOSITORY.files[path]
    text = said_by(path, before.decode())
    essay = essay_of(repository, external_id=path, **text)
    assert publishing.default_place(essay) == repository
    row = publish(essay, repository)
    assert (row.state, row.path, row.changed, REPOSITORY.files[path]) == ("succeeded", path, False, before)


def test_what_was_asked_for_is_published_whatever_the_essay_has_become(essay: Essay, repository: Service) -> None:
    text = rendered(essay)
    row = ops.publish(essay, repository, Wish())
    Essay.objects.update(body="Another text")
    work_off()
    assert REPOSITORY.files[row.path].decode() == text


@pytest.mark.parametrize("again", [False, True])
def test_a_worker_that_dies_behind_its_commit_leads_to_no_second_one(
    essay: Essay, repository: Service, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    if again:
        publish(essay, repository)
        Essay.objects.update(title="Another title")
        essay.refresh_from_db()
    row = ops.publish(essay, repository, Wish())
    before = commits(row.path)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(leases.Lease, "finish", killed)
        with pytest.raises(KeyboardInterrupt):
            tasks.publish_essay(str(row.pk))
    assert commits(row.path) == before + 1
    expire(row)
    due.start()
    work_off()
    row.refresh_from_db()
    assert (row.state, row.claims, row.changed) == ("succeeded", 2, False)
    assert commits(row.path) == before + 1


def test_two_clicks_are_one_publication(essay: Essay, repository: Service) -> None:
    row = ops.publish(essay, repository, Wish())
    with pytest.raises(ops.Impossible, match="This essay is being published already"):
        ops.publish(essay, repository, Wish())
    tasks.publish_essay(str(row.pk))
    tasks.publish_essay(str(row.pk))
    assert commits(row.path) == 1


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("../../etc/passwd.md", "no part of a path may be empty, “.” or “..”"),
        ("/a.md", "no part of a path may be empty"),
        (".github/workflows/run.yml", "is no file of text. Let the path end in .markdown, .md, .mdx."),
        ("README", "is no file of text"),
        (f"{'x' * 500}.md", "The path is longer than 500 characters."),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(essay: Essay, repository: Service, path: str, sentence: str) -> None:
    assert sentence in refusal(essay, repository, path=path)


def test_only_a_repository_that_is_on_is_published_to(essay: Essay, repository: Service, cms: Service) -> None:
    assert refusal(essay, cms) == "Articles is no repository. Choose a service of GitHub."
    row = ops.publish(essay, repository, Wish())
    Service.objects.filter(pk=repository.pk).update(enabled=False)
    work_off()
    row.refresh_from_db()
    assert (row.state, row.failure_message) == ("failed", "GitHub is switched off. Enable the service first.")
    repository.refresh_from_db()
    assert refusal(essay, repository) == "GitHub is switched off. Enable the service first."
    assert publishing.default_place(essay) is None


@pytest.mark.parametrize(
    ("options", "fields", "path"),
    [
        ({"path": "/essays/new/"}, {"slug": "a-b"}, "essays/new/a-b.md"),
        ({}, {"slug": "", "title": "Rivers: a “history”"}, "rivers-a-history.md"),
        ({}, {"slug": "../x"}, "x.md"),
        ({}, {"slug": "y" * 200}, f"{'y' * 100}.md"),
    ],
)
def test_a_new_file_is_named_as_the_essay(
    repository: Service, cms: Service, options: dict[str, str], fields: dict[str, str], path: str
) -> None:
    repository.options = options
    assert publishing.default_path(essay_of(cms, **fields), repository) == path


def test_an_essay_whose_name_holds_no_letter_is_named_by_its_number(repository: Service, cms: Service) -> None:
    essay = essay_of(cms, slug="", title="社會")
    assert publishing.default_path(essay, repository) == f"essays/essay-{essay.pk}.md"


@pytest.fixture
def told(repository: Service, remote: ScriptedServer) -> Service:
    """A repository that says what it is told to."""
    Service.objects.filter(pk=repository.pk).update(base_url=remote.url, max_attempts=1)
    repository.refresh_from_db()
    return repository


def test_a_long_wait_parks_it_and_it_goes_on_by_itself(essay: Essay, told: Service, remote: ScriptedServer) -> None:
    absent = reply({"message": "Not Found"}, 404)
    done = reply({"content": said(), "commit": {"sha": "c" * 40, "html_url": "https://github.com/c"}}, 201)
    remote.answers(Reply(429, headers=(("Retry-After", "50"),)), absent, absent, done)
    row = publish(essay, told)
    assert (row.state, row.lease_until) == ("parked", None)
    assert row.failure_message.endswith("Goes on by itself.")
    make_due(row)
    tasks.publish_essay(str(row.pk))
    row.refresh_from_db()
    assert (row.state, row.failure_message, row.url) == ("succeeded", "", "https://github.com/c")
    assert json.loads(remote.asked[-1].body)["message"] == row.message


def test_a_token_that_may_only_read_is_told_in_words(essay: Essay, repository: Service) -> None:
    credentials.store(repository, "token", sandbox.READER)
    row = publish(essay, repository)
    assert (row.state, row.failure_code) == ("failed", "forbidden")
    assert "Resource not accessible by personal access token" in row.failure_message


def test_a_service_whose_system_is_gone_publishes_nothing(
    essay: Essay, repository: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ops.publish(essay, repository, Wish())
    monkeypatch.setattr(systems, "all_systems", dict)
    work_off()
    row.refresh_from_db()
    assert (row.state, row.failure_code) == ("failed", "not_configured")


def test_the_command_publishes_and_says_where(
    essay: Essay, repository: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command(
        "publish", str(essay.pk), "--service", "github", "--path", "essays/shell.md", "--message", "From a shell"
    )
    row = Publication.objects.get()
    assert capsys.readouterr().out == f"{row}, essays/shell.md, is waiting for a worker.\n"
    assert (row.actor, row.message, row.replace) == (None, "From a shell", False)
    with pytest.raises(CommandError, match="is being published already"):
        call_command("publish", str(essay.pk), "--service", "github")
    with pytest.raises(CommandError, match="There is no essay 0"):
        call_command("publish", "0", "--service", "github")
    work_off()
    assert {(call.trigger, call.actor) for call in Call.objects.all()} == {(Call.Trigger.COMMAND, None)}


def test_a_protected_branch_is_no_matter_of_overwriting(essay: Essay, told: Service, remote: ScriptedServer) -> None:
    absent, moved = (
        reply({"message": "Not Found"}, 404),
        reply({"message": "Changes must be made by pull request"}, 409),
    )
    remote.answers(absent, absent, moved, absent, moved, absent)
    row = publish(essay, told)
    assert (row.state, row.failure_code) == ("failed", "conflict")
    assert "others commit to the branch, or its rules forbid it" in row.failure_message
    assert publishing.OVERWRITE not in row.failure_message
