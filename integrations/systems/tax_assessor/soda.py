"""Asks a Socrata domain for rows: SODA 2.1."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integrations.transport.answer import Answer
from integrations.transport.cache import Cache
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.http import Transport
from integrations.transport.retry import retry_with_backoff

Row = Mapping[str, Any]
ACCEPTED = 202
# “Query coordinator error: query.soql.no-such-column; No such column: x; position: Map(row -> 1, ...” and its like.
_NOISE = re.compile(r"Query coordinator error: [\w.-]+; |; position: Map\(.*", re.DOTALL)


class StillPreparing(CallError):
    """The answer is not there yet, and the same call has it in a moment."""

    def __init__(self) -> None:
        super().__init__(Code.SERVER_ERROR, "It is still preparing the answer (202).")


@dataclass(frozen=True)
class Rows:
    """One answer.

    Attributes:
        rows: columns that are NULL are absent; numbers are texts.
        headers: among them when the data was changed.
    """

    rows: Sequence[Row]
    headers: Mapping[str, str]

    def lacks(self, column: str) -> bool:
        """Whether the query has no such column, so that it is not merely NULL. Not every answer says which it has."""
        try:
            known = json.loads(self.headers.get("X-SODA2-Fields", ""))
        except (ValueError, RecursionError):
            return False
        return isinstance(known, list) and column not in known


def literal(text: str) -> str:
    """A text in SoQL; it fits columns of numbers too."""
    return "'" + text.replace("'", "''") + "'"


class Soda:
    """One domain."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    # https://dev.socrata.com/docs/queries/ and https://dev.socrata.com/docs/response-codes.html
    def rows(self, operation: str, dataset: str, params: Mapping[str, Any], cache: Cache | None = None) -> Rows:
        """The rows of a data set that a query asks for.

        Raises:
            CallError: it failed; what Socrata says of it is in the sentence.
        """
        try:
            answer = self._answer(operation, f"/resource/{dataset}.json", params, cache)
        except CallError as error:
            raise _explained(error, dataset) from error
        if not isinstance(answer.data, list) or not all(isinstance(row, dict) for row in answer.data):
            raise CallError(Code.BAD_ANSWER, "The answer is no list of rows.")
        return Rows(answer.data, answer.headers)

    def _answer(self, operation: str, path: str, params: Mapping[str, Any], cache: Cache | None) -> Answer:
        answer = self._transport.request(operation, "GET", path, cache, params=params)
        return self._asked_again(operation, path, params) if answer.status == ACCEPTED else answer

    @retry_with_backoff(max_retries=2, base_delay=0.5, exceptions=StillPreparing)
    def _asked_again(self, operation: str, path: str, params: Mapping[str, Any]) -> Answer:
        # Past the cache: it keeps a 202 like any other success.
        answer = self._transport.request(operation, "GET", path, params=params)
        if answer.status == ACCEPTED:
            raise StillPreparing
        return answer


def _explained(error: CallError, dataset: str) -> CallError:
    """The error in the words of Socrata's users. Its own text is built on, since secrets are blanked in that."""
    code, said = error.code, _NOISE.sub("", str(error))
    if code is Code.NOT_FOUND:
        said = f"There is no data set “{dataset}” (404)."
    elif code is Code.FORBIDDEN and "app_token" in said:
        code, said = Code.AUTH_FAILED, "The app token is not valid (403); without any it would be let in."
    return CallError(code, said if said.endswith(".") else f"{said}.", error.answer, error.retry_after)
