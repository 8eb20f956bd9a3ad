"""The console's own: what its worker does for the pictures of an accepted file, the child that opens it included."""

from __future__ import annotations

from pathlib import Path

from calls_candidates import HERE
from django.conf import settings
from media_worker import Made, named, serve

from integrations.media import sealed


def make(path: str) -> Made:
    """All pictures of a file."""
    with Path(path).open("rb") as stream:
        found = sealed.render(stream)
    return {named(each.name, each.width, each.height, each.kind): len(each.content) for each in found}


if __name__ == "__main__":
    settings.configure(BASE_DIR=HERE.parent)
    serve(make)
