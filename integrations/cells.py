"""Values as cells of a file that a spreadsheet may open."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

FORMULA_STARTS = ("=", "+", "-", "@")
LONGEST = 32_767  # characters that a cell of a workbook holds
CUT = " … (cut)"
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def escaped(text: str) -> str:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front, and so does what looks like one of these."""
    bare = text.lstrip("'")
    # NFKC, because some spreadsheets take the wide signs of East Asian scripts too.
    begins = unicodedata.normalize("NFKC", bare.lstrip()[:1])
    return f"'{text}" if bare.startswith(("\t", "\r")) or begins.startswith(FORMULA_STARTS) else text


def unescaped(text: str) -> str:
    """The text that became this one."""
    return text[1:] if text.startswith("'") and escaped(text[1:]) == text else text


def plain(value: Any) -> Any:
    """Only text can be a formula; a negative longitude is a number and stays one. Moments are ISO 8601."""
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)
    return value.isoformat() if isinstance(value, datetime | date) else value


def of_workbook(value: Any) -> Any:
    """A cell of XLSX, which holds less than text can be and no control characters."""
    if value is None or isinstance(value, bool | int | float | Decimal):
        return value
    text = NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", str(plain(value)))
    return text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT
