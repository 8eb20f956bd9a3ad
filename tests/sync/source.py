"""A vendor's list that tells what changed, in memory: its items, its clock and its failures belong to the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from integrations import due, ops, systems, tasks
from integrations.models import Stream, SyncRun
from integrations.systems.base import BadItem, Gone, Item, Page, Position, ReadStream, StreamSpec, System
from integrations.systems.stamps import parse_stamp
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.worker import expire, make_due

SIZE = 2


class Killed(BaseException):
    """What no `except Exception` sees, as a SIGKILL."""


def refuse() -> None:
    """The source refuses, and goes on doing so until somebody acts."""
    raise CallError(Code.AUTH_FAILED, "The source refused.")


def falter() -> None:
    """The source fails in a way that may be over by itself."""
    raise CallError(Code.SERVER_ERROR, "The source failed.")


def die() -> None:
    """The worker dies."""
    raise Killed


@dataclass
class Source:
    """Items by id, read in the order of their ids.

    Attributes:
        gone: what was deleted, and when; told to those who ask for changes if `tells_gone`.
        trouble: what happens before the page of that number is given, counted from 1 in each reading.
        remark, bad, nameless, total: of its pages.
    """

    items: dict[str, Item] = field(default_factory=dict)
    gone: dict[str, datetime] = field(default_factory=dict)
    tells_gone: bool = False
    skew: timedelta = timedelta()
    trouble: dict[int, Callable[[], None]] = field(default_factory=dict)
    remark: str = ""
    bad: set[str] = field(default_factory=set)
    nameless: int = 0
    total: int | None = None
    asked: list[Position] = field(default_factory=list)

    def put(self, *keys: str, title: str = "A title", stamp: datetime | None = None) -> None:
        """Create or change."""
        for key in keys:
            changed = stamp or timezone.now() + self.skew
            self.items[key] = Item(key, {"title": title, "data": {"id": key}, "source_modified_at": changed})
            self.gone.pop(key, None)

    def remove(self, *keys: str) -> None:
        """Delete."""
        for key in keys:
            if self.items.pop(key, None):
                self.gone[key] = timezone.now() + self.skew

    def read(self, client: Any, position: Position) -> Iterator[Page]:  # noqa: ARG002 - as every stream
        """Pages of two, from a position on."""
        self.asked.append(dict(position))
        since, number = parse_stamp(position.get("since")), 0
        while not position.get("end"):
            number += 1
            self.trouble.get(number, lambda: None)()
            keys = [key for key in self._wanted(since) if key > position.get("after", "")]
            items = [self._shown(key) for key in keys[:SIZE]]
            items += [BadItem("", "id", "There is none.") for _ in range(self.nameless)] if items else []
            position = {**position, "after": max(keys[:SIZE], default=""), "end": len(keys) <= SIZE}
            yield Page(items, position, self.total, remark=self.remark)

    def _wanted(self, since: datetime | None) -> list[str]:
        if since is None:
            return sorted(self.items)
        found = {key for key, item in self.items.items() if item.fields["source_modified_at"] >= since}
        told = {key for key, moment in self.gone.items() if moment >= since} if self.tells_gone else set()
        return sorted(found | told)

    def _shown(self, key: str) -> Item | BadItem | Gone:
        if key in self.bad:
            return BadItem(key, "title", "It is odd.")
        return self.items[key] if key in self.items else Gone(key)


@dataclass(frozen=True)
class InMemory(System):
    """A System that reads a Source."""

    reader: ReadStream | None = None

    def read(self, name: str) -> ReadStream:  # noqa: ARG002 - there is one stream
        """Its one stream."""
        assert self.reader
        return self.reader

    def client(self, *_: Any) -> Any:
        """Nothing is called."""
        return None


def system_of(source: Source) -> InMemory:
    """What `systems.get` gives in its place; the stream is called as that of the CMS, since its service has a row of it."""
    spec = StreamSpec("articles", "Things", model="Record", incremental=True)
    return InMemory(slug="cms", label="Things", docs_url="https://example.org", streams=(spec,), reader=source.read)


def as_declared(incremental: bool) -> None:
    """Change whether the source in place tells changes."""
    system = systems.get("cms")
    spec = replace(system.streams[0], incremental=incremental)
    object.__setattr__(system, "streams", (spec,))


def work(run: SyncRun) -> SyncRun:
    """Take a run to its end, over the deaths of workers and whatever it waits for."""
    while run.state in SyncRun.ACTIVE:
        make_due(run)
        try:
            tasks.run_sync(str(run.pk))
        except Killed:
            expire(run)
            due.start()
        run.refresh_from_db()
    return run


def sync(stream: Stream, **options: Any) -> SyncRun:
    """A run that has ended."""
    return work(ops.sync(Stream.objects.get(pk=stream.pk), SyncRun.Trigger.STAFF, **options))


def retry(run: SyncRun) -> SyncRun:
    """Its retry, ended."""
    return work(ops.retry(SyncRun.objects.get(pk=run.pk)))
