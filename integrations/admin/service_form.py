"""The form of a service, built from what its System declares."""

from __future__ import annotations

from typing import Any

import jmespath
from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from integrations import systems
from integrations.admin import secret_fields
from integrations.admin.service_limits import LimitsForm
from integrations.models import Service
from integrations.systems.base import Option

OPTION = "option__"


class ServiceForm(LimitsForm):
    """Options come from and go into one JSON column; secrets go in and never come out."""

    class Meta:
        model = Service
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if name.startswith(OPTION):
                field.initial = self.instance.options.get(name.removeprefix(OPTION), field.initial)

    def clean(self) -> dict[str, Any] | None:
        """Gather the options; what equals the default is not stored, so that better defaults reach everybody."""
        cleaned = super().clean() or self.cleaned_data
        given = {name.removeprefix(OPTION): value for name, value in cleaned.items() if name.startswith(OPTION)}
        if given:
            defaults = systems.get(self.instance.system).defaults
            self.instance.options = {name: value for name, value in given.items() if not _same(value, defaults[name])}
        for name, reason in secret_fields.objections(cleaned):
            self.add_error(name, reason)
        return cleaned


def _same(value: object, default: object) -> bool:
    nothing = (None, "")
    return value == default or (value in nothing and default in nothing)


def form_for(service: Service) -> type[ServiceForm]:
    """A form class with a field for each option and secret."""
    system = systems.all_systems().get(service.system)
    if system is None:
        return ServiceForm
    options = {f"{OPTION}{option.name}": _option_field(option) for option in system.options}
    return type("ServiceForm", (ServiceForm,), {**options, **secret_fields.fields_of(service, system)})


def _option_field(option: Option) -> forms.Field:
    common: dict[str, Any] = {
        "label": option.label,
        "help_text": option.help,
        "required": option.required,
        "initial": option.default,
    }
    if option.kind == "integer":
        bounds: dict[str, Any] = {"min_value": option.minimum, "max_value": option.maximum}
        return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget(), **bounds, **common)
    if option.kind == "boolean":
        return forms.BooleanField(widget=UnfoldBooleanSwitchWidget(), **{**common, "required": False})
    if option.kind == "choice":
        return forms.ChoiceField(widget=UnfoldAdminSelectWidget(), choices=option.choices, **common)
    validators = [_json_path] if option.kind == "json_path" else []
    return forms.CharField(widget=UnfoldAdminTextInputWidget(), validators=validators, **common)


def _json_path(value: str) -> None:
    try:
        jmespath.compile(value)
    except (jmespath.exceptions.JMESPathError, RecursionError) as error:
        raise ValidationError(
            "This is no path. Write names with dots between them, for example meta.slug (see jmespath.org)."
        ) from error
