"""Addresses in articles, made absolute: here nobody knows what they were relative to."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from integrations.systems.paths import at

LONGEST = 1000  # what the columns hold
_is_address = URLValidator(schemes=["http", "https"])
# Possessive, so that markup that never ends costs no more than its length.
_TAG = re.compile(r"""<[a-zA-Z](?:"[^"]*+"|'[^']*+'|[^'"<>])*+>""")
_ATTRIBUTE = re.compile(r"""(\s(?:src|href|poster)\s*=\s*)(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_SRCSET = re.compile(r"""(\ssrcset\s*=\s*)(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_CANDIDATE = re.compile(r"(^|,\s+|,(?=/))([^\s,]\S*)")
# Wagtail, Strapi, WordPress and most others, as an object or the first of a list
_PICTURE = "full_url || url || source_url || meta.download_url || href || src"


def absolute(address: object, base: str) -> str:
    """An address of the web; empty for what is none, or longer than what can be stored."""
    found = _joined(base, address.strip()) if isinstance(address, str) and address.strip() else ""
    try:
        _is_address(found)
    except ValidationError:
        return ""
    return found if len(found) <= LONGEST else ""


def picture(value: Any, base: str) -> str:
    """The address of a picture, whether it is given as such, as an object that holds it, or in a list."""
    first = value[0] if isinstance(value, list) and value else value
    return absolute(first if isinstance(first, str) else at(_PICTURE, first), base)


def resolved(markup: str, base: str) -> str:
    """The same markup with absolute addresses of pictures, media and links; nothing else is touched."""
    return _TAG.sub(lambda tag: _in_tag(tag[0], base), markup)


def _in_tag(tag: str, base: str) -> str:
    def one(found: re.Match[str]) -> str:
        return _attribute(found, lambda address: address if address.startswith("#") else _joined(base, address))

    def several(found: re.Match[str]) -> str:
        return _attribute(found, lambda text: _CANDIDATE.sub(lambda each: each[1] + _joined(base, each[2]), text))

    return _SRCSET.sub(several, _ATTRIBUTE.sub(one, tag))


def _attribute(found: re.Match[str], change: Any) -> str:
    quote, value = ('"', found[2]) if found[2] is not None else ("'", found[3])
    return f"{found[1]}{quote}{change(value)}{quote}"


def _joined(base: str, address: str) -> str:
    """As it is where it is no address at all."""
    try:
        return urljoin(base, address) if address else address
    except ValueError:
        return address
