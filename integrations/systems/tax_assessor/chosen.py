"""What staff chose in the options, judged before it goes into a query."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations.systems.base import Options
from integrations.systems.tax_assessor import SYSTEM
from integrations.transport.codes import Code
from integrations.transport.errors import CallError

_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DATASET = re.compile(r"[a-z0-9]{4}-[a-z0-9]{4}")
_LABELS: Mapping[str, str] = {option.name: option.label for option in SYSTEM.options}


def text(options: Options, name: str) -> str:
    """An option without blanks around it; empty where nothing is set."""
    return str(options[name] or "").strip()


def column(options: Options, name: str, stage: str = "") -> str:
    """The name of a column, fit for SoQL.

    Raises:
        CallError: it is none.
    """
    found = text(options, name).replace("{stage}", stage) if stage else text(options, name)
    if not _COLUMN.fullmatch(found):
        raise refusal(name, f"“{found}” is no name of a column: that has letters, digits and underscores only.")
    return found


def optional_column(options: Options, name: str, stage: str = "") -> str:
    """The same; empty where nothing is set."""
    return column(options, name, stage) if text(options, name) else ""


def dataset(options: Options, name: str) -> str:
    """The four-by-four id of a data set.

    Raises:
        CallError: it is none.
    """
    found = text(options, name)
    if not _DATASET.fullmatch(found):
        raise refusal(name, f"“{found}” is no id of a data set, such as uzyt-m557.")
    return found


def refusal(name: str, reason: str) -> CallError:
    """Nothing can be asked until that option is corrected."""
    return CallError(Code.NOT_SENDABLE, f"{reason} Correct “{_LABELS[name]}” in the options of the service.")


def parcel_number(written: Any, options: Options) -> str | None:
    """A parcel number as the source writes it; None if it is none."""
    digits, number = int(options["parcel_id_digits"]), str(written).strip()
    if not digits:
        return number if any(each.isalnum() for each in number) else None
    number = number.replace("-", "").replace(" ", "")
    fits = number.isascii() and number.isdigit() and len(number) <= digits
    return number.zfill(digits) if fits else None
