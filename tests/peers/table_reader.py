"""A process that reads a stream of a legacy database: `python -m tests.peers.table_reader <slug> [<position>]`.

A line for each page: its position and the ids of its rows. The last line is what it took.
"""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path

import django


def kib(name: str) -> int:
    """A figure of this process's memory; the kernel's own, since `getrusage` counts the parent's too."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def main(slug: str, position: str) -> None:
    from integrations import systems
    from integrations.connections import client_for
    from integrations.models import Service
    from integrations.recorder import Cause

    service = Service.objects.get(slug=slug)
    with client_for(service, Cause("command", uuid.uuid4())) as client:
        client.list_tables()  # type: ignore[attr-defined]  # the driver is loaded and connected
        before = kib("VmRSS")
        for page in systems.get(service.system).read("rows")(client, json.loads(position)):
            ids = [item.external_id for item in page.items if not isinstance(item, str)]
            print(json.dumps({"position": dict(page.position), "ids": ids}), flush=True)
    print(json.dumps({"growth_kib": kib("VmHWM") - before}), flush=True)


if __name__ == "__main__":
    django.setup()
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "{}")
