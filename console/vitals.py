"""The page “Console”: how the console itself is."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from integrations import vitals


def page(request: HttpRequest) -> HttpResponse:
    """As it is now; reload to look again."""
    if not request.user.has_perm("integrations.view_service"):
        raise PermissionDenied
    context = {**admin.site.each_context(request), "title": "Console", "vitals": vitals.read()}
    return render(request, "admin/vitals.html", context)
