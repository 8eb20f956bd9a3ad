"""The admin site: Unfold's, less what no page of ours shows."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]  # Unfold has no types
    """What an admin page is given beside its own content."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Made where it is read: every page is given it, which costs three addresses for each model, and few show it."""
        found = super().get_app_list
        return cast("list[Any]", SimpleLazyObject(lambda: found(request, app_label)))
