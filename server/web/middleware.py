"""The outermost layer: whatever answers inside, a page, JSON, a 404 or a fault, passes here and leaves with the same protections.

Source: security page, *Browser*. Litestar runs no middleware for a 404, so this wraps the whole application.
"""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import HttpMethod, ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from server.clock import Clock
from server.refusals import Refused, Why
from server.settings import Settings
from server.web.requests import build_caller, written_cookies

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
CSP = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "connect", "font", "manifest")),
        *(f"{kind} 'none'" for kind in ("base-uri", "frame-ancestors")),
        "form-action 'self'",
    )
)
_HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-frame-options": "DENY",
}
_PUBLIC = ("/static/",)

_HOST = re.compile(r"(?:(?P<name>[a-z0-9.-]+)|\[(?P<address>[0-9a-f:.]+)\])(?::[0-9]{1,5})?", re.ASCII)

# Renders a refusal that is met before any handler.
RenderRefusal = Callable[[Scope, Refused], ASGIApp]


class Front:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, settings: Settings, clock: Clock, render: RenderRefusal) -> None:
        self._app = app
        self._settings = settings
        self._clock = clock
        self._render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        client = scope["client"]
        caller = build_caller(self._settings, self._clock, headers, client[0] if client else "")
        scope["caller"] = caller  # type: ignore[typeddict-unknown-key]

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableScopeHeaders(message)
                self._protect(scope, answer)
                for cookie in written_cookies(caller.cookies, secure=self._settings.secure, now=self._clock.now()):
                    answer.add("set-cookie", cookie)
            await send(message)

        try:
            self._check(str(scope.get("method")), headers)
        except Refused as refused:
            await self._render(scope, refused)(scope, receive, send_protected)
            return
        if scope["method"] == HttpMethod.HEAD:
            # Wherever there is GET there is HEAD (RFC 9110, section 9.3.2): the same answer without its body.
            await self._app({**scope, "method": HttpMethod.GET}, receive, _without_body(send_protected))
        else:
            await self._app(scope, receive, send_protected)

    def _check(self, method: str, headers: dict[str, str]) -> None:
        """Raises Refused for a host that is not ours, and for a write that another site sends."""
        host = headers.get("host", "")
        if _host_name(host) not in self._settings.hosts:
            raise Refused(Why.UNKNOWN_HOST)
        if method in _SAFE_METHODS:
            return
        site = headers.get("sec-fetch-site")
        if site is not None:
            # "none" is a person's own doing (an address typed, a reload), which no other site can cause.
            if site not in {"same-origin", "none"}:
                raise Refused(Why.CROSS_ORIGIN)
            return
        origin = headers.get("origin")
        if origin is not None and origin != f"{urlsplit(self._settings.public_url).scheme}://{host}":
            raise Refused(Why.CROSS_ORIGIN)

    def _protect(self, scope: Scope, answer: MutableScopeHeaders) -> None:
        for name, value in _HEADERS.items():
            answer.setdefault(name, value)
        if self._settings.secure:
            answer.setdefault("strict-transport-security", "max-age=63072000; includeSubDomains")
        if not scope["path"].startswith(_PUBLIC):
            answer.setdefault("cache-control", "no-store")
            answer.setdefault("vary", "HX-Request")


def _without_body(send: Send) -> Send:
    async def send_bodiless(message: Message) -> None:
        if message["type"] == "http.response.body":
            message["body"] = b""
        await send(message)

    return send_bodiless


def _host_name(host: str) -> str | None:
    """The name in a Host header, without its port; None where it is no host at all (RFC 9110, section 7.2)."""
    found = _HOST.fullmatch(host.lower())
    return (found["name"] or found["address"]) if found else None
