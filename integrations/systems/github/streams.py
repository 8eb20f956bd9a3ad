"""Texts of a repository as items for the Essay table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from integrations.systems.base import BadItem, Item, Options, Page, Position
from integrations.systems.github import front_matter
from integrations.systems.github.client import Client
from integrations.systems.github.contents import Entry, quoted
from integrations.systems.stamps import parse_stamp
from integrations.transport.codes import Code
from integrations.transport.errors import CallError

FILES_A_PAGE = 10
_ZONE = re.compile(r"\s(Z|[+-]\d{2}:?\d{2})$")


def files(client: Client, position: Position) -> Iterator[Page]:
    """Every file that matches; the position is the tree that was listed first and the last path that was read."""
    branch, address = client.files_url()
    tree = client.list_files(position.get("tree", branch))
    matching = wanted(tree.entries, client.options)
    left = [entry for entry in matching if entry.path > position.get("after", "")]
    for start in range(0, len(left), FILES_A_PAGE):
        entries = left[start : start + FILES_A_PAGE]
        items = [_item(client, entry, address) for entry in entries]
        yield Page(items, {"tree": tree.sha, "after": entries[-1].path}, len(matching))


def wanted(entries: Sequence[Entry], options: Options) -> list[Entry]:
    """The files in the folder of the options, or below it, that match its pattern.

    Raises:
        CallError: there is no such folder.
    """
    folder, pattern = str(options["path"] or "").strip("/"), str(options["pattern"])
    inside = f"{folder}/" if folder else ""
    found = [entry for entry in entries if entry.path.startswith(inside)]
    if folder and not found:
        raise CallError(Code.NOT_FOUND, f"There is no folder “{folder}” in “{options['repository']}”.")
    return [entry for entry in found if _matches(entry.path.removeprefix(inside), pattern)]


def _matches(path: str, pattern: str) -> bool:
    return fnmatchcase(path if "/" in pattern else PurePosixPath(path).name, pattern)


def _item(client: Client, entry: Entry, address: str) -> Item | BadItem:
    raw = {"path": entry.path, "sha": entry.sha}
    try:
        text = client.read_blob(entry.sha).decode("utf-8-sig")
    except UnicodeDecodeError:
        return BadItem(entry.path, "body", "It is not UTF-8 text. Save it as UTF-8, or narrow the pattern.", raw)
    except CallError as error:
        if error.code is not Code.TOO_LARGE:
            raise
        return BadItem(entry.path, "body", error.for_staff(), raw)
    values, body = front_matter.split(text)
    title = values.get("title") or front_matter.heading(body) or PurePosixPath(entry.path).stem
    fields = {
        "title": title,
        "slug": values.get("slug", ""),
        "body": body,
        "author": values.get("author", ""),
        "url": f"{address}/{quoted(entry.path)}",
        "published_at": _moment(values.get("date", "")),
    }
    return Item(entry.path, fields, raw)


def _moment(text: str) -> datetime | None:
    """Site generators put a space before the zone."""
    return parse_stamp(_ZONE.sub(r"\1", text))
