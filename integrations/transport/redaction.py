"""Blanks secrets before anything is recorded: by value (all that the service uses) and by telling names."""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from integrations.text import storable
from integrations.transport.errors import TransportError
from integrations.transport.spelling import Spelling, spellings
from integrations.transport.telling import BLANK, blank_named

__all__ = ["BLANK", "SHORTEST_SECRET", "Redactor"]

SHORTEST_SECRET = 4  # blanking every “a” of a one-letter secret would hide the call and not the secret
LONGEST_ESCAPE = 12  # characters that one byte of a secret becomes: %25252541

# Of headers and parameters of an address, which are few and have short values. A body has words like
# “key” and “session” for much that staff must see; `telling.py` has the names that give away there too.
_TELLING_NAME = re.compile(
    r"authori[sz]ation|cookie|token|secret|passw(?:or)?d|passphrase|pwd|(?:api|access|private|subscription|functions)"
    r"[-_]?key|^x-auth|signature|credential|assertion|session|^(?:key|sig|auth|jwt)$",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def _tells(name: str) -> bool:
    return bool(_TELLING_NAME.search(name))


@dataclass(frozen=True)
class Redactor:
    """Blanks these secrets, however they are written, and whatever a name gives away."""

    secrets: tuple[str, ...] = field(default=(), repr=False)

    def with_secrets(self, *more: str) -> Redactor:
        """One that blanks these as well, such as a token obtained at run time."""
        return Redactor(tuple(dict.fromkeys((*self.secrets, *more))))

    @cached_property
    def _spellings(self) -> list[Spelling]:
        """The longest first: a secret may be the beginning of another."""
        longest_first = sorted((s for s in self.secrets if len(s) >= SHORTEST_SECRET), key=len, reverse=True)
        return [spelling for secret in longest_first for spelling in spellings(secret)]

    def values(self, text: str) -> str:
        """Text without the known secrets, fit to be stored."""
        text = storable(text)
        # Looking for literals is many times faster than one pattern of them all, and nearly always enough.
        if possible := [spelling.pattern for spelling in self._spellings if spelling.anchor in text]:
            return re.sub("|".join(possible), BLANK, text)
        return text

    def text(self, text: str) -> str:
        """A body or a sentence without known secrets and without values under telling names."""
        return blank_named(self.values(text))

    def blank(self, error: BaseException | None) -> None:
        """A client's own mistake may quote what it was told, and its text and those of its causes go to the log."""
        while error is not None:
            if not isinstance(error, TransportError):
                error.args = tuple(self.text(arg) if isinstance(arg, str) else arg for arg in error.args)
            error = error.__cause__ or error.__context__

    def excerpt(self, body: bytes, at_most: int) -> str:
        """The first characters of a body, redacted; where it is cut, no half of a secret is left."""
        if not body:
            return ""
        encoding = "utf-16" if body.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8"
        text = self.text(body[: 2 * at_most].decode(encoding, "replace"))
        if len(body) > 2 * at_most:  # blanks are shorter than secrets, so the edge may have come near
            text = text[: max(0, len(text) - LONGEST_ESCAPE * max(map(len, self.secrets), default=0))]
        return text[:at_most]

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers with the values of telling names blanked."""
        said = dict(headers)  # the items of urllib3's would come singly where a name came twice
        told = {name: BLANK if _tells(name) else str(value) for name, value in said.items()}
        together = "\n".join(f"{name}\n{value}" for name, value in told.items())
        if self.text(together) == together:  # one look at all of them, for nearly always there is nothing
            return told
        return {self.values(name): self.text(value) for name, value in told.items()}

    def sent_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The same of a request. A client hardly ever changes them, so the last ones are remembered."""
        said = tuple(headers.items())
        if said not in self._sent:
            self._sent.clear()
            self._sent[said] = self.headers(dict(said))
        return self._sent[said]

    @cached_property
    def _sent(self) -> dict[tuple[tuple[str, str], ...], dict[str, str]]:
        return {}

    def url(self, url: str) -> str:
        """A URL without user, password, and the values of telling parameters."""
        try:
            parts = urlsplit(storable(url))
        except ValueError:  # nobody can say where in it a password would stand
            return BLANK
        host = parts.netloc.rpartition("@")[2]
        return self.values(urlunsplit((parts.scheme, host, blank_named(parts.path), _query(parts.query), "")))


def _query(query: str) -> str:
    """Without the values of telling parameters. What is encoded is encoded anew: there are many ways to do so."""
    pairs = parse_qsl(query, keep_blank_values=True)
    told = [(name, BLANK if _tells(name) else blank_named(value)) for name, value in pairs]
    return query if told == pairs and "%" not in query else urlencode(told, safe="[]:,*/")
