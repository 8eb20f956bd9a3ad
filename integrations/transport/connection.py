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
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection, port_by_scheme
from urllib3.util import Url, parse_url

from integrations.transport import clock, failures, tls
from integrations.transport.codes import Code
from integrations.transport.dial import dial
from integrations.transport.errors import CallError
from integrations.transport.settings import Settings

MOST_HOSTS = 10  # redirects among strangers may lead to any number
_NEVER_AGAIN = Retry(total=False)  # whether an attempt is made again is decided by `Tries`


class Connections:
    """Open connections, a pool for each host that is spoken to. They need the clock of the attempt."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pools: dict[tuple[str | None, str | None, int | None], HTTPConnectionPool] = {}

    def send(self, request: PreparedRequest) -> BaseHTTPResponse:
        """The answer with its headers read and its body waiting. Close it, or its connection is lost.

        Not by the adapter of requests: it would put the answer into objects of its own, look for cookies in it and
        look up the pool anew, which costs more than all else here, and nothing of that is used.

        Raises:
            CallError: there is no connection.
            HTTPError: of urllib3; there was one.
        """
        url = parse_url(request.url or "")  # the parser that the guard reads addresses with
        return self._pool(url).urlopen(
            request.method or "",
            url.request_uri,
            request.body,
            dict(request.headers),
            retries=_NEVER_AGAIN,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
        )

    def close(self) -> None:
        """Hang up everywhere."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()

    def _pool(self, url: Url) -> HTTPConnectionPool:
        key = url.scheme, url.host, url.port
        if key not in self._pools:
            if len(self._pools) == MOST_HOSTS:
                self.close()
            self._pools[key] = self._new_pool(url)
        return self._pools[key]

    def _new_pool(self, url: Url) -> HTTPConnectionPool:
        if url.scheme not in port_by_scheme or not url.host:
            raise CallError(Code.NOT_SENDABLE, "The address does not begin with http:// or https:// and a host.")
        # Without a port, http.client would take what follows the last colon of an IPv6 address for one.
        port = url.port or port_by_scheme[url.scheme]
        if url.scheme == "https":
            return _TLSPool(url.host, port, ssl_context=self._tls)
        return _Pool(url.host, port)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return tls.context(self._settings.ca_bundle, self._settings.client_certificate)


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
