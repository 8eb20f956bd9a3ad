"""The process that opens a file which nobody trusts: `python -m integrations.media.child look|render <file`.

It has limits of its own, nothing of the console's environment, no database, and dies with an answer or without one.
"""

from __future__ import annotations

import base64
import json
import resource
import signal
import sys
import time
from dataclasses import asdict
from typing import Any, BinaryIO

from integrations.media import kinds
from integrations.media.findings import Findings, Refused

MEMORY = 700 * 1024 * 1024  # bytes of addresses; what is in use at a time is less
CPU_S, CLOCK_S = 15, 20
MIB = 1024 * 1024


def _confine() -> None:
    signal.alarm(CLOCK_S)  # also where nobody is left who would wait
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _peak_kib() -> int:
    """Of this program alone: `ru_maxrss` may still be that of the process which started it."""
    try:
        with open("/proc/self/status") as status:  # noqa: PTH123 - nothing more than needed is imported here
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def look(stream: BinaryIO) -> dict[str, Any]:
    """What it is, and whether it may be shown."""
    found, since = Findings(), time.perf_counter()
    try:
        head = stream.read(kinds.HEAD)
        stream.seek(0)
        kind = kinds.kind_of(head)
        if kind is None:
            raise Refused("not_taken", kinds.not_taken(head))  # noqa: TRY301 - as any other reason
        found.content_type = kind.content_type
        found.checked("kind", since, kind.content_type)
        if kind.is_picture:
            from integrations.media import pictures

            pictures.look(stream, kind, found)
        else:
            from integrations.media import documents

            documents.look(stream, found)
    except Refused as reason:
        found.refuse(reason)
    found.peak_kib = _peak_kib()
    return asdict(found)


def render(stream: BinaryIO) -> dict[str, Any]:
    """Every picture that is made of it."""
    from integrations.media import rendering

    made = [
        {
            "name": each.size.name,
            "kind": each.kind,
            "width": each.width,
            "height": each.height,
            "content": base64.b64encode(each.content).decode(),
        }
        for each in rendering.render(stream)
    ]
    return {"made": made, "peak_kib": _peak_kib()}


WORK = {"look": look, "render": render}

if __name__ == "__main__":
    _confine()
    json.dump(WORK[sys.argv[1]](sys.stdin.buffer), sys.stdout)
