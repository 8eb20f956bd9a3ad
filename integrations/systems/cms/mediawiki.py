"""MediaWiki's action API: which pages there are, or changed, or are gone; then what they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from integrations.systems.base import BadItem, Gone
from integrations.systems.cms.addresses import absolute
from integrations.systems.cms.product import Article, Found, Listing, Product, in_utc, moment, rows_at, words
from integrations.systems.paths import at
from integrations.transport.answer import Answer
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.pointers import Cursor
from integrations.transport.styles import Ask, Listed

ERROR_HEADER = "MediaWiki-API-Error"  # the only sign of an error: the status is 200
MOST_PARTS = 500
CONTENT = {
    "prop": "info|revisions|pageimages",
    "inprop": "url",
    "rvprop": "ids|timestamp|user|content",
    "rvslots": "main",
    "piprop": "original",
}
_CODES = {
    "ratelimited": Code.RATE_LIMITED,
    "maxlag": Code.RATE_LIMITED,
    "readonly": Code.SERVER_ERROR,
    "readapidenied": Code.AUTH_FAILED,
    "mwoauth-invalid-authorization": Code.AUTH_FAILED,
    "permissiondenied": Code.FORBIDDEN,
}


class MediaWiki(Product):
    """The pages of one namespace, without redirects."""

    collection = "0"  # the main namespace
    page_size = 50
    largest_page = 50  # the contents of more are given to bots only

    def listings(self, since: datetime | None) -> Sequence[Listing]:
        """Every page; or those edited since, then those deleted or restored since."""
        if since is None:
            # https://www.mediawiki.org/wiki/API:Allpages
            pages = {"list": "allpages", "apnamespace": self._collection, "apfilterredir": "nonredirects"}
            return [self._listing({**pages, "aplimit": self._size}, "query.allpages", "pageid")]
        # https://www.mediawiki.org/wiki/API:Allrevisions: recent changes are forgotten after some weeks
        edits = {"list": "allrevisions", "arvprop": "ids|timestamp", "arvdir": "newer", "arvstart": in_utc(since)}
        edits |= {"arvnamespace": self._collection, "arvlimit": str(self._size)}
        # https://www.mediawiki.org/wiki/API:Logevents
        deletions = {"list": "logevents", "letype": "delete", "leprop": "ids|title|type|timestamp", "ledir": "newer"}
        deletions |= {"lestart": in_utc(since), "lenamespace": self._collection, "lelimit": str(self._size)}
        return [
            self._listing(edits, "query.allrevisions", "pageid"),
            # What was restored is as old as it was before.
            replace(self._listing(deletions, "query.logevents", "logpage"), any_age=True),
        ]

    def check_health(self) -> str:
        """What the wiki says of itself, and one page of the namespace, since a closed wiki tells its name to all."""
        # https://www.mediawiki.org/wiki/API:Siteinfo
        asked = {"meta": "siteinfo", "siprop": "general|statistics", "list": "allpages", "aplimit": 1}
        answer = self._ask("check_health", {**asked, "apnamespace": self._collection})
        rows_at("query.allpages", answer)
        name, pages = (words(f"query.{path}", answer.data) for path in ("general.sitename", "statistics.articles"))
        return f"{name}: {pages} articles by its own count."

    def _listing(self, asked: Mapping[str, Any], rows: str, page_id: str) -> Listing:
        return Listing(Cursor("continue"), partial(self._fetch, asked, rows, page_id), self._found, partial(at, "row"))

    def _fetch(self, asked: Mapping[str, Any], rows: str, page_id: str, ask: Ask) -> Listed:
        """The pages that rows of a list speak of, as they are now, each with its last row."""
        listed = self._named(asked, rows, page_id, ask)
        found = {str(at(page_id, row)): row for row in listed.items}
        pages = self._pages(list(found))
        return replace(listed, items=[{"id": key, "row": row, "page": pages.get(key)} for key, row in found.items()])

    def _named(self, asked: Mapping[str, Any], rows: str, page_id: str, ask: Ask) -> Listed:
        """The next rows that name a page; large wikis filter after cutting, so that many answers may be empty."""
        params = ask.params
        for _ in range(MOST_PARTS):
            listed = rows_at(rows, self._ask("list_articles", {**self._extra, **asked, **params}))
            listed = replace(listed, items=[row for row in listed.items if at(page_id, row)])
            params = at("continue", listed.data)
            if listed.items or not isinstance(params, dict):
                break
        return listed

    # https://www.mediawiki.org/wiki/API:Query#Example_5:_Batchcomplete
    def _pages(self, page_ids: Sequence[str]) -> Mapping[str, Any]:
        """By id. Where an answer would be too large, a page comes in parts."""
        found: dict[str, dict[str, Any]] = {}
        wanted = {**CONTENT, "pageids": "|".join(page_ids)}
        more: Any = {}
        for _ in range(MOST_PARTS if page_ids else 0):
            answer = self._ask("get_pages", {**wanted, **more})
            for page in rows_at("query.pages", answer).items:
                found.setdefault(words("pageid", page), {}).update(page)
            more = at("continue", answer.data)
            if not isinstance(more, dict):
                return found
        if page_ids:
            raise CallError(Code.BAD_PAGING, f"It did not send {len(page_ids)} pages within {MOST_PARTS} answers.")
        return found

    def _found(self, raw: Any) -> Found:
        """The page as an article; gone where it was deleted, moved to another namespace, or made a redirect."""
        page = raw["page"]
        if at("missing || redirect", page) or words("ns", page) not in {"", self._collection}:
            return Gone(raw["id"], raw["row"])
        if not at("revisions", page):
            return BadItem(raw["id"], "revisions", "MediaWiki named this page and sent nothing of it. Sync again.", raw)
        title = words("title", page)
        return Article(
            raw["id"],
            title=title,
            slug=title.replace(" ", "_"),
            body=words("revisions[0].slots.main.content || revisions[0].content", page),
            author=words("revisions[0].user", page),
            url=absolute(at("fullurl", page), self._transport.base_url),
            cover_url=absolute(at("original.source", page), self._transport.base_url),
            modified_at=moment("revisions[0].timestamp", page),
            raw=page,
        )

    def _ask(self, operation: str, asked: Mapping[str, Any]) -> Answer:
        """An answer that is no error.

        Raises:
            CallError: also where the status says that all is well and a header that it is not.
        """
        params = {"action": "query", "format": "json", "formatversion": "2", **asked}
        answer = self._get(operation, "/api.php", params)
        code = answer.headers.get(ERROR_HEADER) or words("error.code", answer.data)
        if code:
            said = words("error.info", answer.data).rstrip(".") or code
            raise CallError(_CODES.get(code, Code.HTTP_ERROR), f"It answered with the error {code}: {said}.", answer)
        return answer
