"""Reads one item by the paths that staff wrote."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from integrations.systems.base import Options
from integrations.systems.paths import at
from integrations.systems.places import degrees
from integrations.systems.rest import SYSTEM
from integrations.systems.stamps import parse_moment

LABELS = {option.name: option.label for option in SYSTEM.options}
NOTHING: tuple[Any, ...] = (None, "")


class Unfit(Exception):
    """A value that does not fit its field; the text is a sentence that names the option.

    Attributes:
        path: where it is, as the option says.
    """

    def __init__(self, option: str, path: str, what: str) -> None:
        super().__init__(f"{what} Correct “{LABELS[option]}” in the options of the service.")
        self.path = path


class Mapped:
    """One item, seen through the options; each option is called by its name without “_path”."""

    def __init__(self, raw: Any, options: Options) -> None:
        self._raw = raw
        self._options = options

    def text(self, name: str) -> str:
        """A text, or a number as one; empty for nothing.

        Raises:
            Unfit: it is a list or an object.
        """
        found = self._found(name)
        if isinstance(found, dict | list):
            kind = "an object" if isinstance(found, dict) else "a list"
            raise self._unfit(name, f"What is at “{self._path(name)}” is {kind} and not a text: name a value in it.")
        return "" if found is None else str(found)

    def wanted(self, name: str) -> str:
        """The same where it must not be missing."""
        found = self.text(name)
        if found:
            return found
        path = self._path(name)
        raise self._unfit(name, f"There is no value at “{path}”." if path else "Nothing says where it is.")

    def moment(self, name: str) -> datetime | None:
        """A moment; None for nothing.

        Raises:
            Unfit: it is something else.
        """
        found = self._found(name)
        moment = parse_moment(found)
        if moment is None and found not in NOTHING:
            raise self._unfit(
                name, f"What is at “{self._path(name)}” is no moment in ISO 8601 and no seconds since 1970."
            )
        return moment

    def degrees(self, axis: str) -> Decimal | None:
        """Latitude or longitude; None for nothing.

        Raises:
            Unfit: it is something else, or off the globe.
        """
        found = self._found(axis)
        value = degrees(found, axis)
        if value is None and found not in NOTHING:
            raise self._unfit(axis, f"What is at “{self._path(axis)}” is no {axis} in degrees.")
        return value

    def data(self) -> Any:
        """The whole item, or what the options take of it.

        Raises:
            Unfit: there is nothing.
        """
        if not self._path("data"):
            return self._raw
        found = self._found("data")
        if found is None:
            raise self._unfit("data", f"There is no value at “{self._path('data')}”.")
        return found

    def _path(self, name: str) -> str:
        return str(self._options[f"{name}_path"] or "")

    def _found(self, name: str) -> Any:
        return at(self._path(name), self._raw)

    def _unfit(self, name: str, what: str) -> Unfit:
        return Unfit(f"{name}_path", self._path(name), what)
