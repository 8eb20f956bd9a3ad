"""What every admin page here has in common."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import urldefrag

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import User
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, checkbox
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.views import ChangeList

from integrations import ops
from integrations.admin.keyset import KeysetList, KeysetPaginator, sortable
from integrations.text import storable

MOST_AT_ONCE = 500  # whose keys the page before an action can carry
TOO_MANY = f"More than {MOST_AT_ONCE} rows are too many at once. Filter the list for fewer, or choose some of them."


def is_all(request: HttpRequest) -> bool:
    """Whether all rows that the list shows were chosen, and not those of its page that were ticked."""
    return request.POST.get("select_across", "0").lower() not in {"", "0", "false"}  # as Django reads it


class ConsoleList(ChangeList):
    """Django answers most nonsense in an address with the whole list and a note; here the rest of it too."""

    def get_filters(self, request: HttpRequest) -> Any:
        """The filters, or a refusal of dates beyond the calendar and of characters no database takes."""
        odd = any("\x00" in text for name, values in request.GET.lists() for text in (name, *values))
        if odd or "items" in request.GET:  # templates say `params.items`, which a parameter of that name would be
            raise IncorrectLookupParameters
        try:
            return super().get_filters(request)
        except (OverflowError, ValueError) as nonsense:
            raise IncorrectLookupParameters from nonsense

    def get_results(self, request: HttpRequest) -> None:
        """One page of rows, read here rather than in the template, so that what no column can hold is refused."""
        try:
            super().get_results(request)
            len(self.result_list)
        except (OverflowError, TypeError, ValueError) as nonsense:
            raise IncorrectLookupParameters from nonsense


class LogList(ConsoleList, KeysetList):
    """Both of a long one."""


@cache
def _box() -> tuple[SafeString, SafeString]:
    """What stands around the key."""
    place = "the key"
    before, after = checkbox.render(ACTION_CHECKBOX_NAME, place).split(place)
    return SafeString(before), SafeString(after)


class ConsoleAdmin(ModelAdmin):
    """Nothing is deleted in bulk, and an empty list says what to do."""

    actions = ()
    actions_selection_counter = True  # the script of Django's lists does not work without it
    list_filter_submit = True
    list_fullwidth = True
    list_per_page = 50
    warn_unsaved_form = True
    empty_value_display = "–"
    empty_state = ""
    list_sections = ()  # Unfold asks each row for them, and to find that there are none takes a tenth of the time of a list
    of_any_number: tuple[str, ...] = ()  # actions that may be asked of all rows, however many there are
    not_in_list: tuple[str, ...] = ()  # columns that may be large and that the list does not show
    in_list: tuple[str, ...] = ()  # columns that it shows, of joined tables too; where none is named, all are read

    @display(description=ModelAdmin.action_checkbox.short_description)  # as Unfold has it
    def action_checkbox(self, obj: models.Model) -> SafeString:
        """The box of a row. Its template is drawn once: to draw it for each takes a tenth of the time of a list."""
        before, after = _box()
        return format_html("{}{}{}", before, str(obj.pk), after)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002 - Django's signature
        """One that nonsense in its address does not break."""
        return ConsoleList

    def get_queryset(self, request: HttpRequest) -> Any:
        """Lists read no large columns, or only what they show."""
        queryset, match = super().get_queryset(request), request.resolver_match
        if match is None or not (match.url_name or "").endswith("_changelist"):
            return queryset
        return queryset.only(*self.in_list) if self.in_list else queryset.defer(*self.not_in_list)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row of that key; a key that no database takes has none."""
        return None if "\x00" in object_id else super().get_object(request, object_id, from_field)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """What fits the words, less what no database takes."""
        return super().get_search_results(request, queryset, storable(search_term))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002 - Django's signature
        """None: Django's “delete selected” would be the only one."""
        return {}

    def response_action(self, request: HttpRequest, queryset: Any) -> Any:
        """What was chosen is seen to; of very many rows only what works them off by and by."""
        if (
            is_all(request)
            and request.POST.get("action") not in self.of_any_number
            and queryset[MOST_AT_ONCE:].exists()
        ):
            messages.warning(request, TOO_MANY)
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset)

    def permitted(self, request: HttpRequest, object_id: str) -> list[UnfoldAction]:
        """The verbs of a row's page that this person may do."""
        found: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return found

    def fitting(self, request: HttpRequest, row: models.Model) -> list[UnfoldAction]:
        """Those of them that make sense as the row is now."""
        return [each for each in self.permitted(request, str(row.pk)) if each.method.fits(row)]

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[UnfoldAction]:
        """No button that would only say why it does nothing."""
        row = self.get_object(request, unquote(object_id)) if self.actions_detail else None
        return self.fitting(request, row) if row else []

    def found(self, request: HttpRequest, object_id: str) -> Any:
        """The row, if it exists and this person may see it; 404 otherwise. Unfold's actions check neither."""
        row = self.get_object(request, unquote(object_id))
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        return row

    @staticmethod
    def person(request: HttpRequest) -> User:
        """Who is signed in; admin pages let nobody else in."""
        assert isinstance(request.user, User)
        return request.user

    def do(self, request: HttpRequest, row: models.Model, verb: Callable[[], Any], said: str) -> HttpResponse:
        """Run a verb for a dialog: a message with links to the new rows, or the reason why not; then the page."""

        def done() -> str:
            made = verb()
            rows = made if isinstance(made, list) else [made]
            links = format_html_join(
                ", ", '<a href="{}" class="c-link">{}</a>', ((r.get_absolute_url(), r) for r in rows)
            )
            return format_html("{} {}", said, links)

        return self.tell(request, row, done)

    @staticmethod
    def tell(request: HttpRequest, row: models.Model, verb: Callable[[], str]) -> HttpResponse:
        """Run a verb for a dialog: what it says of itself, or the reason why not; then the page."""
        try:
            messages.success(request, verb())
        except ops.Impossible as reason:
            messages.warning(request, str(reason))
        # Without “#”, which Unfold's menus and “Cancel” leave behind: with it the browser would stay and say nothing.
        back = urldefrag(request.headers.get("HX-Current-URL", "")).url or row.get_absolute_url()  # type: ignore[attr-defined]
        return HttpResponse(headers={"HX-Redirect": back})


