"""A remote that answers as a script says, over a real socket, and remembers what it was asked."""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler
from threading import Lock

from tests.listening import Listening

JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    """One answer.

    Attributes:
        delay_s: before the first byte.
        drip_s: between two bytes of the body; `drip_head_s`: of the status line and headers.
        raw: sent instead of a well-formed answer.
        reset: the connection is reset instead.
        cut: the length of the body is declared, half of it is sent.
        half_close: afterwards it says that it has nothing more to say, but still listens.
        stall: afterwards it says nothing and waits.
        keep: the connection stays open for the next request.
    """

    status: int = 200
    body: bytes = b'{"fine": true}'
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = JSON
    delay_s: float = 0
    drip_s: float = 0
    drip_head_s: float = 0
    raw: bytes | None = None
    reset: bool = False
    cut: bool = False
    half_close: bool = False
    stall: bool = False
    keep: bool = False

    def head(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Scripted", f"Content-Length: {len(self.body)}"]
        lines += [] if self.keep else ["Connection: close"]
        lines += [f"Content-Type: {self.content_type}"] if self.content_type else []
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class ScriptedServer(Listening):
    """Gives the replies in their order, the last one for ever. Use it as a context manager.

    Attributes:
        tls: who it is; without one it speaks plain HTTP.
    """

    script: list[Reply] = field(default_factory=lambda: [Reply()])
    asked: list[Asked] = field(default_factory=list)
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self._lock = Lock()
        scripted = self

        class Handler(StreamRequestHandler):
            def setup(self) -> None:
                if scripted.tls:
                    self.request = _shake_hands(self.request, scripted.tls)
                super().setup()

            def handle(self) -> None:
                while request := _read(self):
                    reply = scripted._next(request)
                    _say(self.connection, reply, request.method)
                    if not reply.keep:
                        return

        self.listen(Handler)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def arrivals(self, expected: int, within_s: float = 10) -> int:
        """How often it was asked. A client that gave up early may be ahead of it on a machine that does much else."""
        until = time.monotonic() + within_s
        while len(self.asked) < expected and time.monotonic() < until:
            time.sleep(0.01)
        return len(self.asked)

    def answers(self, *replies: Reply) -> None:
        self.script[:] = replies
        self.asked.clear()

    def _next(self, request: Asked) -> Reply:
        with self._lock:
            self.asked.append(request)
            return self.script[min(len(self.asked), len(self.script)) - 1]


def _shake_hands(plain: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
    """Say why not before hanging up: what was not read yet would have the alert thrown away."""
    secured = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
    try:
        secured.do_handshake()
    except OSError:
        secured.shutdown(socket.SHUT_WR)
        while secured.recv(1024):
            pass
        raise
    return secured


def closed_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _read(handler: StreamRequestHandler) -> Asked | None:
    line = handler.rfile.readline().decode("latin-1").split()
    if len(line) != 3 or not line[2].startswith("HTTP/"):  # a TLS greeting may come to three words by chance
        handler.wfile.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" if line else b"")
        return None
    headers = {}
    while text := handler.rfile.readline().decode("latin-1").strip():
        name, _, value = text.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = handler.rfile.read(int(headers.get("content-length", "0")))
    return Asked(line[0], line[1], headers, body)


def _say(connection: socket.socket, reply: Reply, method: str) -> None:
    try:
        time.sleep(reply.delay_s)
        if reply.reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        elif reply.raw is not None:
            _drip(connection, reply.raw, reply.drip_s)
        else:
            body = b"" if method == "HEAD" else reply.body[: len(reply.body) // 2 if reply.cut else None]
            _drip(connection, reply.head(), reply.drip_head_s)
            _drip(connection, body, reply.drip_s)
        if reply.half_close:
            connection.shutdown(socket.SHUT_WR)
        if reply.half_close or reply.stall:
            connection.recv(1)
    except OSError:
        return  # the client has gone, which is what some tests are about


def _drip(connection: socket.socket, data: bytes, pause_s: float) -> None:
    if not pause_s:
        connection.sendall(data)
        return
    for byte in data:
        connection.sendall(bytes([byte]))
        time.sleep(pause_s)
