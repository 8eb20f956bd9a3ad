"""Nobody calls it."""

from __future__ import annotations

from typing import Any


class Client:
    def __init__(self, transport: Any, options: Any) -> None:
        """Nothing is kept."""

    def check_health(self) -> str:
        return "Alive."
