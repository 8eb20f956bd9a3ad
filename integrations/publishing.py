"""Commits an essay to a repository: once, as it was when somebody asked, and never over what others wrote unasked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.text import slugify

from integrations import leases
from integrations.connections import client_for
from integrations.models import Essay, Publication, Service
from integrations.settling import cause_of, fail, settle
from integrations.systems.github import front_matter
from integrations.systems.github.commits import BranchMoved
from integrations.systems.github.contents import Author, Commit, File, blob_sha, quoted
from integrations.systems.github.streams import said_by
from integrations.transport.codes import Code
from integrations.transport.errors import CallError

SYSTEM = "github"
TEXTS = {".md", ".markdown", ".mdx"}
LONGEST_NAME = 100
OVERWRITE = "Look at it there. To publish over it, tick “Replace what is there”."


@dataclass(frozen=True)
class Wish:
    """How somebody wants an essay to be published.

    Attributes:
        path: of the file in the repository; empty is `default_path`.
        message: of the commit; empty is `default_message`.
        replace: overwrite what is there, whoever wrote it.
    """

    path: str = ""
    message: str = ""
    replace: bool = False


def places() -> QuerySet[Service]:
    """Services to which essays can be published."""
    return Service.objects.filter(system=SYSTEM, enabled=True)


def default_place(essay: Essay) -> Service | None:
    """Where it was last published, else where it comes from, else the first service there is."""
    found = {service.pk: service for service in places()}
    last = _published(essay).first()
    likely = [last.service_id if last else None, essay.service_id, *found]
    return next((found[pk] for pk in likely if pk in found), None)


def default_path(essay: Essay, service: Service) -> str:
    """Where it was last published there; its own path if it comes from there; else a new file in the service's folder."""
    if last := _published(essay).filter(service=service).first():
        return last.path
    if essay.service_id == service.pk:
        return essay.external_id
    folder = str(service.options.get("path") or "").strip("/")
    name = slugify(essay.slug or essay.title)[:LONGEST_NAME] or f"essay-{essay.pk}"
    return f"{folder}/{name}.md" if folder else f"{name}.md"


def default_message(essay: Essay) -> str:
    """What the commit says where nobody says more."""
    title = essay.title if len(essay.title) <= LONGEST_NAME else f"{essay.title[:LONGEST_NAME]}…"
    return f"{'Update' if _published(essay).exists() else 'Publish'} “{title}”"


def objection(essay: Essay, service: Service, wish: Wish) -> str:
    """Why it cannot be published so, and what to do instead; empty where it can."""
    if service.system != SYSTEM:
        return f"{service} is no repository. Choose a service of GitHub."
    if not service.enabled:
        return f"{service} is switched off. Enable the service first."
    return _objection_to_path(essay, service, wish.path) if wish.path else ""


def prepared(essay: Essay, service: Service, wish: Wish, actor: User | None) -> Publication:
    """The row that says all of it, not stored yet."""
    email = actor.email if actor else ""
    return Publication(
        essay=essay,
        service=service,
        actor=actor,
        path=wish.path or default_path(essay, service),
        message=wish.message or default_message(essay),
        replace=wish.replace,
        content=rendered(essay),
        author_name=(actor.get_full_name() or actor.username) if actor and email else "",
        author_email=email,
    )


def rendered(essay: Essay) -> str:
    """The file: what the sync reads from one, and the text."""
    date = essay.published_at.isoformat() if essay.published_at else ""
    values = {"title": essay.title, "slug": essay.slug, "author": essay.author, "date": date}
    return front_matter.render({key: value for key, value in values.items() if value}, essay.body)


def run(lease: leases.Lease) -> None:
    """Commit the claimed publication."""
    row = Publication.objects.select_related("essay", "service").get(pk=lease.pk)
    settle(lease, row, row.service, lambda: _publish(lease, row))


def _publish(lease: leases.Lease, row: Publication) -> None:
    wish = Wish(row.path, row.message, row.replace)
    if reason := objection(row.essay, row.service, wish):  # which may have become so since
        fail(lease, Code.NOT_SENDABLE, reason)
        return
    with client_for(row.service, cause_of(row), lease.renew) as client:
        try:
            commit = _commit(client, row)
        except CallError as error:
            if error.code is not Code.CONFLICT or isinstance(error, BranchMoved):  # which no overwriting mends
                raise
            fail(lease, error.code, f"{error} {OVERWRITE}")
            return
    # A file of somebody else that says the same is not ours to replace the next time.
    sha = commit.content_sha if commit.content_sha == blob_sha(row.content.encode()) else ""
    outcome = {"content_sha": sha, "url": commit.url, "changed": commit.changed}
    lease.finish(Publication.State.SUCCEEDED, failure_code="", failure_message="", **outcome)


def _commit(client: Any, row: Publication) -> Commit:
    """The commit; none is made where the file is so already, as it is after a worker died behind its commit."""
    author = Author(row.author_name, row.author_email) if row.author_email else None
    content, base = row.content.encode(), "" if row.replace else _last_sha(row)
    if not base and (there := _there(client, row.path)):
        base = there.sha
        if not row.replace and not _says_the_same(row.path, there.content, content):
            raise CallError(Code.CONFLICT, f"“{row.path}” holds another text that the console did not publish.")
        if not row.replace:
            content = there.content  # written by hand, perhaps with more in its head than we know
    commit: Commit = client.commit_file(row.path, content, row.message, author, base)
    return commit


def _there(client: Any, path: str) -> File | None:
    try:
        file: File = client.get_file(path)
    except CallError as error:
        if error.status == 404:
            return None
        raise
    return file


def _says_the_same(path: str, there: bytes, ours: bytes) -> bool:
    """Whether a sync would read the same essay from both."""
    try:
        return said_by(path, there.decode("utf-8-sig")) == said_by(path, ours.decode())
    except UnicodeDecodeError:
        return False


def _last_sha(row: Publication) -> str:
    """Of the file as the console last left it there; empty where it never did."""
    last = _published(row.essay).filter(service=row.service, path=row.path).first()
    return last.content_sha if last else ""


def _published(essay: Essay) -> QuerySet[Publication]:
    return essay.publications.filter(state=Publication.State.SUCCEEDED)


def _objection_to_path(essay: Essay, service: Service, path: str) -> str:
    longest = Publication._meta.get_field("path").max_length or 0
    if len(path) > longest:
        return f"The path is longer than {longest} characters. Shorten it."
    try:
        quoted(path)
    except CallError as reason:
        return str(reason)
    is_own = essay.service_id == service.pk and path == essay.external_id
    # Elsewhere a repository holds what others run: workflows, settings, programs.
    if PurePosixPath(path).suffix.lower() not in TEXTS and not is_own:
        return f"“{path}” is no file of text. Let the path end in {', '.join(sorted(TEXTS))}."
    return ""
