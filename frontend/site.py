"""The HTML door as a whole: its routers, its static files, its error pages."""

from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.static_files import create_static_files_router

from frontend.answers import go, is_htmx, page, refusal_view
from frontend.biometrics import pages as biometrics_pages
from frontend.devices import pages as devices_pages
from frontend.help import pages as help_pages
from frontend.home import pages as home_pages
from frontend.information import pages as information_pages
from frontend.login import pages as login_pages
from frontend.login.first_page import NUMBER
from frontend.rendering import FOLDER, Pages
from server.refusals import Refused, Why
from server.settings import SiteSettings
from server.wording.refusals import title

# htmx comes from its registry at set-up (package.json); it is never copied into the repo.
_HTMX = Path("node_modules/htmx.org/dist")


def routers() -> list[Router]:
    """Every page, and the static files."""
    return [
        home_pages.router,
        login_pages.router,
        biometrics_pages.router,
        devices_pages.router,
        help_pages.router,
        information_pages.router,
        Router("/", route_handlers=[problem_page, manifest], include_in_schema=False),
        create_static_files_router("/static/vendor", [FOLDER.parent / _HTMX], name="vendor", cache_control=None),
        create_static_files_router("/static", [FOLDER / "static"], name="static"),
    ]


@get("/problems/{slug:str}")
async def problem_page(slug: FromPath[str], pages: NamedDependency[Pages]) -> Response[Any]:
    """What the `type` of a problem leads to. Raises Refused(NOT_FOUND)."""
    for why in Why:
        if why.slug == slug:
            members = ", ".join(why.value.members) or "aucun"
            told = f"« {slug} » : une réponse de l’API. Membres propres : {members}."
            path = f"/problems/{slug}"
            status = why.status.value
            answer = page(pages, "errors/error.html", path, title=title(why), detail=told, status=status, reference=None)
            answer.status_code = 200  # the status shown is what the page is about
            return answer
    raise Refused(Why.NOT_FOUND)


@get("/manifest.webmanifest", media_type="application/manifest+json")
async def manifest(site: NamedDependency[SiteSettings]) -> dict[str, Any]:
    """What a phone installs (W3C Web Application Manifest)."""
    plain = [{"src": f"/static/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"} for size in (192, 512)]
    masked = {"src": "/static/icon-maskable-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"}
    return {
        "id": "/",
        "name": f"{site.service_name} – {site.insurer_name}",
        "short_name": site.service_name,
        "lang": "fr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f7f8f4",
        "theme_color": "#dfeae4",
        "icons": [*plain, masked],
    }


def refuse(request: Request[Any, Any, Any], refused: Refused, pages: Pages, site: SiteSettings) -> Response[Any]:
    """The page of a refusal that no handler has rendered itself; a session that ended leads to the login."""
    if refused.why is Why.NOT_SIGNED_IN:
        login = f"{NUMBER}?interrompue=true" if "session" in request.scope["caller"].cookies.came else NUMBER  # type: ignore[typeddict-item]
        if is_htmx(request):
            # A fragment must not hold a login form: the whole page goes there.
            return Response(None, status_code=refused.why.status.value, headers={"HX-Redirect": login})
        return go(login)
    view = refusal_view(refused, site)
    return page(
        pages,
        "errors/error.html",
        request.scope["path"],
        status=view.status,
        title=view.title,
        detail=view.detail,
        reference=refused.members.get("reference"),
    )
