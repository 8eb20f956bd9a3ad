"""Speaks Wagtail's API v2 for pages, with its errors.

https://docs.wagtail.org/en/stable/advanced_topics/api/v2/usage.html
"""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

LIMIT_MAX = 20  # Wagtail's default for WAGTAILAPI_LIMIT_MAX
ARTICLES = 240
KNOWN_PARAMETERS = {"limit", "offset", "type", "fields", "order", "search", "locale", "slug"}
SUBJECTS = ("Rivers", "Street lamps", "Libraries", "Orchards", "Harbours", "Bicycle lanes", "Night trains", "Markets")
ANGLES = ("and the people who mend them", "in winter", "at dawn", "seen from a bridge", "in numbers", "without maps")
SENTENCES = (
    "Nobody had counted them before, so the first figure was a guess that turned out nearly right.",
    "What looked like neglect was a decision, taken once and then forgotten by everybody who could undo it.",
    "The repair took an afternoon; finding out who was allowed to do it took most of a year.",
    "Every account begins with the weather, and this one is no exception.",
    "Those who use it daily notice the change last.",
)


def pages(request: HttpRequest) -> HttpResponse:
    """The listing: `limit` and `offset`, `meta.total_count` and `items`."""
    unknown = sorted(set(request.GET) - KNOWN_PARAMETERS)
    if unknown:
        return _refuse(f"query parameter is not an operation or a recognised field: {', '.join(unknown)}")
    try:
        limit, offset = (_whole(request, name, default) for name, default in (("limit", LIMIT_MAX), ("offset", 0)))
    except ValueError as error:
        return _refuse(str(error))
    if limit > LIMIT_MAX:
        return _refuse(f"limit cannot be higher than {LIMIT_MAX}")
    last = min(ARTICLES, offset + limit)
    items = [_article(number) for number in range(offset + 1, last + 1)]
    return JsonResponse({"meta": {"total_count": ARTICLES}, "items": items})


def _whole(request: HttpRequest, name: str, default: int) -> int:
    text = request.GET.get(name, str(default))
    if not text.isdecimal():
        raise ValueError(f"{name} must be a positive integer")
    return int(text)


def _refuse(message: str) -> HttpResponse:
    return JsonResponse({"message": message}, status=400)


def _article(number: int) -> dict[str, Any]:
    chance = random.Random(number)  # noqa: S311 - the same article every time, nothing secret
    title = f"{chance.choice(SUBJECTS)} {chance.choice(ANGLES)}, part {math.ceil(number / 8)}"
    published = datetime(2026, 1, 5, 8, tzinfo=UTC) + timedelta(hours=7 * number)
    paragraphs = (" ".join(chance.sample(SENTENCES, 3)) for _ in range(4))
    slug = f"{title.lower().replace(',', '').replace(' ', '-')}-{number}"
    return {
        "id": number,
        "meta": {
            "type": "blog.BlogPage",
            "detail_url": f"/api/v2/pages/{number}/",
            "html_url": f"http://127.0.0.1/{slug}/",
            "slug": slug,
            "first_published_at": published.isoformat(),
            "last_published_at": (published + timedelta(days=2)).isoformat(),
        },
        "title": title,
        "author": "The editors",
        "body": "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs),
    }


urlpatterns = [path("api/v2/pages/", pages)]
