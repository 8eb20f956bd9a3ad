"""Pages of a long list, each found by where the one before it ended: nothing is counted, and nothing is skipped.

The place stands in the address of the page: the values that the list is ordered by, as in `?p=2026-01-31T14:00:00+00:00~1234`,
and `-` before it for the page that ends there. A moment or a day alone is a place too. Rows that come in or are
forgotten meanwhile move no other row to another page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import DateTimeField, Field, Model, Q
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.views import ChangeList

from integrations import patience, ranges

BETWEEN, BACKWARDS = "~", "-"
PATIENCE_S = 3.0  # the database may look for the rows of a page
TOO_LONG = (
    f"No page of rows was found within {PATIENCE_S:g} seconds, as can be where few of very many rows fit. Ask for a service, "
    "a span of time, or a value that is there whole."
)

Order = list[tuple["Field[Any, Any]", bool]]  # a column, and whether the greatest value comes first


class KeysetPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Tells Unfold which template draws the links; `KeysetList` finds the rows."""

    template_name = "admin/keyset_pages.html"
    count = 0


class KeysetList(ChangeList):
    """A page of rows, and the places of the pages before and after it."""

    place = ""
    previous = following = ""
    is_cut_short = False

    def get_ordering_field(self, field_name: Any) -> Any:
        """The column to sort by, if an index has that order: an address may name any."""
        is_offered = self.sortable_by is None or field_name in self.sortable_by
        return super().get_ordering_field(field_name) if is_offered else None

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[Any]:
        """As it is by itself, where no column that was asked for is offered: Django would go by the key alone.

        The key goes the way of the column before it, so that an index serves both, read in either direction.
        """
        *columns, last = super().get_ordering(request, queryset)
        if not columns and last == "-pk" and self.params.pop(ORDER_VAR, None):
            *columns, last = super().get_ordering(request, queryset)
        rises = bool(columns) and not columns[-1].startswith("-")
        return [*columns, "pk" if rises and last == "-pk" else last]

    @cached_property
    def order(self) -> Order:
        """The last column is the key, which no two rows share."""
        fields = self.queryset.query.order_by
        return [(_column(self.model, name.lstrip("-")), name.startswith("-")) for name in fields]

    @property
    def is_by_time(self) -> bool:
        """Whether a moment is a place in it, later ones first."""
        column, descends = self.order[0]
        return isinstance(column, DateTimeField) and descends

    def get_results(self, request: HttpRequest) -> None:
        """One row more than fits says whether there is another page; a page too near the beginning is the first one."""
        self.place = request.GET.get(PAGE_VAR, "")
        backwards = self.place.startswith(BACKWARDS)
        try:
            found = self._found(self.place.removeprefix(BACKWARDS), backwards=backwards)
            if backwards and len(found) <= self.list_per_page:
                self.place, backwards, found = "", False, self._found("", backwards=False)
        except ValidationError as nonsense:
            raise IncorrectLookupParameters from nonsense
        except patience.TookTooLong:
            messages.warning(request, TOO_LONG)
            self.is_cut_short, found = True, []
        has_more, rows = len(found) > self.list_per_page, found[: self.list_per_page]
        self.result_list = rows[::-1] if backwards else rows
        if self.place and rows:
            self.previous = BACKWARDS + self._place_of(self.result_list[0])
        if has_more or backwards:
            self.following = self._place_of(self.result_list[-1])
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        self.result_count = self.full_result_count = len(rows)
        self.show_full_result_count = self.can_show_all = False
        self.show_admin_actions = True
        self.multi_page = bool(self.previous or self.following)

    def _found(self, place: str, *, backwards: bool) -> list[Any]:
        if not (self.query or self.filter_params):
            return self._rows(place, backwards=backwards)  # along an index
        with patience.at_most(PATIENCE_S):
            return self._rows(place, backwards=backwards)

    def _rows(self, place: str, *, backwards: bool) -> list[Any]:
        rows = self.queryset.reverse() if backwards else self.queryset
        if place:
            order = [(column, descends is not backwards) for column, descends in self.order]
            rows = rows.filter(_beyond(order, _values(order, place)))
        return list(rows[: self.list_per_page + 1])

    def _place_of(self, row: Model) -> str:
        return BETWEEN.join(str(column.value_to_string(row)) for column, _ in self.order)

    @property
    def first_address(self) -> str:
        """Of the first page, with the same filters."""
        return str(self.get_query_string())

    @property
    def previous_address(self) -> str:
        """Empty on the first page."""
        return self.previous and self.get_query_string({PAGE_VAR: self.previous})

    @property
    def following_address(self) -> str:
        """Empty on the last page."""
        return self.following and self.get_query_string({PAGE_VAR: self.following})

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The filters, for a form that asks for another place."""
        return [(name, value) for name, values in self.filter_params.items() for value in values]


def sortable(model: type[Model], order: Iterable[str]) -> set[str]:
    """The columns that a list may be sorted by, however long it is: an index of all rows has it, and then the key."""
    keys = {"pk", model._meta.pk.name}
    indexes = [[name.lstrip("-") for name in index.fields] for index in model._meta.indexes if index.condition is None]
    begin = {column for column, *rest in filter(None, indexes) if set(rest) <= keys}
    first = next(iter(order), "pk").lstrip("-")
    # Another table is sorted by as that one is, which no index of this one says.
    return {
        name for name in {*begin, first, "pk"} if not (_column(model, name).null or _column(model, name).is_relation)
    }


def _column(model: type[Model], name: str) -> Field[Any, Any]:
    return model._meta.pk if name == "pk" else model._meta.get_field(name)  # type: ignore[return-value]


def _values(order: Order, place: str) -> list[Any]:
    texts = place.rsplit(BETWEEN, len(order) - 1)
    return [_value(column, text) for (column, _), text in zip(order, texts, strict=False)]


def _value(column: Field[Any, Any], text: str) -> Any:
    return ranges.moment(text) if isinstance(column, DateTimeField) else column.to_python(text)


def _beyond(order: Order, values: Sequence[Any]) -> Q:
    """What comes after a place. Each column is bounded by itself too: that leads a database along the index."""
    (column, descends), (value, *rest) = order[0], values
    side = "lt" if descends else "gt"
    past = Q((f"{column.name}__{side}", value))
    if not rest:
        return past
    return Q((f"{column.name}__{side}e", value)) & (past | _beyond(order[1:], rest))
