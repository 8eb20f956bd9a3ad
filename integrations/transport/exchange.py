"""What to ask: the same for every attempt at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict
from urllib.parse import urlencode

from integrations.transport.retry import IDEMPOTENT

Files = Mapping[str, tuple[str, bytes, str]]


class Content(TypedDict, total=False):
    """What a request may carry beside its address.

    Attributes:
        params: added to the query.
        payload: sent as JSON.
        form: sent as a form; together with `files` as multipart. Bytes are sent as they are.
        files: by field: name of the file, its bytes, its type.
        headers: beside those of the service.
        raw: the answer need not be JSON.
        repeatable: doing it twice does no more than doing it once, though its method does not say so.
    """

    params: Mapping[str, Any] | None
    payload: Any
    form: Mapping[str, Any] | bytes
    files: Files
    headers: Mapping[str, str]
    raw: bool
    repeatable: bool


@dataclass(frozen=True)
class Exchange:
    """One request in full.

    Attributes:
        operation: the client's name for it; figures are kept by it.
        came_from: addresses that redirected here, the first one first.
        keyed: it carries an idempotency key, so that the remote does it once however often it comes; or twice is
            as good as once.
        reads_only: it is declared to change nothing, whatever its method.
    """

    operation: str
    method: str
    url: str
    content: Content = field(default_factory=Content)
    keyed: bool = False
    came_from: tuple[str, ...] = ()
    reads_only: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent again although it may have arrived."""
        declared = self.keyed or self.reads_only or self.content.get("repeatable", False)
        return declared or self.method in IDEMPOTENT

    @property
    def full_url(self) -> str:
        """The address with all of its query."""
        params = {name: value for name, value in (self.content.get("params") or {}).items() if value is not None}
        if not params:
            return self.url
        return f"{self.url}{'&' if '?' in self.url else '?'}{urlencode(params, doseq=True)}"
