"""Reads what pages say of themselves, from the pages or from an API that has read them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import jmespath
from jmespath.exceptions import JMESPathError

from integrations.systems.base import Options
from integrations.systems.opengraph import page
from integrations.systems.opengraph.metadata import Image, Metadata, line, web_address
from integrations.transport.cache import DAY_S, Cache
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.http import Transport

KEPT = Cache(ttl_s=DAY_S, keep_not_found=True)


class Client:
    """Previews of pages whose addresses strangers choose."""

    def __init__(self, transport: Transport, options: Options) -> None:
        self._transport = transport
        self._options = options

    # https://ogp.me/
    def fetch_metadata(self, url: str) -> Metadata:
        """What the page at this address says of itself; asked at most once a day.

        Args:
            url: of a public page, with http:// or https://; what follows a # is left out.

        Raises:
            CallError: it may not be fetched, cannot be reached, or is no web page.
            Parked: its host asked for a pause of more than 10 seconds, or a limit of the service does.
        """
        return self._metadata("fetch_metadata", url, KEPT)

    def check_health(self) -> str:
        """Read the page that the options name, anew."""
        found = self._metadata("check_health", str(self._options["probe_url"] or ""))
        return f"Read “{found.title}”." if found.title else f"Read {found.url}, which has no title."

    def _metadata(self, operation: str, url: str, cache: Cache | None = None) -> Metadata:
        address = url.strip().partition("#")[0]
        if self._options["source"] == "api":
            return self._from_api(operation, address, cache)
        return page.read(self._transport.request(operation, "GET", address, cache, raw=True))

    def _from_api(self, operation: str, address: str, cache: Cache | None) -> Metadata:
        url = web_address(address)
        if not url:  # an API need not be as careful with it as the transport is
            raise CallError(Code.BLOCKED_ADDRESS, "Only addresses that begin with http:// or https:// are previewed.")
        headers = {"Accept": "application/json"}
        data = self._transport.request(operation, "GET", self._api_url(url), cache, headers=headers).data
        image = web_address(self._text("image", data), url)
        found = Metadata(
            url=url,
            title=line(self._text("title", data)),
            description=line(self._text("description", data)),
            site_name=line(self._text("site", data)),
            canonical_url=web_address(self._text("url", data), url) or url,
            images=(Image(image),) if image else (),
        )
        if not (found.title or found.description or found.image):
            raise CallError(Code.BAD_ANSWER, "The API's answer has no title, description or picture at their paths.")
        return found

    def _api_url(self, url: str) -> str:
        template = str(self._options["api_url"] or "")
        if "{url}" not in template:
            raise CallError(Code.NOT_SENDABLE, "The address of the API, in the options of the service, lacks {url}.")
        return template.replace("{url}", quote(url, safe=""))

    def _text(self, name: str, data: Any) -> str:
        """What is at the path that the options have for it; empty if that is no text."""
        path = self._options[f"{name}_path"]
        try:
            found = jmespath.search(str(path), data) if path else None
        except JMESPathError as error:
            raise CallError(Code.BAD_ANSWER, f"The path “{path}” cannot be followed in the API's answer.") from error
        return found if isinstance(found, str) else ""
