"""Filters of the list of events, and the stored filter that means what such a list shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import TextFilter

from integrations.models import Service, WebhookEvent
from integrations.webhooks.selection import Nonsense

NO_FILTERS = {"p", "o", "all", "e"}  # page and order of a list


class TypeFilter(TextFilter):
    """By the sender's word for what happened, as it is."""

    title = "type"
    parameter_name = "type"

    def queryset(self, request: HttpRequest, queryset: QuerySet[WebhookEvent]) -> QuerySet[WebhookEvent]:  # noqa: ARG002
        """Those of the type."""
        return queryset.filter(event_type=self.value()) if self.value() else queryset


def shown_to(request: HttpRequest) -> dict[str, str]:
    """The filter of the list that a dialog stands over.

    Raises:
        Nonsense: the list is filtered by something that no stored filter knows; nothing may be done with more than is shown.
    """
    address = urlsplit(request.headers.get("HX-Current-URL", ""))
    return of_list(dict(parse_qsl(address.query)))


def of_list(params: Mapping[str, str]) -> dict[str, str]:
    """The same as the parameters of a list say."""
    given = {name: value for name, value in params.items() if value and name not in NO_FILTERS}
    if unknown := given.keys() - WORDS.keys():
        raise Nonsense(
            f"This list is filtered by “{min(unknown)}”, which cannot be stored. Take that filter away first."
        )
    found: dict[str, str] = {}
    for name, value in given.items():
        key, word = WORDS[name](value)
        found[key] = f"{found[key]}{word}" if key in found else word
    return found


def _service(pk: str) -> tuple[str, str]:
    service = Service.objects.filter(pk=pk).first() if pk.isdecimal() else None
    if service is None:
        raise Nonsense("The service this list is filtered by is gone. Choose another one.")
    return "service", service.slug


def _as(key: str, before: str = "") -> Callable[[str], tuple[str, str]]:
    return lambda value: (key, f"{before}{value}")


WORDS: dict[str, Callable[[str], tuple[str, str]]] = {
    "q": _as("search"),
    "state__exact": _as("state"),
    "type": _as("type"),
    "service__id__exact": _service,
    "received_at_from_0": _as("since"),
    "received_at_from_1": _as("since", "T"),
    "received_at_to_0": _as("until"),
    "received_at_to_1": _as("until", "T"),
}
