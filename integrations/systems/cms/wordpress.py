"""WordPress' REST API: posts, pages or a type of one's own, by offset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from html import unescape
from typing import Any

from django.utils.html import strip_tags

from integrations.systems.base import BadItem, Gone
from integrations.systems.cms.addresses import absolute, resolved
from integrations.systems.cms.product import (
    Article,
    Found,
    Listing,
    Product,
    in_utc,
    moment,
    rows_at,
    total_remark,
    without_id,
    words,
)
from integrations.systems.paths import at
from integrations.transport.answer import Answer
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.styles import Ask, Listed, Offset

FIELDS = "id,slug,link,title,content,date_gmt,modified_gmt,_links,_embedded"
MEND = "Check that the base URL points at a WordPress, and “Collection”."
# It compares local times, and the end of summer time repeats an hour of them; what is older is left out afterwards.
REPEATED = timedelta(hours=1, seconds=1)
HIDDEN = "trash,draft,pending,private,future"  # what a post may become that was published


class WordPress(Product):
    """One type of posts of one site."""

    collection = "posts"
    largest_page = 100

    # https://developer.wordpress.org/rest-api/reference/posts/#list-posts
    def listings(self, since: datetime | None) -> Sequence[Listing]:
        """What is published, by id; or what changed since, and what is no longer published if we are signed in."""
        # Always by id: it has no second key to order by, and a bulk change gives many posts the same moment.
        asked = {"_embed": "author,wp:featuredmedia", "_fields": FIELDS, "orderby": "id", "order": "asc"}
        if since is None:
            return [self._listing(self._fetch, asked, self._article)]
        changed = {**asked, "modified_after": in_utc(since - REPEATED)}
        found = [self._listing(self._fetch, changed, self._article)]
        if self._options["username"]:
            hidden = {**changed, "status": HIDDEN, "_fields": "id,modified_gmt"}
            found.append(self._listing(self._fetch_hidden, hidden, _gone))
        return found

    def check_health(self) -> str:
        """Ask for a single post, and who we are: on public lists WordPress ignores wrong credentials."""
        remark = total_remark(self._fetch("check_health", {"_fields": "id"}, Ask({"per_page": 1})).total)
        if not self._options["username"]:
            return remark
        # https://developer.wordpress.org/rest-api/reference/users/#retrieve-a-user-2
        me = self._get("get_me", "/wp-json/wp/v2/users/me", {"context": "edit"}).data
        if at("capabilities.edit_posts", me) is True:
            return f"{remark} Signed in as {words('name', me)}."
        return f"{remark} {words('name', me)} may not edit posts, so that only a full sync sees deletions."

    def _listing(self, fetch: Any, asked: Mapping[str, Any], read: Any) -> Listing:
        # By offset and not by page, so that each page can begin with the last post of the one before.
        return Listing(
            Offset(self._size, limit="per_page"), partial(fetch, "list_articles", asked), read, partial(at, "id")
        )

    def _fetch(self, operation: str, asked: Mapping[str, Any], ask: Ask) -> Listed:
        return _listed(
            self._get(operation, f"/wp-json/wp/v2/{self._place}", {**self._extra, **asked, **ask.params}),
        )

    def _fetch_hidden(self, operation: str, asked: Mapping[str, Any], ask: Ask) -> Listed:
        """Nothing where the account may not see it: then a full pass finds what is gone."""
        try:
            return self._fetch(operation, asked, ask)
        except CallError as error:
            if at("data.params.status", error.answer.json if error.answer else None):
                return Listed([])
            raise

    def _article(self, raw: Any) -> Article | BadItem:
        article_id = words("id", raw)
        if not article_id:
            return without_id("id", MEND, raw)
        url = absolute(at("link", raw), self._transport.base_url)
        base = url or self._transport.base_url
        return Article(
            article_id,
            title=_plain(words("title.rendered", raw)) or words("slug", raw) or article_id,
            slug=words("slug", raw),
            body=resolved(words("content.rendered", raw), base),
            author=words("_embedded.author[0].name", raw),
            url=url,
            cover_url=absolute(at('_embedded."wp:featuredmedia"[0].source_url', raw), base),
            published_at=moment("date_gmt", raw),
            modified_at=moment("modified_gmt", raw),
            raw=raw,
        )

    def _hint(self, error: CallError) -> str:
        code = at("code", error.answer.json if error.answer else None)
        if code == "rest_no_route":
            return f"Check “Collection” ({self._collection}): posts, pages, or the REST base of a type."
        if error.code is Code.AUTH_FAILED:
            return "Check “WordPress user” and its application password; both need HTTPS."
        return ""


def _listed(answer: Answer) -> Listed:
    total = answer.headers.get("X-WP-Total", "")
    is_number = total.isascii() and total.isdecimal() and len(total) < 10
    return replace(rows_at("@", answer), total=int(total) if is_number else None)


def _gone(raw: Any) -> Found:
    post_id = words("id", raw)
    return Gone(post_id, raw) if post_id else without_id("id", MEND, raw)


def _plain(rendered: str) -> str:
    """A title as a person reads it: WordPress sends markup and entities."""
    return unescape(strip_tags(rendered)).strip()
