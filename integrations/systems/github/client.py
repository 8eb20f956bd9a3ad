"""GitHub's REST API."""

from __future__ import annotations

from datetime import UTC, datetime

from integrations.systems.base import Options
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.http import Transport


class Client:
    """One account of GitHub or of a GitHub Enterprise server."""

    def __init__(self, transport: Transport, options: Options) -> None:
        self._transport = transport
        self.options = options

    # https://docs.github.com/en/rest/rate-limit/rate-limit
    def check_health(self) -> str:
        """What is left of the rate limit; asking costs nothing of it and proves that the token is good."""
        answer = self._transport.get_json("rate_limit", "/rate_limit")
        try:
            core = answer["resources"]["core"]
            left, limit = int(core["remaining"]), int(core["limit"])
            reset = datetime.fromtimestamp(int(core["reset"]), UTC)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise CallError(Code.BAD_ANSWER, "There is no rate limit at “resources.core” in the answer.") from error
        return f"{left:,} of {limit:,} calls left until {reset:%H:%M} UTC."
