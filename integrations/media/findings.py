"""What the child that looks into a file says of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

ACCEPTED, QUARANTINED, REJECTED = "accepted", "quarantined", "rejected"


class Refused(Exception):
    """Why a file may not be shown, and what to do.

    Attributes:
        code: for filters and tests.
        verdict: quarantined, where a person may decide otherwise; rejected, where nothing can be made of the file.
    """

    def __init__(self, code: str, said: str, verdict: str = REJECTED) -> None:
        super().__init__(said)
        self.code, self.verdict = code, verdict


@dataclass
class Findings:
    """One file. Width and height are pixels as stored; checks are what was looked at, and how long it took."""

    verdict: str = ACCEPTED
    code: str = ""
    said: str = ""
    content_type: str = ""
    width: int | None = None
    height: int | None = None
    checks: list[dict[str, Any]] = field(default_factory=list)
    peak_kib: int = 0

    def checked(self, name: str, since: float, said: str) -> None:
        """Note one check that was passed; `since` is a `time.perf_counter()`."""
        self.checks.append({"name": name, "ms": round((time.perf_counter() - since) * 1000, 1), "said": said})

    def refuse(self, reason: Refused) -> None:
        """It may not be shown."""
        self.verdict, self.code, self.said = reason.verdict, reason.code, str(reason)
