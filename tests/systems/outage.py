"""A sandbox that goes down in the middle of things and comes back at the same address."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Thread
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from integrations import sandbox


class Outage:
    """Serves as long as it is up.

    Attributes:
        port: stays the same.
        served: how many requests it has answered since it came up.
    """

    def __init__(self) -> None:
        self.port = 0
        self.up()

    def up(self, lasts: int | None = None) -> None:
        """Come up, and go down with the last of so many answers; None: when `down` is called."""
        self.served, self._lasts = 0, lasts
        self._server = sandbox.server(self.port)
        self.port, self._app = self._server.server_port, self._server.get_app()
        self._server.set_app(self._answer)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        if lasts == 0:
            self.down()

    def down(self) -> None:
        """Connections are refused from now on."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where the sandboxes are served."""
        return f"http://{sandbox.HOST}:{self.port}"

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.served += 1
        if self.served == self._lasts:  # before the answer, or the next request might still be let in
            self.down()
        answer: Any = self._app
        return list(answer(environ, start_response))
