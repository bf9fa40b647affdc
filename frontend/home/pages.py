"""The home page."""

from typing import Any

from litestar import Response, Router, get
from litestar.di import NamedDependency

from frontend.answers import go, page
from frontend.rendering import Pages
from server.admission import Admission
from server.request_context import Caller


@get("/")
async def front_door(caller: NamedDependency[Caller]) -> Response[Any]:
    """To the home page where a session may stand, else to the login."""
    return go("/accueil" if caller.cookies.get("session") else "/connexion")


@get("/accueil")
async def home(
    caller: NamedDependency[Caller], admission: NamedDependency[Admission], pages: NamedDependency[Pages]
) -> Response[Any]:
    """Who is in, and since when they were last."""
    who = await admission.signed_in(caller)
    return page(
        pages,
        "home/home.html",
        "/accueil",
        signed_in=True,
        name=who.account.name,
        last_login_at=who.session.previous_login_at,
        authenticated_by=who.session.authenticated_by,
        expires_at=who.session_ends_at,
        notices=(),
    )


router = Router("/", route_handlers=[front_door, home], include_in_schema=False)
