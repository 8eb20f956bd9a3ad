"""Geocoding: buttons on the list of properties, and the page of a batch."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget

from integrations import formatting, geocoding, ops
from integrations.admin.actions import may, verb
from integrations.admin.base import LogAdmin, link
from integrations.admin.chosen import ChosenRows
from integrations.admin.live import LivePanel
from integrations.models import GeocodeBatch, Property, Service

MAP = "https://www.openstreetmap.org/?mlat={}&mlon={}#map=17/{}/{}"


class GeocoderForm(forms.Form):
    """What both forms share: the services there are, of which the first is taken where none is chosen."""

    service = forms.ModelChoiceField(
        Service.objects.none(), label="Geocoder", required=False, empty_label=None, widget=UnfoldAdminSelectWidget()
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["service"]
        field.queryset = geocoding.places()

    def clean_service(self) -> Service:
        """The one that stands first, where nothing was chosen."""
        chosen: Service | None = self.cleaned_data["service"] or geocoding.places().first()
        if chosen is None:
            raise forms.ValidationError("There is no geocoder. Add a service of the system Geocoding first.")
        return chosen


def _estimates(chosen: list[int] | None = None) -> list[dict[str, Any]]:
    """What each geocoder would have to do, in words."""
    return [
        {"service": service, "estimate": estimate, "span": formatting.span(estimate.seconds)}
        for service, estimate in geocoding.estimates(chosen)
    ]


class MissingForm(GeocoderForm, BaseDialogForm):
    """Says how much it is before it begins."""

    form_before_template = "admin/integrations/property/estimates.html"

    def get_before_template_context(self, request: HttpRequest, object_id: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """For each geocoder: properties, calls, and how long that takes."""
        return {"estimates": _estimates()}


class Geocoding(ChosenRows, LogAdmin):
    """What can be done with properties in a list, and where one's coordinates come from."""

    actions_list: tuple[str, ...] = ("geocode_missing",)
    chosen_verbs = {"geocode_chosen": "integrations.geocode_property"}

    has_geocode_permission = may("integrations.geocode_property")

    @verb(
        "Geocode those without coordinates",
        icon="location_searching",
        permission="geocode",
        does="Asks a geocoder for every property that has an address and no coordinates. Coordinates that a source "
        "sends are left alone.",
        form=MissingForm,
    )
    def geocode_missing(self, request: HttpRequest, form: MissingForm) -> HttpResponse:
        """Have a worker look for them."""
        return HttpResponse(headers={"HX-Redirect": self._begin(request, form, None)})

    @admin.action(description="Geocode the chosen properties")
    def geocode_chosen(self, request: HttpRequest, queryset: QuerySet[Property]) -> HttpResponse:
        """Ask first; then have a worker look for them."""
        chosen = list(queryset.order_by("pk").values_list("pk", flat=True)[: geocoding.MOST_CHOSEN + 1])
        form = GeocoderForm(request.POST if self.is_confirmed(request) else None)
        if form.is_valid():
            return HttpResponseRedirect(self._begin(request, form, chosen))
        title, template = "Geocode the chosen properties?", "admin/integrations/property/geocode_chosen.html"
        return self.ask(request, chosen, template, title=title, form=form, estimates=_estimates(chosen))

    def _begin(self, request: HttpRequest, form: GeocoderForm, chosen: list[int] | None) -> str:
        """Where to go on: to the new batch, or back to the list with the reason why there is none."""
        try:
            return ops.geocode(form.cleaned_data["service"], chosen, self.person(request)).get_absolute_url()
        except ops.Impossible as reason:
            messages.warning(request, str(reason))
            return reverse("admin:integrations_property_changelist")

    @display(description="on the map")
    def on_the_map(self, obj: Property) -> SafeString | str:
        """Where it is, and who says so."""
        is_known = obj.latitude is not None and obj.longitude is not None
        if obj.geocoded_at and not is_known:
            return format_html("Not found by {}, {}.", link(obj.geocoded_by), formatting.ago(obj.geocoded_at))
        if not is_known:
            return "Nobody knows yet. Geocode it from the list of properties."
        place = (obj.latitude, obj.longitude)
        shown = '<a href="{}" class="c-link" rel="noreferrer" target="_blank">{}, {}</a> {}'
        return format_html(shown, MAP.format(*place, *place), *place, _source(obj))


def _source(obj: Property) -> SafeString:
    """Who says where it is; with what some geocoders want to be shown beside every place."""
    if not obj.geocoded_at:
        return format_html("from its source, {}", link(obj.service))
    words = (link(obj.geocoded_by), formatting.ago(obj.geocoded_at), obj.geocoded_as, obj.attribution)
    return format_html("from {}, {}, as “{}” {}", *words)


@admin.register(GeocodeBatch)
class GeocodeBatchAdmin(LivePanel, LogAdmin):
    """The page follows a batch while it works."""

    panel_template = "admin/integrations/geocodebatch/panel.html"
    list_display = ("__str__", "status", "progress", "began", "who")
    list_filter = (("state", ChoicesDropdownFilter), "service")
    list_select_related = ("service", "actor")
    not_in_list = ("chosen",)
    search_fields = ("service__name", "actor__username")
    actions_detail = ("cancel",)
    empty_state = "Nothing has been geocoded yet. Press “Geocode those without coordinates” on the list of properties."

    def get_fieldsets(self, request: HttpRequest, obj: GeocodeBatch | None = None) -> Any:  # noqa: ARG002 - Django's signature
        """None: the panel says everything."""
        return []

    def panel_context(self, request: HttpRequest, row: GeocodeBatch) -> dict[str, Any]:  # noqa: ARG002 - the base's signature
        """How long it will still take."""
        return {"left": "" if row.finished_at else formatting.span(geocoding.seconds_left(row))}

    has_geocode_permission = may("integrations.geocode_property")

    @verb(
        "Stop geocoding",
        icon="stop_circle",
        permission="geocode",
        does="Stops with the next answer. What was found until then stays.",
        main=False,
    )
    def cancel(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Stop."""
        batch = self.found(request, object_id)
        return self.do(request, batch, lambda: ops.cancel_geocoding(batch, self.person(request)), "Stopped:")

    @display(description="state", ordering="state")
    def status(self, obj: GeocodeBatch) -> SafeString:
        """In colour and words."""
        return formatting.badge(obj.state, obj.get_state_display())

    @display(description="done")
    def progress(self, obj: GeocodeBatch) -> str:
        """Of how many."""
        return f"{obj.done:,} of {obj.total:,}"

    @display(description="asked for", ordering="created_at")
    def began(self, obj: GeocodeBatch) -> str:
        """When."""
        return formatting.moment(obj.created_at)

    @display(description="by")
    def who(self, obj: GeocodeBatch) -> str:
        """A person, or the command line."""
        return str(obj.actor or "the command line")
