"""Speaks Ghost's Content API for posts, with its errors.

https://docs.ghost.org/content-api
"""

from __future__ import annotations

import math
import re
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from integrations.systems.cms.sandbox_articles import AUTHOR, KEY, Article, modified_since, picture_of

LIMIT_MAX = 100
FILTER = re.compile(r"updated_at:>='(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)'")
RESOURCES = {"posts", "pages"}


def browse(request: HttpRequest, resource: str) -> HttpResponse:
    """By page number; `next` is named past the end too, and more than a hundred are never given."""
    if request.GET.get("key") != KEY:
        return _error(401, "UnauthorizedError", "Unknown Content API Key", "UNKNOWN_CONTENT_API_KEY")
    if resource not in RESOURCES:
        return _error(404, "NotFoundError", "Resource not found", None)
    given = request.GET.get("filter")
    matched = FILTER.search(given or "")
    if given and not matched:
        return _error(400, "BadRequestError", "Error parsing filter", None)
    page, limit = max(_number(request, "page", 1), 1), min(_number(request, "limit", 15), LIMIT_MAX)
    found = modified_since(matched[1] if matched else None) if resource == "posts" else []
    shown = [_post(request, each) for each in found[(page - 1) * limit : page * limit]]
    pages = max(math.ceil(len(found) / limit), 1)
    following = None if page == pages else page + 1
    counted = {"page": page, "limit": limit, "pages": pages, "total": len(found), "next": following, "prev": None}
    return JsonResponse({resource: shown, "meta": {"pagination": counted}})


def _number(request: HttpRequest, name: str, default: int) -> int:
    """“all”, zero and nonsense are a hundred, or the first page."""
    text = request.GET.get(name, str(default))
    return int(text) if text.isdecimal() and int(text) else LIMIT_MAX


def _post(request: HttpRequest, article: Article) -> dict[str, Any]:
    post = {
        "id": f"{article.number:024x}",
        "uuid": f"00000000-0000-4000-8000-{article.number:012x}",
        "title": article.title,
        "slug": article.slug,
        "html": article.body,
        "feature_image": picture_of(request, article.number),
        "url": f"http://127.0.0.1/{article.slug}/",
        "published_at": f"{article.published:%Y-%m-%dT%H:%M:%S}.000+00:00",
        "updated_at": f"{article.modified:%Y-%m-%dT%H:%M:%S}.000+00:00",
    }
    author = {"id": "1", "name": AUTHOR, "slug": "editors"}
    wanted = "authors" in request.GET.get("include", "").split(",")
    return {**post, "authors": [author], "primary_author": author} if wanted else post


def _error(status: int, kind: str, message: str, code: str | None) -> HttpResponse:
    return JsonResponse({"errors": [{"message": message, "type": kind, "code": code}]}, status=status)
