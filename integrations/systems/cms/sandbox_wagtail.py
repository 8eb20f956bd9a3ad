"""Speaks Wagtail's API v2 for pages, with its errors.

https://docs.wagtail.org/en/stable/advanced_topics/api/v2/usage.html
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from integrations.systems.cms.sandbox_articles import AUTHOR, Article, all_articles, picture_of, whole

LIMIT_MAX = 20  # Wagtail's default for WAGTAILAPI_LIMIT_MAX
KNOWN_PARAMETERS = {"limit", "offset", "type", "fields", "order", "search", "locale", "slug"}


def pages(request: HttpRequest) -> HttpResponse:
    """The listing: `limit` and `offset`, `meta.total_count` and `items`."""
    unknown = sorted(set(request.GET) - KNOWN_PARAMETERS)
    if unknown:
        return _refuse(f"query parameter is not an operation or a recognised field: {', '.join(unknown)}")
    try:
        limit, offset = (whole(request, name, default) for name, default in (("limit", LIMIT_MAX), ("offset", 0)))
    except ValueError as error:
        return _refuse(str(error))
    if limit > LIMIT_MAX:
        return _refuse(f"limit cannot be higher than {LIMIT_MAX}")
    known = all_articles()
    items = [_page(request, each) for each in known[offset : offset + limit]]
    return JsonResponse({"meta": {"total_count": len(known)}, "items": items})


def _refuse(message: str) -> HttpResponse:
    return JsonResponse({"message": message}, status=400)


def _page(request: HttpRequest, article: Article) -> dict[str, Any]:
    """Titles and addresses, and with `fields` the rest."""
    meta = {
        "type": "blog.BlogPage",
        "detail_url": f"/api/v2/pages/{article.number}/",
        "html_url": f"http://127.0.0.1/{article.slug}/",
        "slug": article.slug,
        "first_published_at": article.published.isoformat(),
    }
    if "fields" not in request.GET:
        return {"id": article.number, "meta": meta, "title": article.title}
    return {
        "id": article.number,
        "meta": {**meta, "last_published_at": article.modified.isoformat()},
        "title": article.title,
        "author": AUTHOR,
        "body": article.body,
        "cover": {"id": article.number, "meta": {"download_url": picture_of(request, article.number)}},
    }
