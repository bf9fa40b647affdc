"""Between HTTP and a `Caller`: cookies in and out, the address, the browser's label."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from http.cookies import SimpleCookie
from math import ceil

import ua_parser
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from server import policy
from server.clock import Clock
from server.refusals import Refused, Why
from server.request_context import Caller, CookieName, Cookies, limiter_address
from server.settings import Settings

Headers = Mapping[str, str]

_NAMES: tuple[CookieName, ...] = ("session", "attempt", "device", "browser", "ceremony", "accepted")
# Tokens of ours, alone or joined with the 32 digits of a device before each; whatever else one of our cookies holds is cleared.
_OURS = re.compile(rf"[A-Za-z0-9_.-]{{1,{policy.TRUSTED_ACCOUNTS_PER_BROWSER * 80}}}")


def cookie_name(name: CookieName, *, secure: bool) -> str:
    """How the browser knows a cookie; ``__Host-`` binds it to this very host."""
    return f"{'__Host-' if secure else ''}portillon-{name}"


def read_cookies(header: str, *, secure: bool) -> Cookies:
    """Our cookies in a Cookie header. One that we cannot have written is cleared; others' cookies are not looked at."""
    cookies = Cookies(came={})
    names = {cookie_name(name, secure=secure): name for name in _NAMES}
    for pair in header.split(";"):
        key, _, value = pair.strip().partition("=")
        name = names.get(key)
        if name and _OURS.fullmatch(value):
            cookies.came[name] = value
        elif name:
            cookies.changes[name] = None
    return cookies


def written_cookies(cookies: Cookies, *, secure: bool, now: datetime) -> Iterator[str]:
    """The Set-Cookie headers for the changes."""
    for name, change in cookies.changes.items():
        key = cookie_name(name, secure=secure)
        written: SimpleCookie = SimpleCookie()
        written[key] = change[0] if change else ""
        morsel = written[key]
        morsel["path"], morsel["samesite"], morsel["httponly"], morsel["secure"] = "/", "Lax", True, secure
        if change is None:
            morsel["max-age"] = "0"
        elif change[1]:
            morsel["max-age"] = str(int((change[1] - now).total_seconds()))
        yield morsel.OutputString()


def build_caller(settings: Settings, clock: Clock, headers: Headers, peer: str) -> Caller:
    """Who asks. `peer` is the address that the connection came from."""
    return Caller(
        address=limiter_address(_client_address(headers.get("x-forwarded-for", ""), peer, settings.proxies)),
        browser=browser_label(headers.get("user-agent", "")[:400]),
        received_at=clock.now(),
        cookies=read_cookies(headers.get("cookie", ""), secure=settings.secure),
    )


def _client_address(forwarded: str, peer: str, proxies: tuple[str, ...]) -> str:
    """The nearest address that is no proxy of ours; what anybody else wrote into the header counts for nothing."""
    for address in (peer, *(part.strip() for part in reversed(forwarded.split(",")))):
        if address not in proxies:
            return address
    return peer


@lru_cache(maxsize=1024)
def browser_label(user_agent: str) -> str:
    """A browser as its owner would name it, such as « Firefox sur Linux »."""
    found = ua_parser.parse(user_agent)
    browser = found.user_agent.family if found.user_agent else "Navigateur inconnu"
    return f"{browser} sur {found.os.family}"[:80] if found.os else browser[:80]


async def provide_caller(request: Request) -> Caller:  # type: ignore[type-arg]
    """Litestar dependency `caller`: what `front` built."""
    caller = request.scope["caller"]  # type: ignore[typeddict-item]
    assert isinstance(caller, Caller)  # noqa: S101
    return caller


# After a logout the browser keeps no page; the device cookie stays, since trust outlives a session.
CLEAR_SITE_DATA = {"Clear-Site-Data": '"cache", "storage"'}


def retry_after(refused: Refused) -> dict[str, str]:
    """The header that tells when to come back, in whole seconds upwards, where the refusal knows it."""
    wait = refused.members.get("retry_after")
    return {"Retry-After": str(max(1, ceil(wait.total_seconds())))} if wait else {}


async def no_members(request: Request) -> None:  # type: ignore[type-arg]
    """`before_request` of the calls that take nothing: an empty body, or an empty object. Raises Refused(INVALID_REQUEST)."""
    if (await request.body()).strip() not in {b"", b"{}"}:
        raise Refused(Why.INVALID_REQUEST, errors=(("", "unknown"),))


def json_only(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]
    """Guard of the handlers that take a JSON body. Raises Refused(UNSUPPORTED_MEDIA_TYPE)."""
    media_type = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refused(Why.UNSUPPORTED_MEDIA_TYPE)
