"""Who may let a service believe everybody."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

PERMISSION = "integrations.unverified_service"
SCHEME, NONE = "hook_scheme", "none"


def objection(person: User | None, before: Any, after: Any) -> str:
    """Why this person may not set that option so, in a sentence; empty where it is allowed. Whoever has a shell may."""
    if after != NONE or before == NONE or person is None or person.has_perm(PERMISSION):
        return ""
    return "To believe everybody needs a permission of its own. Choose how the sender proves itself, or ask an administrator."
