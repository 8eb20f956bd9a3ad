"""A CMS on a real socket whose articles, mishaps and log belong to the test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.listening import serving

ARTICLES = 100
# Twenty a page, of which each but the first begins with the last article of the one before.
PAGES = 6
TWO_PAGES = 39
THIRD_PAGE = 38


def article(number: int, **values: Any) -> dict[str, Any]:
    return {"id": number, "title": f"Title {number}", "body": f"Body {number}", "author": "The editors", **values}


@dataclass(frozen=True)
class Mishap:
    """An answer that is no page."""

    status: int
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Remote:
    """What it serves; `mishaps` is by the offset asked for, and stays until the test takes it away."""

    url: str = ""
    articles: list[dict[str, Any]] = field(default_factory=lambda: [article(n) for n in range(1, ARTICLES + 1)])
    mishaps: dict[int, Mishap] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    tells_total: bool = True

    def answer(self, path: str) -> Mishap:
        query = parse_qs(urlsplit(path).query)
        limit, offset = int(query["limit"][0]), int(query["offset"][0])
        self.asked.append(offset)
        if offset in self.mishaps:
            return self.mishaps[offset]
        meta = {"total_count": len(self.articles)} if self.tells_total else {}
        return Mishap(200, json.dumps({"meta": meta, "items": self.articles[offset : offset + limit]}).encode())


@contextmanager
def serve() -> Iterator[Remote]:
    remote = Remote()

    def answer(target: str) -> tuple[int, dict[str, str], bytes]:
        found = remote.answer(target)
        return found.status, found.headers, found.body

    with serving(answer) as url:
        remote.url = url
        yield remote
