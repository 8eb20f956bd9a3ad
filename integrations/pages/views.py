"""`/essays/<slug>/`, `/properties/<id>/` and their fragments. Nothing here speaks to an external system."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import F
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods, require_safe

from integrations.media import derivatives, serving
from integrations.models import Essay, Property
from integrations.pages import body, fragments
from integrations.pages.kinds import KINDS, Row, is_located, source_address

COVER = "1-large.webp"
MOST_FACTS, LONGEST_FACT = 40, 300


@require_safe
def essay(request: HttpRequest, slug: str) -> HttpResponse:
    """The essay of that slug: one that is still at its source goes first, then the latest to come.

    Slugs are unique neither among services nor within one; `?service=` names one of them.
    """
    _may_view(request, Essay)
    found = _by_slug(slug, request.GET.get("service", "")).first()
    if found is None:
        raise Http404
    return _essay_page(request, found)


@require_safe
def essay_by_id(request: HttpRequest, pk: int) -> HttpResponse:
    """That very essay, whatever its slug; where the slug leads to it, its address is the one to be seen."""
    _may_view(request, Essay)
    found = _row(Essay, pk)
    leads_here = _by_slug(found.slug).values_list("pk", flat=True)[:1]
    if "/" not in found.slug and found.slug.strip(".") and list(leads_here) == [pk]:
        return redirect("essay", found.slug)
    return _essay_page(request, found)


@require_safe
def cover(request: HttpRequest, pk: int) -> FileResponse:
    """Its picture, once a worker has accepted it."""
    _may_view(request, Essay)
    picture = _row(Essay, pk).cover
    found = derivatives.opened(picture, COVER) if picture else None
    if found is None:
        raise Http404
    return serving.derivative(*found, for_ever=False)


@require_safe
def property_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A property."""
    _may_view(request, Property)
    land = _row(Property, pk)
    place = {"latitude": land.latitude, "longitude": land.longitude} if is_located(land) else None
    return _page(request, "pages/property.html", land, {"place": place, "facts": _facts(land.data)})


@require_http_methods(["GET", "HEAD", "POST"])
def fragment(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """One part of a page: GET looks, POST has it asked for where that is due."""
    known = KINDS.get(kind)
    if known is None:
        raise Http404
    _may_view(request, known.model)
    row = _row(known.model, pk, "body" if known.model is Essay else "data")
    if not known.question(row) or known.service() is None:
        return _uncached(HttpResponse())  # a service was switched off while the page was open
    asking = request.method == "POST"
    made = fragments.ask(known, row, _person(request)) if asking else fragments.look(known, row)
    return _uncached(render(request, "pages/fragment.html", {"fragment": made}))


def _may_view(request: HttpRequest, model: type[Row]) -> None:
    if not request.user.has_perm(f"integrations.view_{model._meta.model_name}"):
        raise Http404


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _row(model: type[Row], pk: int, *unread: str) -> Any:
    """The row, without columns that may be large and nobody looks at."""
    row = model._default_manager.select_related(*_related(model)).defer(*unread).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _related(model: type[Row]) -> tuple[str, ...]:
    return ("service", "cover") if model is Essay else ("service",)


def _by_slug(slug: str, service: str = "") -> Any:
    """Index: essay_by_slug."""
    if not slug or "\x00" in slug + service:
        return Essay.objects.none()
    found = Essay.objects.filter(slug=slug).select_related("service", "cover")
    found = found.filter(service__slug=service) if service else found
    return found.order_by(F("deleted_at").desc(nulls_first=True), "-pk")


def _essay_page(request: HttpRequest, found: Essay) -> HttpResponse:
    has_cover = found.cover is not None and found.cover.is_shown
    context = {
        "body": body.shown(found),
        "cover_url": reverse("essay_cover", args=[found.pk]) if has_cover else "",
        "source": source_address(found),
    }
    return _page(request, "pages/essay.html", found, context)


def _page(request: HttpRequest, template: str, row: Row, context: dict[str, Any]) -> HttpResponse:
    found, missing = fragments.of_page(row)
    may_connect = request.user.has_perm("integrations.add_service")
    more = {
        "row": row,
        "fragments": found,
        "missing": missing if may_connect else [],
        "admin_url": row.get_absolute_url() if _person(request).is_staff else "",
    }
    return _uncached(render(request, template, {**more, **context}))


def _uncached(response: HttpResponse) -> HttpResponse:
    add_never_cache_headers(response)
    return response


def _facts(data: Any) -> list[tuple[str, str]]:
    """What the source says beside, as names and texts; lists and objects are left to the admin."""
    if not isinstance(data, dict):
        return []
    flat = [(str(name), value) for name, value in data.items() if isinstance(value, str | int | float) and value != ""]
    return [
        (name.replace("_", " ").strip(), str(value)[:LONGEST_FACT])
        for name, value in flat[:MOST_FACTS]
        if not name.startswith(":")
    ]
