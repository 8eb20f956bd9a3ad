"""Blanks secrets before anything is recorded: by value (all that the service uses) and by telling names."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit, urlunsplit

BLANK = "[redacted]"
SHORTEST_SECRET = 4  # blanking every “a” of a one-letter secret would hide the call and not the secret

_TELLING_NAME = re.compile(
    r"(authori[sz]ation|cookie|token|secret|passw(or)?d|pwd|api[-_]?key|access[-_]?key|signature|credential|^key$|session)",
    re.IGNORECASE,
)
_TELLING_JSON = re.compile(
    r'("[^"]*(?:token|secret|passw(?:or)?d|api[-_]?key|credential|authori[sz]ation)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"',
    re.IGNORECASE,
)
_TELLING_FORM = re.compile(
    r"((?:^|[&?\s])[\w.-]*(?:token|secret|passw(?:or)?d|api[-_]?key|assertion)[\w.-]*=)[^&\s]+", re.IGNORECASE
)


def _forms_of(secret: str) -> Iterable[str]:
    raw = secret.encode()
    return (
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(),
        base64.b64encode(raw).decode().rstrip("="),
        raw.hex(),
    )


@dataclass(frozen=True)
class Redactor:
    """Blanks these secrets, however they are written, and whatever a name gives away."""

    secrets: tuple[str, ...] = ()

    @cached_property
    def _values(self) -> re.Pattern[str] | None:
        forms = {form for secret in self.secrets if len(secret) >= SHORTEST_SECRET for form in _forms_of(secret)}
        longest_first = sorted(forms, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def values(self, text: str) -> str:
        """Text without the known secrets."""
        return self._values.sub(BLANK, text) if self._values else text

    def text(self, text: str) -> str:
        """A body or a sentence without known secrets and without values under telling names."""
        text = _TELLING_JSON.sub(rf'\1"{BLANK}"', self.values(text))
        return _TELLING_FORM.sub(rf"\1{BLANK}", text)

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers with the values of telling names blanked."""
        return {name: BLANK if _TELLING_NAME.search(name) else self.values(str(v)) for name, v in headers.items()}

    def url(self, url: str) -> str:
        """A URL without user, password, and the values of telling parameters."""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        query = [
            (n, BLANK if _TELLING_NAME.search(n) else v) for n, v in parse_qsl(parts.query, keep_blank_values=True)
        ]
        return self.values(urlunsplit((parts.scheme, host, parts.path, urlencode(query, safe="[]:,*/"), "")))
