"""What a browser complains of while a test runs: console errors, CSP violations, script faults, requests to other sites."""

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

# Chromium reports every answer from 400 on. A refusal is one of a page's answers, and so is to come back later, where the machine is
# busy; a file that is missing is a fault.
_REFUSAL = re.compile(r"Failed to load resource: the server responded with a status of (4\d\d|503) ")
# Playwright's recorder of traces tries every frame, those that may run no script too.
_RECORDER = re.compile(r"Blocked script execution in '[^']*' because the document's frame is sandboxed")
_FILES = ("/static/", "/favicon.ico")


class Watch:
    """Listens to contexts; `complaints` must be empty at the end of a test."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self.complaints: list[str] = []

    def over(self, context: BrowserContext) -> None:
        """Listen to all pages of a context from here on."""
        context.on("console", self._console)
        context.on("weberror", self._fault)
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        url = message.location["url"]
        if message.type not in {"error", "warning"}:
            return
        if _RECORDER.match(message.text) or (_REFUSAL.match(message.text) and not any(part in url for part in _FILES)):
            return
        self.complaints.append(f"console {message.type} at {url}: {message.text}")

    def _fault(self, error: WebError) -> None:
        self.complaints.append(f"script fault: {error.error}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self._origin}/", "data:", "blob:")):
            self.complaints.append(f"request to another site: {request.url}")
