"""The project's own app: the landing page and its template tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig

Headers = Callable[[Any], Any]


class ConsoleConfig(AppConfig):
    """Holds no models."""

    name = "console"
    verbose_name = "Console"

    def ready(self) -> None:
        """Older versions of Unfold make the heading of a list anew for each of its rows: a seventh of the time of a page."""
        from unfold.templatetags import unfold_list

        unfold_list.result_headers = once_for_each_list(unfold_list.result_headers)


class ConsoleAdminConfig(AdminConfig):
    """Django's admin with a site of our own."""

    default_site = "console.site.ConsoleSite"


def once_for_each_list(headers: Headers) -> Headers:
    """The headers of a ChangeList, made for the first that asks."""

    def made(changes: Any) -> Any:
        if "headers_of_console" not in vars(changes):
            changes.headers_of_console = list(headers(changes))
        return changes.headers_of_console

    return made
