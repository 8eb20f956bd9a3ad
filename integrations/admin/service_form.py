"""The form of a service, built from what its System declares."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from integrations import systems
from integrations.admin import secret_fields
from integrations.admin.conditions import OPTION, shown_when
from integrations.admin.lookup import LookupWidget
from integrations.admin.service_limits import LimitsForm
from integrations.models import Service
from integrations.option_fields import field_of
from integrations.systems.base import Option, OptionKind, System
from integrations.webhooks import trust

IDENTITY = ("name", "slug", "system", "base_url", "enabled")
WIDGETS: dict[OptionKind, type[forms.Widget]] = {
    "text": UnfoldAdminTextInputWidget,
    "json_path": UnfoldAdminTextInputWidget,
    "integer": UnfoldAdminIntegerFieldWidget,
    "boolean": UnfoldBooleanSwitchWidget,
    "choice": UnfoldAdminSelectWidget,
}


class ServiceForm(LimitsForm):
    """Options come from and go into one JSON column; secrets go in and never come out."""

    class Meta:
        model = Service
        fields = "__all__"

    declared: System | None = None
    person: User | None = None

    def __init__(self, *args: Any, instance: Service | None = None, **kwargs: Any) -> None:
        super().__init__(*args, instance=instance or new_of(self.declared), **kwargs)
        if "system" in self.fields:
            self._offer_systems(self.fields["system"])
        for name, field in self.fields.items():
            if name.startswith(OPTION):
                field.initial = self.instance.options.get(name.removeprefix(OPTION), field.initial)

    def _offer_systems(self, field: Any) -> None:
        field.widget.attrs["data-reload"] = "system"  # see console.js
        if not self.declared:  # the first of the list would be chosen otherwise, and nobody would notice
            field.choices = [("", "Choose one"), *systems.choices()]

    def clean(self) -> dict[str, Any] | None:
        """Gather the options; what equals the default is not stored, so that better defaults reach everybody."""
        cleaned = super().clean() or self.cleaned_data
        given = {name.removeprefix(OPTION): value for name, value in cleaned.items() if name.startswith(OPTION)}
        if self.declared and cleaned.get("system", self.declared.slug) != self.declared.slug:
            self.add_error("system", f"The fields below are those of {self.declared.label}. Choose the system again.")
        elif given and self.declared:
            defaults = self.declared.defaults
            self.instance.options = {name: value for name, value in given.items() if not _same(value, defaults[name])}
        scheme = f"{OPTION}{trust.SCHEME}"
        if scheme in self.fields:
            before, after = self.fields[scheme].initial, cleaned.get(scheme)
            if reason := trust.objection(self.person, before, after):
                self.add_error(scheme, reason)
        for name, reason in secret_fields.objections(cleaned):
            self.add_error(name, reason)
        return cleaned


def new_of(system: System | None) -> Service:
    """A service that is being added, with what its System says of it."""
    return Service(system=system.slug, base_url=system.base_url) if system else Service()


def chosen(request: HttpRequest) -> Service | None:
    """The service that is being added, once its system is chosen on the page."""
    system = systems.all_systems().get(request.GET.get("system", ""))
    return new_of(system) if system else None


def identity_of(service: Service) -> list[str]:
    """The fields that say what it is and where; where a database is stands in its options."""
    system = systems.all_systems().get(service.system)
    is_database = system is not None and system.transport == "database"
    return [name for name in IDENTITY if name != "base_url" or not is_database]


def _same(value: object, default: object) -> bool:
    nothing = (None, "")
    return value == default or (value in nothing and default in nothing)


def form_for(service: Service) -> type[ServiceForm]:
    """A form class with a field for each option and secret."""
    system = systems.all_systems().get(service.system)
    if system is None:
        return ServiceForm
    options = {f"{OPTION}{option.name}": _option_field(option) for option in system.options}
    fields = {**options, **secret_fields.fields_of(service, system)}
    return type("ServiceForm", (ServiceForm,), {**fields, "declared": system})


def _option_field(option: Option) -> forms.Field:
    widget = LookupWidget(option.name) if option.suggest else WIDGETS[option.kind]()
    widget.attrs |= shown_when(option.when)
    return field_of(option, widget)
