"""A source on loopback that lives as long as the bench that started it."""

from __future__ import annotations

import sys
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread


class _Server(ThreadingTCPServer):
    daemon_threads = True


def serve(handler: type[StreamRequestHandler]) -> None:
    """Say where it listens, then serve until its standard input ends."""
    with _Server(("127.0.0.1", 0), handler) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
