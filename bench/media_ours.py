"""The console's own: what its worker makes of an accepted picture."""

from __future__ import annotations

from pathlib import Path

from media_worker import Made, named, serve

from integrations.media.rendering import render


def make(path: str) -> Made:
    """All pictures of a file."""
    with Path(path).open("rb") as stream:
        return {named(each.size.name, each.width, each.height, each.kind): len(each.content) for each in render(stream)}


if __name__ == "__main__":
    serve(make)
