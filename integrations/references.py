"""Secrets that are kept elsewhere: `env:NAME` or `file:PATH`, set by whoever runs the console.

Whoever may edit a service may write a reference and send what it leads to anywhere. So none leads to what the
console keeps for itself: its own variables, or a file outside CREDENTIAL_FILES.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from django.conf import settings

VARIABLE, FILE = "env:", "file:"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LIBPQ = "PG"  # PGPASSWORD and its like: the PostgreSQL driver reads them for the console's own database
LONGEST = 500
LARGEST = 64 * 1024


class Broken(Exception):
    """A reference that may not be followed or leads nowhere; the sentence says why, and the mend."""


def is_reference(text: str) -> bool:
    """Whether somebody typed a reference rather than a secret."""
    return text.startswith((VARIABLE, FILE))


def objection(reference: str) -> str:
    """Why it may not be followed, in a sentence; empty where it may, whether or not anything is there."""
    if len(reference) > LONGEST:
        return f"A reference has at most {LONGEST} characters."
    if reference.startswith(FILE):
        return "" if _file(reference) else f"Files are read from {settings.CREDENTIAL_FILES} only. Name one in there."
    name = reference.removeprefix(VARIABLE)
    if not NAME.fullmatch(name):
        return "After env: comes the name of a variable, of letters, digits and underscores."
    if name in settings.OWN_VARIABLES or name.startswith(LIBPQ):
        return f"The variable {name} is the console's own. Name one that was set for this service."
    return ""


def follow(reference: str) -> str:
    """The secret it leads to.

    Raises:
        Broken: it may not be followed, or there is nothing.
    """
    if reason := objection(reference):
        raise Broken(reason)
    secret = _read(reference) if reference.startswith(FILE) else os.environ.get(reference.removeprefix(VARIABLE), "")
    if not secret:
        raise Broken("Nothing is there. Set it where the console runs, or enter the secret itself.")
    return secret


def _file(reference: str) -> Path | None:
    """Its file, links followed, if that is inside the folder for secrets."""
    path = Path(reference.removeprefix(FILE))
    try:
        file, folder = path.resolve(), Path(settings.CREDENTIAL_FILES).resolve()
    except (OSError, ValueError, RuntimeError):  # no path at all, or links in a circle
        return None
    return file if path.is_absolute() and folder in file.parents else None


def _read(reference: str) -> str:
    file = _file(reference)
    try:
        # A pipe or a device would be read without end.
        if not file or not file.is_file() or file.stat().st_size > LARGEST:
            return ""
        return file.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise Broken(
            "The file is no text, or the console may not read it. Mend that where the console runs."
        ) from error
