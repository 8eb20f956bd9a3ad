"""Speaks Directus' API for the items of a collection, with its errors.

https://directus.io/docs/guides/connect/query-parameters
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from integrations.systems.cms.sandbox_articles import AUTHOR, KEY, Article, all_articles, bearer, modified_since, whole

BUSY = "busy"  # the token of one who asks too often
FILTER = re.compile(r"filter\[_or\]\[\d\]\[(\w+)\]\[_gte\]")
STAMPS = {"date_created", "date_updated"}


def items(request: HttpRequest, collection: str) -> HttpResponse:
    """By offset; what is not there is as forbidden as what may not be seen."""
    if bearer(request) == BUSY:
        return _too_many()
    if bearer(request) not in {KEY, ""}:
        return _error(401, "Invalid user credentials.", {"code": "INVALID_CREDENTIALS"})
    filters = {name: match[1] for name in request.GET if (match := FILTER.fullmatch(name))}
    if collection != "articles" or not bearer(request) or set(filters.values()) - STAMPS:
        return _error(403, "You don't have permission to access this.", {"code": "FORBIDDEN"})
    try:
        limit, offset = whole(request, "limit", 100), whole(request, "offset", 0)
        found = modified_since(request.GET[next(iter(filters))]) if filters else all_articles()
    except ValueError as error:
        return _error(400, f"Invalid query. {error}.", {"code": "INVALID_QUERY", "reason": str(error)})
    shown = [_item(request, each) for each in found[offset : offset + limit]]
    meta = {"meta": {"filter_count": len(found)}} if request.GET.get("meta") == "filter_count" else {}
    return JsonResponse({"data": shown, **meta})


def _item(request: HttpRequest, article: Article) -> dict[str, Any]:
    """With `*.*` what is related comes as objects, otherwise as keys."""
    file_id = f"00000000-0000-4000-8000-{article.number:012x}"
    deep = "*.*" in request.GET.get("fields", "")
    return {
        "id": article.number,
        "status": "published",
        "title": article.title,
        "slug": article.slug,
        "content": article.body,
        "author": {"id": 7, "name": AUTHOR} if deep else 7,
        "cover": {"id": file_id, "type": "image/svg+xml"} if deep else file_id,
        "date_created": f"{article.published:%Y-%m-%dT%H:%M:%S}.000Z",
        # Directus sets it when an item is changed, and not before.
        "date_updated": f"{article.modified:%Y-%m-%dT%H:%M:%S}.000Z",
    }


def _too_many() -> HttpResponse:
    """The wait is in the body too, and some proxies take the header away."""
    reset = datetime.now(UTC) + timedelta(seconds=50)
    return _error(
        429,
        "Too many requests, retry after 50s.",
        {"code": "REQUESTS_EXCEEDED", "limit": 50, "reset": f"{reset:%Y-%m-%dT%H:%M:%S}.000Z"},
    )


def _error(status: int, message: str, extensions: dict[str, Any]) -> HttpResponse:
    return JsonResponse({"errors": [{"message": message, "extensions": extensions}]}, status=status)
