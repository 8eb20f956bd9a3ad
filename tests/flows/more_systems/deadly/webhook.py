"""Kills whoever handles a delivery of the type `kill`."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection
from typing import Any

from integrations.systems.deliveries import Delivery, Identity


def identify(delivery: Delivery) -> Identity:
    return Identity("", delivery.headers["type"], None)


def handle(identity: Identity) -> str:
    if identity.event_type == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    return "Lived."


def touches(_identity: Identity, _options: Any) -> Collection[str]:
    return ()
