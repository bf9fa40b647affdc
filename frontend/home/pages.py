"""The home page."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, URLEncodedBody

from frontend.answers import go
from frontend.home.home_page import HOME, HomePage, provide_home_page
from frontend.login.first_page import NUMBER
from server.notices.flow import NoticesFlow
from server.request_context import Caller


@dataclass(slots=True)
class NoticeForm:
    """The day of the notice that was shown."""

    dated: date | None = None


@get("/")
async def front_door(caller: NamedDependency[Caller]) -> Response[Any]:
    """To the home page where a session may stand, else to the login."""
    return go(HOME if caller.cookies.get("session") else NUMBER)


@get(HOME)
async def home(
    home_page: NamedDependency[HomePage],
    activee: FromQuery[str] = "",
) -> Response[Any]:
    """Who is in, since when they were last, and what waits. `activee`: biometrics have just been activated."""
    return await home_page.show(activated=activee == "true")


@post(f"{HOME}/avis/{{slug:str}}")
async def acknowledge(
    slug: FromPath[str],
    data: URLEncodedBody[NoticeForm],
    caller: NamedDependency[Caller],
    notices: NamedDependency[NoticesFlow],
) -> Response[Any]:
    """A notice has been read. Raises Refused(NOT_FOUND)."""
    await notices.acknowledge(caller, slug, dated=data.dated)
    return go(HOME)


@get(f"{HOME}/avis/{{slug:str}}")
async def reloaded() -> Response[Any]:
    """An address that only takes a press of a button, reloaded or gone back to."""
    return go(HOME)


router = Router(
    "/",
    route_handlers=[front_door, home, acknowledge, reloaded],
    dependencies={"home_page": Provide(provide_home_page)},
    include_in_schema=False,
)
