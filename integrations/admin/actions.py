"""Verbs as buttons: each asks before it acts, by POST, and needs a permission of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm


def verb(  # noqa: PLR0913 - the words of one button
    label: str,
    *,
    icon: str,
    permission: str,
    does: str,
    main: bool = True,
    form: type[BaseDialogForm] = BaseDialogForm,
    fits: Callable[[Any], bool] = lambda _row: True,
) -> Callable[[Any], Any]:
    """An Unfold action behind a dialog that says what it does.

    Args:
        permission: asked of the admin's `has_<permission>_permission`; see `may`.
        form: of the dialog; one that counts what would be touched says so before.
        fits: whether it makes sense for the row as it is; where it does not, there is no button.
    """
    decorator: Callable[[Any], Any] = action(
        description=label,
        icon=icon,
        variant=ActionVariant.PRIMARY if main else ActionVariant.DEFAULT,
        permissions=[permission],
        dialog={
            "title": f"{label}?",
            "description": does,
            "form_class": form,
            "form_submit_text": label,
        },
    )

    def decorate(method: Any) -> Any:
        decorated = decorator(method)
        decorated.fits = fits
        return decorated

    return decorate


def button(made: UnfoldAction, row: models.Model) -> dict[str, Any]:
    """A verb for `admin/verb.html`."""
    path = reverse(f"admin:{made.action_name}", args=[row.pk])
    is_main = made.variant == ActionVariant.PRIMARY
    return {"label": made.description, "path": path, "is_main": is_main, "name": made.action_name}


def may(permission: str) -> Callable[..., bool]:
    """For `has_<verb>_permission`: Unfold hands over an id where Django hands over a row."""

    def allowed(_admin: object, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm(permission)

    return allowed
