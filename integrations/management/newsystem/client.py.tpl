"""Speaks to $label."""

from __future__ import annotations

from collections.abc import Iterator

from integrations.systems.base import Options, Position
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.http import Transport
from integrations.transport.pagination import Batch, walk
from integrations.transport.styles import Ask, Listed, Offset


class Client:
    """One account; one method per remote operation."""

    def __init__(self, transport: Transport, options: Options) -> None:
        self._transport = transport
        self._style = Offset(int(options["page_size"]))

    # https://example.com/docs/status
    def check_health(self) -> str:
        """One cheap call that proves address and token; a remark for staff."""
        answer = self._transport.get_json("check_health", "/status")
        if not isinstance(answer, dict):
            raise CallError(Code.BAD_ANSWER, "There is no status in the answer.")
        return str(answer.get("message", ""))

    # https://example.com/docs/things
    def list_things(self, position: Position) -> Iterator[Batch]:
        """Pages of things as they are sent, from a position on."""
        return walk(self._things, self._style, position, key=lambda thing: thing["id"])

    def _things(self, ask: Ask) -> Listed:
        answer = self._transport.get_json("list_things", "/things", ask.params)
        things = answer.get("things") if isinstance(answer, dict) else None
        if not isinstance(things, list) or not all(isinstance(thing, dict) and thing.get("id") for thing in things):
            raise CallError(Code.BAD_ANSWER, "There is no list of things with ids at “things” in the answer.")
        return Listed(things, answer.get("total"))
