"""Verbs of files that people bring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.files import File

from integrations.models import Essay, MediaAttachment, Property
from integrations.ops.bells import Impossible, begin


@dataclass(frozen=True)
class Brought:
    """What is known of a file before anybody has looked into it.

    Attributes:
        essay, land: what it is attached to.
        replaces: whose place it takes once it is accepted.
    """

    alt_text: str = ""
    essay: Essay | None = None
    land: Property | None = None
    replaces: MediaAttachment | None = None


def upload(file: File[Any], brought: Brought, actor: User | None = None) -> MediaAttachment:
    """Keep a file and have a worker look at it, before anybody is shown it.

    Raises:
        Impossible: there is no room for it, or its storage cannot be reached.
    """
    media = MediaAttachment(**vars(brought), actor=actor, original_name=(file.name or "")[:255], size=file.size)
    try:
        media.file.save("", file, save=False)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Impossible(
            f"The file could not be stored ({why}). Nothing was kept of it. Tell those who run the console, then "
            "upload it again."
        ) from error
    try:
        begin(media)
    except Exception:  # a row that cannot be written leaves no file behind
        media.file.delete(save=False)
        raise
    return media


def fetch(address: str, brought: Brought, actor: User | None = None) -> MediaAttachment:
    """Have a worker fetch a file from the web and look at it."""
    name = address.partition("?")[0].rstrip("/").rpartition("/")[2][:255]
    media = MediaAttachment(**vars(brought), actor=actor, original_name=name, source_url=address)
    begin(media)
    return media
