"""Starts the child that opens files, and believes nothing of it but its answer."""

from __future__ import annotations

import base64
import binascii
import json
import subprocess
import sys
from dataclasses import dataclass, fields
from typing import IO, Any

from django.conf import settings

from integrations.media.child import CLOCK_S
from integrations.media.findings import Findings, Refused

PROGRAM = ("-m", "integrations.media.child")
PATIENCE_S = CLOCK_S + 5
HEAVY = (
    "The file could not be looked at within the limits of memory and time, or it made the program fail that reads it. "
    "Save it again with another program, or smaller, and upload that."
)


@dataclass(frozen=True)
class Made:
    """A picture of our own making."""

    name: str
    kind: str
    width: int
    height: int
    content: bytes


def look(stream: IO[bytes]) -> Findings:
    """What the file is, and whether it may be shown."""
    try:
        answer = _ask("look", stream)
        return Findings(**{each.name: answer[each.name] for each in fields(Findings)})
    except (Refused, LookupError, TypeError):
        found = Findings()
        found.refuse(Refused("too_heavy", HEAVY))
        return found


def render(stream: IO[bytes]) -> list[Made]:
    """Every picture that is made of it.

    Raises:
        Refused: nothing can be made of it.
    """
    try:
        return [
            Made(**{**each, "content": base64.b64decode(each["content"])}) for each in _ask("render", stream)["made"]
        ]
    except (KeyError, TypeError, binascii.Error) as error:
        raise Refused("too_heavy", HEAVY) from error


def _ask(work: str, stream: IO[bytes]) -> dict[str, Any]:
    stream.seek(0)
    command = [sys.executable, "-E", "-s", *PROGRAM, work]
    try:
        # Nothing of our environment, which holds keys.
        done = subprocess.run(  # noqa: S603 - nothing of it comes from outside
            command,
            stdin=stream,
            capture_output=True,
            cwd=settings.BASE_DIR,
            env={},
            timeout=PATIENCE_S,
            check=True,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as error:
        raise Refused("too_heavy", HEAVY) from error
    return answer
