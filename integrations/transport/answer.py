"""What a remote answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from integrations import json_text


@dataclass(frozen=True)
class Answer:
    """One answer, read to its end.

    Attributes:
        headers: names compare without regard to case.
        body: after decompression.
        data: the parsed JSON; None for an empty body.
        url: where it came from, after redirects; secrets in it are not blanked.
        as_of: set where it comes from the cache because the service failed: when it was true.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    data: Any = None
    url: str = ""
    as_of: datetime | None = None

    @cached_property
    def json(self) -> Any:
        """The JSON of the body, whatever the status; None where it is none. An error's is parsed only if asked for."""
        try:
            return json_text.loads(self.body)
        except (ValueError, RecursionError):
            return None
