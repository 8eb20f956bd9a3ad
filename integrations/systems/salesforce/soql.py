"""Queries in Salesforce's language, put together so that no text can change what they ask.

https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from integrations.transport.codes import Code
from integrations.transport.errors import CallError

_NAME = "[A-Za-z][A-Za-z0-9_]{0,79}"
_OBJECT = re.compile(_NAME)
_FIELD = re.compile(rf"{_NAME}(\.{_NAME}){{0,5}}")
_VERSION = re.compile(r"v[1-9][0-9]{1,2}\.0")
_ESCAPES = str.maketrans({"\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\b": r"\b", "\f": r"\f"})


def api_name(text: str) -> str:
    """The API name of an object, or of one of its own fields.

    Raises:
        CallError: it is none.
    """
    return _fitting(_OBJECT, text, "“{}” is no API name: it must be letters, digits and underscores.")


def field_path(text: str) -> str:
    """The API name of a field, also of a parent's: `Account.Name`.

    Raises:
        CallError: it is none.
    """
    return _fitting(_FIELD, text, "“{}” is no API name of a field, such as Email, Legacy_Id__c or Account.Name.")


def version(text: str) -> str:
    """The version as it stands in addresses.

    Raises:
        CallError: it is none.
    """
    return _fitting(_VERSION, text, "“{}” is no API version: write it like v67.0.")


def literal(text: str) -> str:
    """The text in quotes, for comparisons with = and !=. LIKE has wildcards beside."""
    return f"'{text.translate(_ESCAPES)}'"


def and_changed(where: str, since: datetime) -> str:
    """The condition, if any, for rows alone that changed at a moment or later; it has a zone.

    https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_dateformats.htm
    """
    changed = f"SystemModstamp >= {since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"({where.strip()}) AND {changed}" if where.strip() else changed


def select(sobject: str, fields: Iterable[str], where: str = "") -> str:
    """A query in the order of the ids; each field once, since Salesforce refuses it twice.

    Args:
        where: a condition in SOQL, taken as it is.

    Raises:
        CallError: a name is none.
    """
    once = {path.lower(): path for path in map(field_path, fields)}
    condition = f" WHERE ({where.strip()})" if where.strip() else ""
    # S608: the names have been judged, and a condition is meant to be SOQL.
    return f"SELECT {', '.join(once.values())} FROM {api_name(sobject)}{condition} ORDER BY Id"  # noqa: S608


def _fitting(pattern: re.Pattern[str], text: str, sentence: str) -> str:
    if not pattern.fullmatch(text):
        raise CallError(Code.NOT_SENDABLE, sentence.format(text[:100]))
    return text
