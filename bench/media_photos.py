"""Photographs for the benchmark of media: the same bytes at every run, with as much in them as a camera's."""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image

SIZES = {"12 MP": (4000, 3000), "24 MP": (6000, 4000)}
GRAIN = 512  # pixels of a tile of noise
PATCH = 40  # pixels across; what the noise lies upon
QUALITY = 85


def photograph(number: int, size: tuple[int, int]) -> Image.Image:
    """Soft patches of colour under fine grain."""
    chance = random.Random(number)  # noqa: S311 - the same pictures every time
    width, height = size
    few = (width // PATCH, height // PATCH)
    patches = Image.frombytes("RGB", few, chance.randbytes(few[0] * few[1] * 3)).resize(size, Image.Resampling.BICUBIC)
    grain = Image.frombytes("L", (GRAIN, GRAIN), chance.randbytes(GRAIN * GRAIN)).point(lambda value: 112 + value // 8)
    sheet = Image.new("L", size)
    for left in range(0, width, GRAIN):
        for top in range(0, height, GRAIN):
            sheet.paste(grain, (left, top))
    return Image.blend(patches, Image.merge("RGB", (sheet,) * 3), 0.35)


def write(folder: Path, count: int) -> dict[str, list[Path]]:
    """So many files, of either size in turn."""
    files: dict[str, list[Path]] = {name: [] for name in SIZES}
    for number in range(count):
        name = list(SIZES)[number % len(SIZES)]
        path = folder / f"{number:04}.jpg"
        photograph(number, SIZES[name]).save(path, "JPEG", quality=QUALITY)
        files[name].append(path)
    return files
