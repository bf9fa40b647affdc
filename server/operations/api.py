"""For those who run it: health, and the addresses that browsers and auditors look for. Source: contract, *Operations*."""

from typing import Literal

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.response import Redirect

from server import policy
from server.clock import SystemClock
from server.records.database import DATABASE_AWAY, database_now
from server.records.redis import REDIS_AWAY, Store
from server.settings import Settings

Part = Literal["database", "store", "clock"]


class Health(msgspec.Struct):
    """`failing` names the parts that do not answer."""

    status: Literal["ok", "failing"] = "ok"
    failing: tuple[Part, ...] = ()


@get("/health/live")
async def live() -> Health:
    """The process answers."""
    return Health()


@get("/health/ready", responses={503: ResponseSpec(Health, generate_examples=False, description="a part does not answer")})
async def ready() -> Response[Health]:
    """The parts answer, and the database's clock agrees with ours; 503 names those that do not."""
    failing: list[Part] = []
    try:
        difference = abs(await database_now() - SystemClock().now())
        if difference > policy.CLOCK_DIFFERENCE_MOST:
            failing.append("clock")
    except DATABASE_AWAY:
        failing.append("database")
    try:
        await Store.client().ping()
    except REDIS_AWAY:
        failing.append("store")
    if failing:
        return Response(Health("failing", tuple(failing)), status_code=503)
    return Response(Health())


@get("/robots.txt", media_type="text/plain")
async def robots() -> str:
    """Nothing here is for a search engine but the first page."""
    return "User-agent: *\nDisallow: /\nAllow: /connexion$\nAllow: /aide\n"


@get("/.well-known/security.txt", media_type="text/plain")
async def security_txt(settings: NamedDependency[Settings]) -> str:
    """Whom to tell of a weakness (RFC 9116). It is said anew each day to be good for a year."""
    expires = SystemClock().now().replace(hour=0, minute=0, second=0, microsecond=0) + policy.SECURITY_CONTACT_GOOD_FOR
    return (
        f"Contact: mailto:{settings.site.fund_mail}\n"
        f"Expires: {expires.isoformat()}\n"
        "Preferred-Languages: fr, en\n"
        f"Canonical: {settings.public_url}/.well-known/security.txt\n"
    )


class PasskeyEndpoints(msgspec.Struct):
    """Where a person activates biometrics, and where they see what is active: absolute addresses."""

    enroll: str
    manage: str


@get("/.well-known/passkey-endpoints")
async def passkey_endpoints(settings: NamedDependency[Settings]) -> PasskeyEndpoints:
    """Where browsers and password managers lead (W3C, *A Well-Known URL for Relying Party Passkey Endpoints*)."""
    page = f"{settings.public_url}/mes-appareils"
    return PasskeyEndpoints(page, page)


@get("/.well-known/change-password", status_code=303)
async def change_password() -> Redirect:
    """Where browsers and password managers lead (W3C, *A Well-Known URL for Changing Passwords*)."""
    return Redirect("/mot-de-passe-oublie", status_code=303)


_FOR_BROWSERS = (robots, security_txt, passkey_endpoints, change_password)
router = Router("/", route_handlers=[live, ready, *_FOR_BROWSERS], tags=["Operations"])
