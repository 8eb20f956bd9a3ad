"""What the candidates of the benchmark of media have in common: a file to each line, and what was made of it.

Imports nothing outside the standard library, because it also runs in the environment of the peer.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

THUMBNAIL = (300, 200)  # filled
LARGE = (1200, 800)  # fitted into
JPEG_QUALITY, WEBP_QUALITY = 85, 80

Made = dict[str, int]  # bytes of each picture that was made, by its name, pixels and kind
Make = Callable[[str], Made]


def named(name: str, width: int, height: int, kind: str) -> str:
    """One picture, as all candidates call it."""
    return f"{name} {width}×{height} {kind.lower()}"


def peak_kib() -> int:
    """The most memory this process or one that it started has needed.

    Of this process `getrusage` would count what its parent had when it was started.
    """
    status = Path("/proc/self/status").read_text().splitlines()
    own = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def serve(make: Make) -> None:
    """Answer each line with the seconds and what was made, and how much memory this process has needed so far."""
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        started = time.perf_counter()
        made = make(json.loads(line))
        seconds = time.perf_counter() - started
        print(json.dumps({"seconds": seconds, "made": made, "peak_mib": peak_kib() / 1024}), flush=True)
