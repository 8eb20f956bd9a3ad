"""A small server on a real socket; what it answers is a method of the class on top of it."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from threading import RLock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.listening import Listening

LIST = {"meta": {"total_count": 1}, "items": [{"id": 1, "title": "The only one"}]}


@dataclass(frozen=True)
class Question:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}


@dataclass(frozen=True)
class Told:
    status: int = 200
    data: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Loopback(Listening, ABC):
    """Use it as a context manager. `lock` guards what its subclasses remember."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.asked: list[Question] = []
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _handle(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                question = Question(self.command, parts.path, query, headers, body)
                with peer.lock:
                    peer.asked.append(question)
                self._say(peer.answer(question))

            def _say(self, told: Told) -> None:
                body = json.dumps(told.data).encode()
                self.send_response(told.status)
                for name, value in {"Content-Type": "application/json", **told.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815 - where the base class looks

            def log_message(self, *_: object) -> None: ...

        self.listen(Handler)

    @abstractmethod
    def answer(self, question: Question) -> Told:
        """What a peer of this kind says to that."""
