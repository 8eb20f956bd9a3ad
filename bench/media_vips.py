"""libvips through pyvips: it decodes a JPEG at a fraction of its size too, and works on all cores."""
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import pyvips
from media_worker import JPEG_QUALITY, LARGE, THUMBNAIL, WEBP_QUALITY, Made, named, serve


def make(path: str) -> Made:
    """All pictures of a file; the small ones from the large one, which is decoded once."""
    large = pyvips.Image.thumbnail(path, LARGE[0], height=LARGE[1], size="down").copy_memory()
    small = large.thumbnail_image(THUMBNAIL[0], height=THUMBNAIL[1], crop="centre").copy_memory()
    found: Made = {}
    for name, image in {"large": large, "thumbnail": small}.items():
        jpeg = image.jpegsave_buffer(Q=JPEG_QUALITY, strip=True)
        webp = image.webpsave_buffer(Q=WEBP_QUALITY, strip=True)
        found[named(name, image.width, image.height, "JPEG")] = len(jpeg)
        found[named(name, image.width, image.height, "WEBP")] = len(webp)
    return found


if __name__ == "__main__":
    serve(make)
