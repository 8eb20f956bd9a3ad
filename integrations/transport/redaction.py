"""Blanks secrets before anything is recorded: by value (all that the service uses) and by telling names."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from integrations.text import storable

BLANK = "[redacted]"
SHORTEST_SECRET = 4  # blanking every “a” of a one-letter secret would hide the call and not the secret

_TELLING_NAME = re.compile(
    r"(authori[sz]ation|cookie|token|secret|passw(or)?d|pwd|api[-_]?key|access[-_]?key|signature|credential|^key$|session)",
    re.IGNORECASE,
)
# Names are found first and judged after, and are bounded: bodies of strangers must not take quadratic time.
_JSON_PAIR = re.compile(r'("([^"\\]{1,100})"\s*:\s*)"(?:[^"\\]|\\.)*"')
_TELLING_JSON = re.compile(r"token|secret|passw(or)?d|api[-_]?key|credential|authori[sz]ation", re.IGNORECASE)
_FORM_PAIR = re.compile(r"((?:^|[&?\s])([\w.-]{1,100})=)[^&\s]+")
_TELLING_FORM = re.compile(r"token|secret|passw(or)?d|api[-_]?key|assertion", re.IGNORECASE)


def _ways_to_write(secret: str) -> Iterable[str]:
    """Regular expressions for the ways a secret is written: as it is, escaped, in base64, in hexadecimal."""
    raw = secret.encode("utf-8", "surrogatepass")
    yield "".join(map(_any_escape_of, secret))
    yield f"(?i:{raw.hex()})"
    for before in range(3):  # base64 writes it in three ways, by what stands before it
        text = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        # The characters at both ends mix with the neighbours, unless nothing stands before it.
        whole = text[(0, 2, 3)[before] : len(text) - ((len(raw) + before) % 3 > 0)]
        yield re.escape(whole).replace(r"\+", "[+-]").replace("/", "[/_]")


def _any_escape_of(character: str) -> str:
    """The character as it is, percent-encoded, or escaped as in JSON or HTML."""
    if character.isascii() and character.isalnum():
        return character
    percent = "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    escapes = {character, percent, json.dumps(character)[1:-1], f"\\u{ord(character):04x}", html.escape(character)}
    escapes |= {"+"} if character == " " else {f"\\{character}"}
    return f"(?i:{'|'.join(map(re.escape, sorted(escapes, key=len, reverse=True)))})"


@dataclass(frozen=True)
class Redactor:
    """Blanks these secrets, however they are written, and whatever a name gives away."""

    secrets: tuple[str, ...] = ()

    @cached_property
    def _values(self) -> re.Pattern[str]:
        longest_first = sorted((s for s in self.secrets if len(s) >= SHORTEST_SECRET), key=len, reverse=True)
        return re.compile("|".join(way for secret in longest_first for way in _ways_to_write(secret)) or r"(?!)")

    def values(self, text: str) -> str:
        """Text without the known secrets, fit to be stored."""
        return self._values.sub(BLANK, storable(text))

    def text(self, text: str) -> str:
        """A body or a sentence without known secrets and without values under telling names."""
        text = _JSON_PAIR.sub(_blank_json, self.values(text))
        return _FORM_PAIR.sub(_blank_form, text)

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers with the values of telling names blanked."""
        return {
            self.values(name): BLANK if _TELLING_NAME.search(name) else self.text(str(value))
            for name, value in headers.items()
        }

    def url(self, url: str) -> str:
        """A URL without user, password, and the values of telling parameters."""
        try:
            parts = urlsplit(url)
        except ValueError:  # nobody can say where in it a password would stand
            return BLANK
        host = parts.netloc.rpartition("@")[2]
        query = [
            (n, BLANK if _TELLING_NAME.search(n) else v) for n, v in parse_qsl(parts.query, keep_blank_values=True)
        ]
        return self.values(urlunsplit((parts.scheme, host, parts.path, urlencode(query, safe="[]:,*/"), "")))


def _blank_json(pair: re.Match[str]) -> str:
    return f'{pair[1]}"{BLANK}"' if _TELLING_JSON.search(pair[2]) else pair[0]


def _blank_form(pair: re.Match[str]) -> str:
    return f"{pair[1]}{BLANK}" if _TELLING_FORM.search(pair[2]) else pair[0]
