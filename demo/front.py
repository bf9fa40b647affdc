"""The demo's outermost layer: it finds a request's space, sets the clock, and starts what runs beside the application.

Outside `server.web.middleware.Front`, which reads the clock already. Source: contract, *Demo mode* (spaces).
"""

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import msgspec
from litestar import Response
from litestar.datastructures import MutableScopeHeaders
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from demo.clock import DemoClock
from demo.guard import DemoRefused
from server.records.database import DATABASE_AWAY
from server.refusals import Refused, Why
from server.settings import SiteSettings
from server.web.problems import MEDIA_TYPE, problem

HEADER, COOKIE = "X-Demo-Space", "demo-space"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
# Nothing there depends on the clock, and a health check must not wait for Redis.
_TIMELESS = ("/static/", "/demo/static/", "/health/")


def is_space(name: str) -> bool:
    """Whether a space can be called so."""
    return _NAME.fullmatch(name) is not None


class DemoFront:
    """Wraps the service. `beside` runs from before the application starts until after it has stopped."""

    def __init__(
        self, app: ASGIApp, clock: DemoClock, site: SiteSettings, beside: Callable[[], AbstractAsyncContextManager[None]]
    ) -> None:
        self._app = app
        self._clock = clock
        self._site = site
        self._beside = beside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - as ASGI has it
        if scope["type"] == "lifespan":  # type: ignore[comparison-overlap]  # Litestar's Scope leaves it out
            await self._live(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        space = headers.get(HEADER.lower().encode())
        if space is not None and not is_space(space):
            await self._refuse(scope, receive, send)
            return
        foreign = False
        if space is None:
            space = _cookie(headers.get(b"cookie", ""))
            # A broken cookie never breaks a page (product page, section 10): it is cleared.
            foreign = bool(space) and not is_space(space)
        if not scope["path"].startswith(_TIMELESS):
            await self._clock.enter("" if foreign else space)
        await self._app(scope, receive, _clearing_cookie(send) if foreign else send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as beside:
            try:
                await beside.enter_async_context(self._beside())
            except (DemoRefused, *DATABASE_AWAY) as fault:
                # Said in ASGI's own way: after an exception uvicorn would serve all the same.
                await receive()
                await send({"type": "lifespan.startup.failed", "message": str(fault)})  # type: ignore[arg-type]
                return
            await self._app(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        said = problem(Refused(Why.INVALID_REQUEST, errors=((HEADER, "wrong"),)), self._site)
        answer = Response(msgspec.json.encode(said), status_code=said.status, media_type=MEDIA_TYPE)
        await answer.to_asgi_response(None, None)(scope, receive, send)  # type: ignore[arg-type]


def _cookie(header: str) -> str:
    for pair in header.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def _clearing_cookie(send: Send) -> Send:
    async def send_cleared(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableScopeHeaders(message).add("set-cookie", f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
        await send(message)

    return send_cleared
