"""A client alone: no database, no socket. Its requests go through `requests`, where `responses` looks and answers.

The transport sends through connections of its own, which `responses` does not see, so they are replaced here; what
is prepared before and judged after that is the transport's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest
import responses
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from responses import matchers
from urllib3 import BaseHTTPResponse

from integrations import systems
from integrations.systems.auth import kind_of
from integrations.systems.given import given_to
from integrations.transport.auth import Auth, TokenAuth
from integrations.transport.connection import Connections
from integrations.transport.errors import CallError
from integrations.transport.guard import Guard
from integrations.transport.http import Transport
from integrations.transport.settings import Settings
from integrations.transport.sign_in import SignIn
from integrations.transport.tokens import Token
from tests.transport.stores import Kept


class ThroughRequests(Connections):
    """Sends by the adapter of requests, which `responses` replaces while a mock is active."""

    def send(self, request: PreparedRequest) -> BaseHTTPResponse:
        return cast(BaseHTTPResponse, HTTPAdapter().send(request, stream=True).raw)


@dataclass(frozen=True)
class Turn:
    """One request exactly as it must be made, and its answer.

    Attributes:
        query: of the address, all of it.
        sent: the JSON of the request; None where it has none.
        headers: those that must be there, among others.
        answer: JSON, or text as it is.
        kind: media type of a text.
    """

    method: str
    path: str
    answer: Any = None
    status: int = 200
    query: Mapping[str, Any] = field(default_factory=dict)
    sent: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "text/plain"


@dataclass(frozen=True)
class Case:
    """One operation.

    Attributes:
        run: with the client; gives what is compared with `result`.
        options: of the service, beside those of its file.
    """

    name: str
    run: Callable[[Any], object]
    turns: tuple[Turn, ...]
    result: object
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Alone:
    """Clients of one System, all of whose secrets are “secret” and whose token is “token”."""

    slug: str
    base_url: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def outcome(self, case: Case) -> object:
        """What the operation gives, once all its requests were made as they must be and in their order."""
        with responses.RequestsMock(registry=responses.registries.OrderedRegistry) as mock:
            for turn in case.turns:
                self._expect(mock, turn)
            with self._transport({**self.options, **case.options}) as transport:
                return case.run(systems.get(self.slug).client(transport, {**self.options, **case.options}))

    def refused(self, run: Callable[[Any], object], turn: Turn, **options: Any) -> CallError:
        """What the operation says to an answer that is a refusal."""
        with pytest.raises(CallError) as failure:
            self.outcome(Case("", run, (turn,), None, options))
        return failure.value

    def _expect(self, mock: responses.RequestsMock, turn: Turn) -> None:
        url = turn.path if "://" in turn.path else f"{self.base_url}{turn.path}"
        match = [matchers.query_param_matcher(dict(turn.query)), matchers.header_matcher(dict(turn.headers))]
        match += [matchers.json_params_matcher(turn.sent)] if turn.sent is not None else []
        is_text = isinstance(turn.answer, str)
        body = {"body": turn.answer, "content_type": turn.kind} if is_text else {"json": turn.answer}
        mock.add(turn.method, url, status=turn.status, match=match, **body)

    def _transport(self, options: Mapping[str, Any]) -> Transport:
        system = systems.get(self.slug)
        guard = Guard((), ()) if system.untrusted_urls else None
        settings = Settings(self.base_url, system.headers, guard=guard, meanings=system.meanings, attempts=1)
        transport = Transport(settings, auth=self._auth(options))
        transport._connections = ThroughRequests(settings)
        return transport

    def _auth(self, options: Mapping[str, Any]) -> Auth:
        system = systems.get(self.slug)
        secrets = {secret.name: "secret" for secret in system.secrets}
        how = kind_of(system, options).signing(given_to(system, self.base_url, options, secrets))
        return TokenAuth(how, Kept(Token("token", datetime.now(UTC)))) if isinstance(how, SignIn) else how
