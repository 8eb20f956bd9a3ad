"""A request in a file: lines of headers, an empty line, and the body, byte for byte. A first line POST ... is passed over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations.systems.deliveries import Delivery

END = re.compile(rb"\r?\n\r?\n")
REQUEST_LINE = re.compile(r"[A-Z]+ \S+ HTTP/[0-9.]+")


class NoRequest(ValueError):
    """It is not written so; the text says what is wrong."""


def read(content: bytes, options: Mapping[str, Any]) -> Delivery:
    """The delivery in the file.

    Raises:
        NoRequest: it holds none.
    """
    head, *rest = END.split(content, maxsplit=1)
    if not rest:
        raise NoRequest("There is no empty line between the headers and the body.")
    lines = head.decode("latin-1").splitlines()
    if lines and REQUEST_LINE.fullmatch(lines[0].strip()):
        lines = lines[1:]
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise NoRequest(f"This is no header: {line[:80]}")
        headers[name.strip().lower()] = value.strip()
    return Delivery(headers, rest[0], options)
