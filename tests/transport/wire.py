"""A wire between a driver and its server that can be cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from socketserver import BaseRequestHandler

from tests.listening import Listening


class Wire(Listening):
    """Passes everything on, until it `is_deaf` or hangs up by `drop`."""

    def __init__(self, to_port: int) -> None:
        self.is_deaf = threading.Event()
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        wire = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                onward = socket.create_connection(("127.0.0.1", to_port))
                wire.pairs.append((self.request, onward))
                back = threading.Thread(target=wire.pass_on, args=(onward, self.request), daemon=True)
                back.start()
                wire.pass_on(self.request, onward)
                back.join()

        self.listen(Handler)

    def pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self.is_deaf.is_set():
                    target.sendall(data)
            target.close()

    def drop(self) -> None:
        """Hang up on both sides."""
        for pair in self.pairs:
            for each in pair:
                each.close()
        self.pairs.clear()
