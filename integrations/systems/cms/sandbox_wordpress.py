"""Speaks WordPress' REST API for posts, with its errors.

https://developer.wordpress.org/rest-api/reference/posts/
"""

from __future__ import annotations

import math
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, JsonResponse

from integrations.systems.cms.sandbox_articles import (
    ARTICLES,
    AUTHOR,
    Article,
    all_articles,
    article,
    picture_of,
    whole,
)
from integrations.transport.auth import basic

USERNAME, PASSWORD = "console", "abcd efgh ijkl mnop qrst uvwx"
SITE_ZONE = ZoneInfo("Europe/Berlin")  # WordPress compares times as the clocks of the site show them
TRASH = (ARTICLES + 1,)  # posts that were published once
ORDERS = {"id": lambda each: each.number, "modified": lambda each: each.modified, "date": lambda each: each.published}


def posts(request: HttpRequest) -> HttpResponse:
    """By page or offset, with the total in headers."""
    try:
        size, page, offset = (whole(request, name, default) for name, default in _PAGING)
    except ValueError as error:
        return _invalid("per_page", str(error))
    if not 1 <= size <= 100:
        return _invalid("per_page", "per_page must be between 1 (inclusive) and 100 (inclusive)")
    status = request.GET.get("status", "publish")
    if status != "publish" and not _is_let_in(request):
        return _invalid("status", "Status is forbidden.")
    found = _found(request, status)
    pages = math.ceil(len(found) / size)
    if page > pages > 0 and "offset" not in request.GET:
        return _error(
            400,
            "rest_post_invalid_page_number",
            "The page number requested is larger than the number of pages available.",
        )
    begin = offset if "offset" in request.GET else (page - 1) * size
    shown = [_post(request, each, status) for each in found[begin : begin + size]]
    return JsonResponse(shown, safe=False, headers={"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)})


_PAGING = (("per_page", 10), ("page", 1), ("offset", 0))


def me(request: HttpRequest) -> HttpResponse:
    """Whoever signed in; the only place that tells wrong credentials."""
    if not _is_let_in(request):
        return _error(401, "rest_not_logged_in", "You are not currently logged in.")
    return JsonResponse({"id": 1, "name": "Console", "slug": USERNAME, "capabilities": {"edit_posts": True}})


def unknown(request: HttpRequest, rest: str) -> HttpResponse:
    """Any other route."""
    return _error(404, "rest_no_route", "No route was found matching the URL and request method.")


def _is_let_in(request: HttpRequest) -> bool:
    return request.headers.get("Authorization") == basic(USERNAME, PASSWORD)


def _found(request: HttpRequest, status: str) -> list[Article]:
    posts = all_articles() if status == "publish" else [article(number) for number in TRASH]
    if after := request.GET.get("modified_after"):
        moment = _local(datetime.fromisoformat(after))
        posts = [each for each in posts if _local(each.modified) > moment]
    ordered = sorted(posts, key=ORDERS[request.GET.get("orderby", "date")])
    return ordered if request.GET.get("order") == "asc" else ordered[::-1]


def _local(moment: datetime) -> datetime:
    """Without its zone, so that an hour of each autumn comes twice."""
    return moment.astimezone(SITE_ZONE).replace(tzinfo=None)


def _post(request: HttpRequest, article: Article, status: str) -> dict[str, Any]:
    post = {
        "id": article.number,
        "slug": article.slug,
        "link": f"http://127.0.0.1/{article.slug}/",
        "status": "publish" if status == "publish" else "trash",
        "title": {"rendered": f"<em>{escape(article.title.split()[0])}</em> &#8211; {escape(article.title)}"},
        "content": {"rendered": f'{article.body}<img src="/media/{article.number}.svg" alt="">', "protected": False},
        "date": f"{_local(article.published):%Y-%m-%dT%H:%M:%S}",
        "date_gmt": _gmt(article.published),
        "modified": f"{_local(article.modified):%Y-%m-%dT%H:%M:%S}",
        "modified_gmt": _gmt(article.modified),
    }
    if "_embed" not in request.GET:
        return post
    picture = {"id": 1000 + article.number, "source_url": picture_of(request, article.number)}
    return {**post, "_embedded": {"author": [{"id": 1, "name": AUTHOR}], "wp:featuredmedia": [picture]}}


def _gmt(moment: datetime) -> str:
    """Without a zone, as WordPress writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def _invalid(name: str, message: str) -> HttpResponse:
    found = {"status": 400, "params": {name: message}, "details": {}}
    return JsonResponse(
        {"code": "rest_invalid_param", "message": f"Invalid parameter(s): {name}", "data": found}, status=400
    )


def _error(status: int, code: str, message: str) -> HttpResponse:
    return JsonResponse({"code": code, "message": message, "data": {"status": status}}, status=status)
