"""Speaks Strapi 5's REST API for one content type, with its errors.

https://docs.strapi.io/cms/api/rest
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from integrations.systems.cms.sandbox_articles import AUTHOR, KEY, Article, bearer, modified_since, whole

LIMIT_MAX = 100


def entries(request: HttpRequest) -> HttpResponse:
    """By offset; a limit that is too high is clamped without a word."""
    if not bearer(request):
        return _error(403, "ForbiddenError", "Forbidden")
    if bearer(request) != KEY:
        return _error(401, "UnauthorizedError", "Missing or invalid credentials")
    try:
        start, limit = whole(request, "pagination[start]", 0), whole(request, "pagination[limit]", 25)
        found = modified_since(request.GET.get("filters[updatedAt][$gte]"))
    except ValueError as error:
        return _error(400, "ValidationError", str(error))
    limit = min(limit, LIMIT_MAX)
    shown = [_entry(request, each) for each in found[start : start + limit]]
    paging = {"start": start, "limit": limit, "total": len(found)}
    return JsonResponse({"data": shown, "meta": {"pagination": paging}})


def unknown(request: HttpRequest, collection: str) -> HttpResponse:
    """A content type that is not there."""
    return _error(404, "NotFoundError", "Not Found")


def _entry(request: HttpRequest, article: Article) -> dict[str, Any]:
    entry = {
        "id": 2 * article.number,
        "documentId": f"doc{article.number:021d}",
        "title": article.title,
        "slug": article.slug,
        "body": f"{article.body}<img src='/uploads/{article.number}.svg'>",
        "createdAt": _stamp(article.published),
        "updatedAt": _stamp(article.modified),
        "publishedAt": _stamp(article.published),
    }
    if request.GET.get("populate") != "*":
        return entry
    cover = {"id": article.number, "url": f"/uploads/{article.number}.svg", "alternativeText": None}
    return {**entry, "cover": cover, "author": {"id": 3, "name": AUTHOR}}


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def _error(status: int, name: str, message: str) -> HttpResponse:
    error = {"status": status, "name": name, "message": message, "details": {}}
    return JsonResponse({"data": None, "error": error}, status=status)
