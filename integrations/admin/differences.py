"""What a change did to a row, or would do: each field before and after, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import FieldDoesNotExist
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from integrations.models import Change
from integrations.sync.engine import synced_model


@dataclass(frozen=True)
class Line:
    """One field, as staff call it; of what was rejected `after` is the reason."""

    label: str
    before: str
    after: str


def lines(change: Change) -> Iterator[Line]:
    """Every field that differs."""
    for name, (before, after) in change.diff.items():
        yield Line(_label(change.model, name), before, after)


def _label(model: str, name: str) -> str:
    try:
        field = synced_model(model)._meta.get_field(name)
    except FieldDoesNotExist:
        return name  # what was rejected may name a field of the source
    return str(getattr(field, "verbose_name", name))


def rendered(change: Change) -> SafeString:
    """Both columns, below one another where there is no room; one where there is nothing before."""
    has_one_side = change.kind in {Change.Kind.CREATED, Change.Kind.REJECTED}
    context = {"lines": list(lines(change)), "has_one_side": has_one_side}
    return render_to_string("admin/integrations/change/diff.html", context)
