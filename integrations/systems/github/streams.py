"""Texts of a repository as items for the Essay table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from integrations.systems.base import BadItem, Item, Options, Page, Position
from integrations.systems.github import front_matter
from integrations.systems.github.client import Client
from integrations.systems.github.contents import Entry, quoted
from integrations.systems.stamps import parse_stamp
from integrations.transport.codes import Code
from integrations.transport.errors import CallError

FILES_A_PAGE = 10
LONGEST_TITLE = 255
Fields = Callable[[str, str, str], dict[str, Any]]  # of a file by its path, its text and its address
_ZONE = re.compile(r"\s(Z|[+-]\d{2}:?\d{2})$")


def files(client: Client, position: Position) -> Iterator[Page]:
    """Every file that matches, as an essay."""
    return _pages(client, position, _essay)


def records(client: Client, position: Position) -> Iterator[Page]:
    """The same as records: what stands in the front matter of each, and its text."""
    return _pages(client, position, _record)


def _pages(client: Client, position: Position, fields: Fields) -> Iterator[Page]:
    """The position is the tree that was listed first and the last path that was read."""
    branch, address = client.files_url()
    tree = client.list_files(position.get("tree", branch))
    matching = wanted(tree.entries, client.options)
    left = [entry for entry in matching if entry.path > position.get("after", "")]
    for start in range(0, len(left), FILES_A_PAGE):
        entries = left[start : start + FILES_A_PAGE]
        items = [_item(client, entry, address, fields) for entry in entries]
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


def _item(client: Client, entry: Entry, address: str, fields: Fields) -> Item | BadItem:
    raw = {"path": entry.path, "sha": entry.sha}
    try:
        text = client.read_blob(entry.sha).decode("utf-8-sig")
    except UnicodeDecodeError:
        return BadItem(entry.path, "body", "It is not UTF-8 text. Save it as UTF-8, or narrow the pattern.", raw)
    except CallError as error:
        if error.code is not Code.TOO_LARGE:
            raise
        return BadItem(entry.path, "body", error.for_staff(), raw)
    return Item(entry.path, fields(entry.path, text, f"{address}/{quoted(entry.path)}"), raw)


def said_by(path: str, text: str) -> dict[str, Any]:
    """What a file says of the essay it holds, by the name of the essay's field."""
    values, body = front_matter.split(text)
    return {
        "title": _title(path, values, body),
        "slug": values.get("slug", ""),
        "body": body,
        "author": values.get("author", ""),
        "published_at": _moment(values.get("date", "")),
    }


def _essay(path: str, text: str, url: str) -> dict[str, Any]:
    return {**said_by(path, text), "url": url}


def _record(path: str, text: str, url: str) -> dict[str, Any]:
    values, body = front_matter.split(text)
    data = {"path": path, "url": url, "front_matter": values, "text": body}
    return {"title": _title(path, values, body)[:LONGEST_TITLE], "data": data}


def _title(path: str, values: Mapping[str, str], body: str) -> str:
    return values.get("title") or front_matter.heading(body) or PurePosixPath(path).stem


def _moment(text: str) -> datetime | None:
    """Site generators put a space before the zone."""
    return parse_stamp(_ZONE.sub(r"\1", text))
