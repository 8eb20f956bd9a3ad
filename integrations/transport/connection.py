"""Connections with one deadline for everything, whatever the other side does.

A read timeout alone starts anew with every byte, headers included.
"""

from __future__ import annotations

import io
import socket
import ssl
from functools import cached_property
from http.client import HTTPResponse, IncompleteRead
from typing import Any

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import parse_url

from integrations.transport import clock, failures, tls
from integrations.transport.dial import dial
from integrations.transport.settings import Settings


class BoundedAdapter(HTTPAdapter):
    """Has requests speak through our connections. They need the clock of the attempt."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return tls.context(self._settings.ca_bundle, self._settings.client_certificate)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Have every connection be one of ours."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}

    def build_connection_pool_key_attributes(
        self,
        request: PreparedRequest,
        verify: bool | str,  # noqa: ARG002 - verification is not for callers to switch
        cert: object = None,  # noqa: ARG002 - as above
    ) -> tuple[Any, Any]:
        """Whom to connect to, by the same parser that the guard reads addresses with."""
        url = parse_url(request.url or "")
        host = {"scheme": url.scheme, "host": url.host, "port": url.port}
        return host, {"ssl_context": self._tls} if url.scheme == "https" else {}

    def cert_verify(self, *_: object) -> None:
        """Nothing to add: what is trusted is in the TLS context, which always verifies."""


class _BoundedReader(io.RawIOBase):
    """Gives each read from the socket what is left of the time."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._clock = clock.current()
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._clock.left_s())
        count = self._raw.readinto(buffer)
        if count:
            self._clock.first_byte()
        self.ended = count == 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._reader = _BoundedReader(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        """Headers that just end are no headers: http.client would take them for the whole of an empty answer."""
        super().begin()
        if self._reader.ended:
            raise IncompleteRead(b"")


class _Connection(HTTPConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        sock = dial(self._dns_host, self.port, clock.current())
        sock.settimeout(clock.current().left_s())
        return sock

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send within what is left of the time, on a connection that is used again too."""
        now = clock.current()
        try:
            self.timeout = now.left_s()
            super().request(*args, **kwargs)
        except TimeoutError as error:
            raise failures.out_of_time(failures.peer(self.host, self.port), now) from error


class _TLSConnection(_Connection, HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        sock.settimeout(min(clock.current().settings.connect_timeout_s, clock.current().left_s()))
        return sock

    def connect(self) -> None:
        """Shake hands too, within a connect timeout of its own."""
        now = clock.current()
        try:
            super().connect()
        except OSError as error:  # all of ssl's are; what fails before is an error of ours
            now.lap("tls")
            raise failures.of_tls(error, failures.peer(self.host, self.port), now.settings.connect_timeout_s) from error
        now.lap("tls")


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection
