"""What callers give, written as the Data API wants it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from urllib.parse import quote

from integrations.transport.codes import Code
from integrations.transport.errors import CallError

# A single dot or slash is no operator: two of them are a range, and the date of today.
_OPERATORS = re.compile(r'[\\=!<>≤≥…?@#*"~]|\.{2,}|/{2,}')


# https://help.claris.com/en/go-help/content/find-operators.html
def literal(text: str) -> str:
    """Text of others for a query, where nothing in it shall be an operator.

    `"==" + literal(text)` is a field that holds exactly this.
    """
    return _OPERATORS.sub(lambda found: "".join(f"\\{character}" for character in found[0]), text)


# https://help.claris.com/en/data-api-guide/content/url-data-format-notes.html
def segment(name: str, what: str) -> str:
    """A name as one part of a path.

    Raises:
        CallError: it cannot be one.
    """
    if name in {"", ".", ".."}:  # a dot would be taken for a folder, however it is written
        raise CallError(Code.NOT_SENDABLE, f"There is no {what}, or “{name}” cannot be sent as one.")
    return quote(name, safe="")


def digits(value: str, what: str) -> str:
    """An id.

    Raises:
        CallError: it is none; FileMaker would take an empty one for “whatever there is”.
    """
    if not (value.isascii() and value.isdigit()):
        raise CallError(Code.NOT_SENDABLE, f"“{value}” is no {what}: FileMaker's are whole numbers.")
    return value


def field_data(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Values as every version takes them: dates as in the USA, and empty for None."""
    return {name: _written(value) for name, value in fields.items()}


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value:%m/%d/%Y %H:%M:%S}"
    if isinstance(value, date):
        return f"{value:%m/%d/%Y}"
    if isinstance(value, time):
        return f"{value:%H:%M:%S}"
    return "" if value is None else value
