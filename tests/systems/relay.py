"""Stands between a client and the sandboxes, passes everything on, and can be told to spoil the answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from tests.transport.server import Asked, Reply, ScriptedServer

HOP_BY_HOP = {"connection", "content-length", "content-type", "date", "server"}

Genuine = Callable[[], Reply]
Spoil = Callable[[Asked, Genuine], Reply]


@dataclass
class Relay(ScriptedServer):
    """Use it as a context manager.

    Attributes:
        to: where the sandboxes are served.
        method: only requests with it are spoilt; empty for all.
        left: how many are yet to be spoilt; None for all of them.
    """

    to: str = ""
    method: str = ""
    left: int | None = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._spoil: Spoil = untouched

    def spoil(self, spoil: Spoil, times: int | None = None, method: str = "") -> None:
        """From now on, so many answers."""
        self._spoil, self.left, self.method = spoil, times, method

    def mend(self) -> None:
        """Answers are passed on as they are."""
        self.left = 0

    def _next(self, request: Asked) -> Reply:
        def genuine() -> Reply:
            return self.passed_on(request)

        with self._lock:
            self.asked.append(request)
            struck = self.left != 0 and request.method == (self.method or request.method)
            if struck:
                self.left = self.left - 1 if self.left else None
        return self._spoil(request, genuine) if struck else genuine()

    def passed_on(self, request: Asked) -> Reply:
        """What the sandbox says to it."""
        onward = HTTPConnection(urlsplit(self.to).netloc)
        try:
            onward.request(request.method, request.target, request.body, dict(request.headers))
            answer = onward.getresponse()
            headers = tuple((name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP)
            return Reply(answer.status, answer.read(), headers, content_type=answer.headers.get("Content-Type", ""))
        finally:
            onward.close()


def failing(status: int, *headers: tuple[str, str]) -> Spoil:
    """The sandbox is not asked. The answer repeats what it was sent, as careless error pages do."""

    def answer(asked: Asked, _: Genuine) -> Reply:
        message = f"{asked.method} {asked.target} {dict(asked.headers)} {asked.body.decode('utf-8', 'replace')}"
        return Reply(status, json.dumps({"message": message}).encode(), headers)

    return answer


def constant(reply: Reply) -> Spoil:
    """The sandbox is not asked."""
    return lambda asked, genuine: reply  # noqa: ARG005 - the others look at them


def untouched(_: Asked, genuine: Genuine) -> Reply:
    """Nothing is spoilt."""
    return genuine()


def halved(_: Asked, genuine: Genuine) -> Reply:
    """Half of the body, declared as all of it."""
    reply = genuine()
    return replace(reply, body=reply.body[: len(reply.body) // 2])


def cut(_: Asked, genuine: Genuine) -> Reply:
    """The connection is closed after half of the body."""
    return replace(genuine(), cut=True)


def emptied(_: Asked, genuine: Genuine) -> Reply:
    """The same answer without the items of its longest list, if it has one."""
    reply = genuine()
    data = json.loads(reply.body)
    longest = max(_lists(data), key=len, default=[])
    longest.clear()
    return replace(reply, body=json.dumps(data).encode())


def _lists(data: Any) -> list[list[Any]]:
    inside = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return [each for item in inside for each in _lists(item)] + ([data] if isinstance(data, list) else [])
