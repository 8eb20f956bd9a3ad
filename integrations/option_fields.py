"""What an option of a System takes, as a field of a form: the admin shows it, a rollback only asks it."""

from __future__ import annotations

from typing import Any

import jmespath
from django import forms
from django.core.exceptions import ValidationError

from integrations.systems.base import Option


def field_of(option: Option, widget: forms.Widget | None = None) -> forms.Field:
    """The field of the option's kind, with its bounds and choices."""
    common: dict[str, Any] = {
        "label": option.label,
        "help_text": option.help,
        "required": option.required,
        "initial": option.default,
        "widget": widget,
    }
    if option.kind == "integer":
        return forms.IntegerField(min_value=option.minimum, max_value=option.maximum, **common)
    if option.kind == "boolean":
        return forms.BooleanField(**{**common, "required": False})
    if option.kind == "choice":
        return forms.ChoiceField(choices=option.choices, **common)
    return forms.CharField(validators=[json_path] if option.kind == "json_path" else [], **common)


def json_path(value: str) -> None:
    """Refuse what is no path into JSON."""
    try:
        jmespath.compile(value)
    except (jmespath.exceptions.JMESPathError, RecursionError) as error:
        raise ValidationError(
            "This is no path. Write names with dots between them, for example meta.slug (see jmespath.org)."
        ) from error
