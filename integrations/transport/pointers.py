"""Lists whose every page points at the next: by a token, by a link in the headers, by an address in the body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus, urlsplit, urlunsplit

import jmespath
from jmespath.exceptions import JMESPathError

from integrations.transport import counted
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.origin import same_origin
from integrations.transport.styles import Ask, Listed, Place

# One link of a Link header (RFC 8288, section 3). requests' parser ends an address at its first semicolon.
PARAMETER = r"""\s*;\s*([^\s=;,]+)(?:\s*=\s*(?:"([^"]*)"|([^\s;,"]*)))?"""
LINK = re.compile(rf"<([^<>]*)>((?:{PARAMETER})*)")


def _at(path: str, listed: Listed) -> Any:
    try:
        return jmespath.search(path, listed.data)
    except JMESPathError as error:  # staff may write paths with functions, which do not fit everything
        raise CallError(Code.BAD_PAGING, f"“{path}” cannot be looked up in the answer.") from error


class _Pointed:
    """The answer points at the next page. The vendor answers for rows that move meanwhile, unless it only counts."""

    @property
    def start(self) -> Place:
        """What the client asks by itself."""
        return ""


@dataclass(frozen=True)
class Cursor(_Pointed):
    """A token in the body that is sent back.

    Attributes:
        path: JMESPath of the token; nothing, false or 0 there is the end (`has_more && items[-1].id` for Stripe).
        name: the parameter it is sent back in. A token that is an object brings its names along (MediaWiki).
    """

    path: str
    name: str = "cursor"

    def ask(self, at: Place, *, anchored: bool) -> Ask:  # noqa: ARG002 - a cursor stands between two rows
        """The token, copied as it came."""
        params = at if isinstance(at, Mapping) else {self.name: at}
        return Ask(params) if at else Ask()

    def again(self, at: Place) -> Ask | None:
        """The page before, where the token is nothing but its number."""
        before = counted.page_before(f"?{self.name}={at}")
        return Ask({self.name: before.rpartition("=")[2]}) if before else None

    def after(self, at: Place, listed: Listed, rows: int) -> Place:  # noqa: ARG002 - the answer says all
        """The token in the answer."""
        found = _at(self.path, listed) or None
        if found is None or (isinstance(found, str | int | dict) and found is not True):
            return found
        raise CallError(Code.BAD_PAGING, f"What is at “{self.path}” in the answer is no cursor.")


@dataclass(frozen=True)
class _Linked(_Pointed):
    """A whole address, followed only within the origin of the answer.

    Addresses that only count are looked back from, as numbered pages are.

    Attributes:
        without: parameters left out of it, because they hold a secret and a position is stored in clear.
    """

    without: tuple[str, ...] = field(default=(), kw_only=True)

    def ask(self, at: Place, *, anchored: bool) -> Ask:  # noqa: ARG002 - a link stands between two rows
        """The address and nothing else."""
        return Ask(link=at)

    def again(self, at: Place) -> Ask | None:
        """The page before, where the address counts."""
        before = counted.page_before(at)
        return Ask(link=before) if before else None

    def _safe(self, link: str, listed: Listed) -> Place:
        if not link:
            return None
        parts = urlsplit(same_origin(listed.url, link))
        kept = [pair for pair in parts.query.split("&") if unquote_plus(pair.partition("=")[0]) not in self.without]
        return urlunsplit(parts._replace(query="&".join(kept)))


@dataclass(frozen=True)
class LinkHeader(_Linked):
    """The `Link` header's `rel="next"` (RFC 8288): GitHub, WordPress, Shopify."""

    def after(self, at: Place, listed: Listed, rows: int) -> Place:  # noqa: ARG002 - the answer says all
        """The first link that is called next."""
        links = LINK.finditer(listed.headers.get("Link", ""))
        return self._safe(next((link[1] for link in links if "next" in _relations(link[2])), ""), listed)


def _relations(parameters: str) -> list[str]:
    named = re.finditer(PARAMETER, parameters)
    return next(((each[2] or each[3] or "").lower().split() for each in named if each[1].lower() == "rel"), [])


@dataclass(frozen=True)
class NextUrl(_Linked):
    """An address in the body at a JMESPath, absolute or relative: Contentful, Salesforce's `nextRecordsUrl`."""

    path: str

    def after(self, at: Place, listed: Listed, rows: int) -> Place:  # noqa: ARG002 - the answer says all
        """The address at the path."""
        found = _at(self.path, listed) or ""
        if not isinstance(found, str):
            raise CallError(Code.BAD_PAGING, f"What is at “{self.path}” in the answer is no address.")
        return self._safe(found, listed)
