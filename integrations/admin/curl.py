"""A recorded call as a command for a shell, with its secrets as blank as they were stored."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from integrations.models import Call, CallBody
from integrations.transport.redaction import BLANK

UNREADABLE = "\ufffd"  # stands for bytes that were no text
# curl writes these by itself, and rightly.
OWN = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding"})
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2; curl would read “@name” from a file


def command(call: Call, body: CallBody | None) -> str:
    """One option a line, each word quoted for a POSIX shell."""
    return " \\\n  ".join(["curl --globoff", *_method(call.method), *_said(body), f"--url {shlex.quote(call.url)}"])


def _method(method: str) -> list[str]:
    if method == "GET":
        return []
    return ["--head"] if method == "HEAD" else [f"--request {shlex.quote(method)}"]


def _said(body: CallBody | None) -> Iterator[str]:
    if body is None:
        return
    for name, value in body.request_headers.items():
        if _TOKEN.fullmatch(name) and name.lower() not in OWN:
            yield f"--header {shlex.quote(f'{name}: {value}' if value else f'{name};')}"
    if body.request_body and not _missing(body):
        yield f"--data-raw {shlex.quote(body.request_body)}"


def _missing(body: CallBody) -> str:
    if body.request_truncated:
        return "The body is not in it: only its beginning was kept."
    if UNREADABLE in body.request_body:
        return "The body is not in it: it is no text."
    return ""


def remark(call: Call, body: CallBody | None) -> str:
    """What somebody who runs the command has to know."""
    if body is None:
        return f"Address alone: {'headers and body' if call.request_bytes else 'headers'} of this call were not kept."
    masked = BLANK in command(call, body)
    return " ".join(filter(None, [_missing(body), f"Put your own secrets in place of {BLANK}." if masked else ""]))
