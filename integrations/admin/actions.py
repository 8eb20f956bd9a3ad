"""Verbs as buttons: each asks before it acts, by POST, and needs a permission of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm


def verb(
    label: str, *, icon: str, permission: str, does: str, main: bool = True, form: type[BaseDialogForm] = BaseDialogForm
) -> Callable[[Any], Any]:
    """An Unfold action behind a dialog that says what it does.

    Args:
        permission: asked of the admin's `has_<permission>_permission`; see `may`.
        form: of the dialog; one that counts what would be touched says so before.
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
    return decorator


def may(permission: str) -> Callable[..., bool]:
    """For `has_<verb>_permission`: Unfold hands over an id where Django hands over a row."""

    def allowed(_admin: object, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm(permission)

    return allowed
