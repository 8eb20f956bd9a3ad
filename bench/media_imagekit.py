"""Plain django-imagekit, as its documentation says: four specs of one file, its default strategy and its own processors.

The default strategy calls `generate` when somebody first asks for the address of a file or whether it is there.
"""

from __future__ import annotations

import sys
from pathlib import Path

import django
from django.conf import settings
from media_worker import JPEG_QUALITY, LARGE, THUMBNAIL, WEBP_QUALITY, Made, named, serve

settings.configure(
    INSTALLED_APPS=["imagekit"],
    MEDIA_ROOT=sys.argv[1],
    CACHES={
        "default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
    },  # or it would believe in files that are gone
    STORAGES={
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    },
)
django.setup()

from django.core.files.images import ImageFile  # noqa: E402 - Django needs its settings first
from imagekit import ImageSpec  # noqa: E402 - as above
from imagekit.cachefiles import ImageCacheFile  # noqa: E402 - as above
from imagekit.processors import ResizeToFill, ResizeToFit, Transpose  # noqa: E402 - as above

SIZES = {"large": ResizeToFit(*LARGE, upscale=False), "thumbnail": ResizeToFill(*THUMBNAIL)}
KINDS = {"JPEG": JPEG_QUALITY, "WEBP": WEBP_QUALITY}
SPECS = {
    (name, kind): type(
        f"{name}{kind}",
        (ImageSpec,),
        {"processors": [Transpose(), size], "format": kind, "options": {"quality": quality}},
    )
    for name, size in SIZES.items()
    for kind, quality in KINDS.items()
}


def make(path: str) -> Made:
    """All pictures of a file."""
    found: Made = {}
    for (name, kind), spec in SPECS.items():
        with Path(path).open("rb") as stream:
            made = ImageCacheFile(spec(source=ImageFile(stream, name=Path(path).name)))
            made.generate()
            found[named(name, made.width, made.height, kind)] = made.size
        made.storage.delete(made.name)
    return found


if __name__ == "__main__":
    serve(make)
