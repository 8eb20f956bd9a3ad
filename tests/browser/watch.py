"""What a browser complains about while a person clicks: scripts, policies, missing files, refused requests."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Error, Page, Request, Response

LEFT_THE_PAGE = "net::ERR_ABORTED"  # a request under way when the page is left
POLICY = "document.addEventListener('securitypolicyviolation', e => console.error('policy', e.violatedDirective, e.blockedURI));"


@dataclass
class Watch:
    """Everything that went wrong on a page. A status that a test provokes is announced with `expect`."""

    complaints: list[str] = field(default_factory=list)
    _expected: set[int] = field(default_factory=set)

    def expect(self, status: int) -> None:
        self._expected.add(status)

    def over(self, page: Page) -> Page:
        page.add_init_script(POLICY)
        page.on("console", self._console)
        page.on("pageerror", self._error)
        page.on("response", self._response)
        page.on("requestfailed", self._failed)
        return page

    def _console(self, message: ConsoleMessage) -> None:
        of_a_status = message.text.startswith("Failed to load resource") or "Response Status Error Code" in message.text
        if message.type == "error" and not (of_a_status and self._expected):
            self.complaints.append(f"console: {message.text}")

    def _error(self, error: Error) -> None:
        self.complaints.append(f"page: {error}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self.complaints.append(f"{response.status} {response.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != LEFT_THE_PAGE:
            self.complaints.append(f"{request.failure} {request.url}")
