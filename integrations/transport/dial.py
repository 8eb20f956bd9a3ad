"""From a host name to an open connection: resolved once, every address judged, dialled within the time."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from integrations.transport import failures
from integrations.transport.clock import Clock

Addresses = Sequence[tuple[int, int, int, str, Any]]  # of getaddrinfo


def dial(host: str, port: int, clock: Clock) -> socket.socket:
    """Connect to the first address of the host that answers. All of them share the connect timeout.

    Raises:
        CallError: there is no address, one that the guard of the settings refuses, or none that answers.
    """
    settings = clock.settings
    until = time.monotonic() + min(settings.connect_timeout_s, clock.left_s())
    try:
        addresses = _resolve(host, port, until - time.monotonic())
    finally:
        clock.lap("dns")
    if settings.guard:
        for *_, address in addresses:  # one that is not public condemns the name: who mixes them is up to no good
            settings.guard.check_address(address[0], failures.peer(host, port))
    try:
        return _connect(addresses, until)
    except OSError as error:
        raise failures.of_dial(error, failures.peer(host, port), settings.connect_timeout_s) from error
    finally:
        clock.lap("connect")


def _resolve(host: str, port: int, timeout_s: float) -> Addresses:
    """Ask in a thread of its own: getaddrinfo knows no timeout, and a name server can be silent for long."""
    answers: SimpleQueue[Addresses | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    Thread(target=ask, name="resolver", daemon=True).start()
    try:
        found = answers.get(timeout=max(timeout_s, 0))
    except Empty as error:
        raise failures.of_silent_resolver(host, timeout_s) from error
    if isinstance(found, Exception):
        raise failures.of_resolver(found, host) from found
    return found


def _connect(addresses: Addresses, until: float) -> socket.socket:
    """The first that answers. Each waits for its share of what is left, so that a dead one leaves time for the next."""
    errors: list[OSError] = []
    for number, address in enumerate(addresses):
        share_s = (until - time.monotonic()) / (len(addresses) - number)
        try:
            return _open(address, share_s)
        except OSError as error:
            errors.append(error)
    # “Refused” tells most: somebody is there.
    raise next((error for error in errors if isinstance(error, ConnectionRefusedError)), errors[-1])


def _open(address: tuple[int, int, int, str, Any], timeout_s: float) -> socket.socket:
    if timeout_s <= 0:
        raise TimeoutError("the time to connect is over")
    family, kind, protocol, _, where = address
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(timeout_s)
        sock.connect(where)
    except BaseException:
        sock.close()
        raise
    return sock
