"""A process that does nothing but call one service: `python -m tests.peers.caller <slug> <seconds>`."""

from __future__ import annotations

import contextlib
import sys
import time

import django


def main(slug: str, seconds: float) -> None:
    from integrations.models import Service
    from integrations.transport.errors import TransportError
    from tests.calling import ask

    service = Service.objects.get(slug=slug)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(TransportError):
            ask(service)
        time.sleep(0.1)


if __name__ == "__main__":
    django.setup()
    main(sys.argv[1], float(sys.argv[2]))
