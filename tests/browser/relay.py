"""Stands between the console and the sandbox and holds answers back, so that a run can be looked at while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from urllib.parse import parse_qs, urlsplit

HOST = "127.0.0.1"
LONGEST_HOLD_S = 15  # below the deadline of an attempt
EVERYTHING = 10**9


class Relay:
    """Pages of a list that begin before `held_from` pass, the others wait."""

    def __init__(self, port: int, to_port: int) -> None:
        self._to_port = to_port
        self._changed = Condition()
        self._held_from = EVERYTHING
        self._server = ThreadingHTTPServer((HOST, port), self._handler())

    def hold_from(self, offset: int) -> None:
        """Let pass what begins before this offset."""
        with self._changed:
            self._held_from = offset
            self._changed.notify_all()

    def release(self) -> None:
        """Let everything pass."""
        self.hold_from(EVERYTHING)

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        yield
        self.release()
        self._server.shutdown()
        self._server.server_close()
        thread.join()

    def _wait_for(self, path: str) -> None:
        offset = int(parse_qs(urlsplit(path).query).get("offset", ["0"])[0])
        with self._changed:
            self._changed.wait_for(lambda: offset < self._held_from, LONGEST_HOLD_S)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                relay._wait_for(self.path)
                onward = HTTPConnection(HOST, relay._to_port)
                onward.request("GET", self.path, headers=dict(self.headers))
                answer = onward.getresponse()
                body = answer.read()
                onward.close()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in {"connection", "content-length", "date", "server"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        return Handler
