"""The ways a secret may be written, each as a pattern with a literal that tells cheaply where it cannot be."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from integrations.text import storable

# Escapes of escapes are followed three deep. Nothing here is unbounded: a remote knows the secrets it was
# sent, and could make every unbounded repetition take quadratic time.
_BACKSLASHES = r"\\{1,8}+"
_ANY_BACKSLASHES = r"\\{0,8}+"
_CONTROLS = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}


@dataclass(frozen=True)
class Spelling:
    """One way to write a secret.

    Attributes:
        plain: the secret written so, before anything is escaped.
        in_base64: “+” and “/” may be “-” and “_” as well.
    """

    plain: str
    in_base64: bool = False

    @cached_property
    def anchor(self) -> str:
        """The longest piece that no escaping changes; where it is not, the secret is not. May be empty."""
        return max(re.findall(r"[A-Za-z0-9\ufffd]+", self.plain), key=len, default="")

    @cached_property
    def pattern(self) -> str:
        """A regular expression for it, however its characters are escaped."""
        return "".join(_escapes(piece, self.in_base64) for piece in re.findall(r"\\+|[^\\]", self.plain, re.DOTALL))


def spellings(secret: str) -> Iterator[Spelling]:
    """As it is, in base64 whatever stands before it, in hexadecimal, and in UTF-16 that was read as UTF-8."""
    secret = storable(secret)
    raw = secret.encode()
    yield Spelling(secret)
    yield Spelling(raw.hex())
    yield Spelling(raw.hex().upper())
    for before in range(3):
        text = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        # The characters at both ends mix with the neighbours, unless nothing stands before it.
        yield Spelling(text[(0, 2, 3)[before] : len(text) - ((len(raw) + before) % 3 > 0)], in_base64=True)
    if secret.isascii():
        yield Spelling("\ufffd".join(secret))  # every second byte is NUL, which is stored so


@lru_cache(maxsize=1024)
def _escapes(piece: str, in_base64: bool) -> str:
    """A character (or some backslashes) as it is, percent-encoded, or escaped as in JSON or HTML."""
    if piece.isascii() and piece.isalnum():
        return piece
    if piece[0] == "\\":  # possessive, or a row of them could be shared out in countless ways
        one = "|".join(("%(?:25){0,3}5c", _in_json("\\"), *_in_html("\\")))
        return rf"(?i:(?:{one}){{{len(piece)}}}|\\{{{len(piece)},{8 * len(piece)}}}+)"
    percent = "".join(f"%(?:25){{0,3}}{byte:02x}" for byte in piece.encode())
    ways = [percent, _in_json(piece), *_in_html(piece), _ANY_BACKSLASHES + re.escape(piece)]
    if piece in _CONTROLS:
        ways.append(_BACKSLASHES + _CONTROLS[piece])
    if piece == " ":
        ways.append(r"\+")
    if in_base64:
        ways.append({"+": "-", "/": "_"}[piece])
    return f"(?i:{'|'.join(ways)})"


def _in_json(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"{_BACKSLASHES}u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _in_html(character: str) -> Iterator[str]:
    yield f"&(?:amp;){{0,3}}#(?:0{{0,5}}{ord(character)}|x0{{0,5}}{ord(character):x});"
    named = html.escape(character)
    if named != character:
        yield named.replace("&", "&(?:amp;){0,3}", 1)
