"""How large a file may be: asked by the forms, before it is stored, and by the worker, of whatever came another way."""

from __future__ import annotations

from django.conf import settings

from integrations import formatting


def objection(size: int) -> str:
    """Why a file of so many bytes is not taken, and what to do; empty where it is."""
    largest: int = settings.MEDIA_LARGEST_BYTES
    return f"The file is larger than {formatting.size(largest)}. Upload a smaller one." if size > largest else ""