class LogAdmin(ConsoleAdmin):
    """Rows that are a record of what happened: they can be read and nothing else, however many there are."""

    paginator = KeysetPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    warn_unsaved_form = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002 - Django's signature
        """One without counts and page numbers."""
        return LogList

    def get_sortable_by(self, request: HttpRequest) -> Any:
        """The columns whose order an index has."""
        served = sortable(self.model, self.get_ordering(request) or self.opts.ordering)
        shown = {name: getattr(getattr(self, name, None), "admin_order_field", name) for name in self.list_display}
        return [name for name, column in shown.items() if str(column).lstrip("-") in served]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Nobody writes into a log."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - as above
        """Nobody changes a log."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - as above
        """Nobody deletes from a log; retention does."""
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Without “History”: what nobody changes has none."""
        extra = {**(extra_context or {}), "show_history": False}
        return super().changeform_view(request, object_id, form_url, extra)


def link(row: models.Model | None, text: str = "") -> SafeString | str:
    """A link to a row's page; a dash where there is none."""
    if row is None:
        return "–"
    return format_html('<a href="{}" class="c-link">{}</a>', row.get_absolute_url(), text or str(row))  # type: ignore[attr-defined]


def list_link(table: type[models.Model], text: str, /, **filters: Any) -> SafeString:
    """A link to a filtered list."""
    address = reverse(f"admin:integrations_{table._meta.model_name}_changelist", query=filters)
    return format_html('<a href="{}" class="c-link">{}</a>', address, text)


def trail_link(correlation_id: uuid.UUID) -> SafeString:
    """A link to all that belongs together with a row."""
    return format_html(
        '<a href="{}" class="c-link">Trail: all that belongs together</a>', reverse("trail", args=[correlation_id])
    )


def code(text: str) -> SafeString:
    """Text as it came, scrolling in its own box."""
    return format_html('<pre class="c-code" tabindex="0">{}</pre>', storable(text)) if text else SafeString("–")
