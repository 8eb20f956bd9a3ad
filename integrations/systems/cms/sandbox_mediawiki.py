"""Speaks MediaWiki's action API for pages, revisions and the log of deletions, with its errors.

https://www.mediawiki.org/wiki/API:Query
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from integrations.systems.cms.sandbox_articles import (
    ARTICLES,
    AUTHOR,
    KEY,
    Article,
    all_articles,
    article,
    bearer,
    modified_since,
    picture_of,
)

PARTS = 30  # so many contents fit into one answer; the rest comes when asked to go on
DELETED = (ARTICLES + 1, ARTICLES + 2)  # pages that were there once
RESTORED = 3
CLOSED = "nobody"  # the token that does not open a closed wiki


def api(request: HttpRequest) -> HttpResponse:
    """`action=query` for what the client asks; errors have status 200 and a header."""
    if bearer(request) == CLOSED:
        return _error("readapidenied", "You need read permission to use this module.")
    if bearer(request) not in {"", KEY}:
        return _error("mwoauth-invalid-authorization", "The authorization headers in your request are not valid.")
    if request.GET.get("action") != "query" or request.GET.get("formatversion") != "2":
        return _error("badvalue", 'Unrecognized value for parameter "action".')
    if "pageids" in request.GET:
        return _contents(request, [int(each) for each in request.GET["pageids"].split("|")])
    lists = {"allpages": _all_pages, "allrevisions": _all_revisions, "logevents": _deletions}
    name = request.GET.get("list", "")
    if name not in lists:
        return _error("badvalue", f'Unrecognized value for parameter "list": {name}.')
    answer = lists[name](request)
    if request.GET.get("meta") == "siteinfo":
        counted = {"general": {"sitename": "Sandbox"}, "statistics": {"articles": ARTICLES}}
        answer["query"] |= counted
    return JsonResponse(answer)


def _all_pages(request: HttpRequest) -> dict[str, Any]:
    rows = [{"pageid": each.number, "ns": 0, "title": each.title} for each in all_articles()]
    return _cut(request, "allpages", "ap", rows if request.GET["apnamespace"] == "0" else [])


def _all_revisions(request: HttpRequest) -> dict[str, Any]:
    """One edit of each page, grouped by page as MediaWiki does."""
    rows = []
    for each in modified_since(request.GET["arvstart"]):
        edit = {
            "revid": 1000 + each.number,
            "parentid": each.number,
            "timestamp": f"{each.modified:%Y-%m-%dT%H:%M:%SZ}",
        }
        rows.append({"pageid": each.number, "ns": 0, "title": each.title, "revisions": [edit]})
    return _cut(request, "allrevisions", "arv", rows)


def _deletions(request: HttpRequest) -> dict[str, Any]:
    """Two pages that are gone, and one that was deleted and restored."""
    rows = [
        {"logid": number, "ns": 0, "title": f"Page {number}", "pageid": 0, "logpage": number, "type": "delete"}
        for number in (*DELETED, RESTORED, RESTORED)
    ]
    return _cut(request, "logevents", "le", rows)


def _cut(request: HttpRequest, name: str, prefix: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    begin, limit = int(request.GET.get(f"{prefix}continue", "0")), int(request.GET[f"{prefix}limit"])
    answer: dict[str, Any] = {"query": {name: list(rows[begin : begin + limit])}}
    if begin + limit < len(rows):
        return {"continue": {f"{prefix}continue": str(begin + limit), "continue": "-||"}, **answer}
    return {"batchcomplete": True, **answer}


def _contents(request: HttpRequest, page_ids: Sequence[int]) -> HttpResponse:
    """Every page in each answer, but only so many with what they hold."""
    if len(page_ids) > 50:
        return _error("toomanyvalues", 'Too many values supplied for parameter "pageids". The limit is 50.')
    begin = int(request.GET.get("rvcontinue", "0"))
    full = set(page_ids[begin : begin + PARTS])
    answer = {"query": {"pages": [_page(request, each, full) for each in page_ids]}}
    if begin + PARTS < len(page_ids):
        return JsonResponse({"continue": {"rvcontinue": str(begin + PARTS), "continue": "||info"}, **answer})
    return JsonResponse({"batchcomplete": True, **answer})


def _page(request: HttpRequest, page_id: int, full: set[int]) -> dict[str, Any]:
    if not 1 <= page_id <= ARTICLES:
        return {"pageid": page_id, "missing": True}
    known = article(page_id)
    page = {
        "pageid": page_id,
        "ns": 0,
        "title": known.title,
        "fullurl": f"http://127.0.0.1/wiki/{page_id}",
        "original": {"source": picture_of(request, page_id), "width": 4, "height": 3},
    }
    return {**page, "revisions": [_revision(known)]} if page_id in full else page


def _revision(known: Article) -> dict[str, Any]:
    text = {"contentmodel": "wikitext", "contentformat": "text/x-wiki", "content": f"== {known.title} ==\n{known.slug}"}
    stamp = f"{known.modified:%Y-%m-%dT%H:%M:%SZ}"
    return {"revid": 1000 + known.number, "user": AUTHOR, "timestamp": stamp, "slots": {"main": text}}


def _error(code: str, info: str) -> HttpResponse:
    error = {"error": {"code": code, "info": info}}
    return JsonResponse(error, headers={"MediaWiki-API-Error": code})
