"""The HTML door of the login. Every step has one address, and a reload shows where the login stands."""

from dataclasses import dataclass
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, URLEncodedBody

from frontend.answers import go, page, refusal_view
from frontend.home.home_page import HOME
from frontend.login.first_page import CLOSED, COMPLETE, INTERRUPTED, NUMBER, FirstPage, NumberForm, provide_first_page
from frontend.rendering import Pages
from server.clock import Clock
from server.known_browsers import KnownBrowsers
from server.login.flow import LoginFlow, UnderWay
from server.refusals import Refused, Why
from server.request_context import Caller
from server.settings import SiteSettings
from server.web.faults import PART_AWAY, part_away
from server.web.requests import CLEAR_SITE_DATA

CODE = f"{NUMBER}/code"


@dataclass(slots=True)
class CodeForm:
    """What the code's form sends."""

    code: str = ""
    trust_device: bool = False


@get(NUMBER)
async def number_page(
    caller: NamedDependency[Caller],
    first_page: NamedDependency[FirstPage],
    interrompue: FromQuery[bool] = False,  # noqa: FBT002 - Litestar reads the query so
    complete: FromQuery[bool] = False,  # noqa: FBT002
    fermee: FromQuery[bool] = False,  # noqa: FBT002
) -> Response[Any]:
    """Ask for number and password; nothing is stored, and the one cookie says that cookies are accepted.

    `complete`: for a login with a code, on a trusted device too. `fermee`: the session was closed on its owner's word.
    """
    if caller.cookies.get("session"):
        return go(HOME)
    if not caller.cookies.get("accepted"):
        caller.cookies.set("accepted", "yes")
    said = COMPLETE if complete else CLOSED if fermee else INTERRUPTED if interrompue else ""
    return await first_page.show(said=said)


@post(NUMBER)
async def give_password(
    data: URLEncodedBody[NumberForm],
    caller: NamedDependency[Caller],
    login: NamedDependency[LoginFlow],
    first_page: NamedDependency[FirstPage],
) -> Response[Any]:
    """Judge them; nothing is counted where cookies are refused or a field is empty."""
    if not caller.cookies.came:
        return first_page.cookies_refused()
    try:
        number, remember = await first_page.number(data), data.remember_number or data.remembered
        after = await login.give_password(caller, number, data.password, with_code=data.with_code, remember_number=remember)
    except Refused as refused:
        return await first_page.show(data, refused=refused)
    except PART_AWAY as fault:  # here and not further out, so that what was typed is kept
        return await first_page.show(data, refused=part_away(fault))
    return go(HOME if after.next == "home" else CODE)


@post(f"{NUMBER}/autre-personne")
async def not_me(caller: NamedDependency[Caller], browsers: NamedDependency[KnownBrowsers]) -> Response[Any]:
    """Greet nobody any more."""
    await browsers.forget(caller)
    return go(NUMBER)


@get(CODE)
async def code_page(
    caller: NamedDependency[Caller],
    login: NamedDependency[LoginFlow],
    pages: NamedDependency[Pages],
    site: NamedDependency[SiteSettings],
    clock: NamedDependency[Clock],
    envoye: FromQuery[bool] = False,  # noqa: FBT002 - Litestar reads the query so
) -> Response[Any]:
    """Where the login under way stands: a code to ask for, to enter, or expired."""
    return await _code_page(caller, login, pages, site, clock, resent=envoye)


@post(f"{CODE}/envoi")
async def send_code(
    caller: NamedDependency[Caller],
    login: NamedDependency[LoginFlow],
    pages: NamedDependency[Pages],
    site: NamedDependency[SiteSettings],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Have a code mailed."""
    try:
        sent = await login.send_code(caller)
    except Refused as refused:
        return await _code_page(caller, login, pages, site, clock, refused=refused)
    return go(f"{CODE}?envoye=true" if sent.again else CODE)


@post(CODE)
async def check_code(
    data: URLEncodedBody[CodeForm],
    caller: NamedDependency[Caller],
    login: NamedDependency[LoginFlow],
    pages: NamedDependency[Pages],
    site: NamedDependency[SiteSettings],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Judge the code; what was typed is kept for correction."""
    try:
        await login.check_code(caller, data.code, trust_device=data.trust_device)
    except Refused as refused:
        return await _code_page(caller, login, pages, site, clock, refused=refused, typed=data)
    return go(HOME)


@get([f"{CODE}/envoi", f"{NUMBER}/recommencer", f"{NUMBER}/autre-personne", "/deconnexion"])
async def reloaded() -> Response[Any]:
    """An address that only takes a press of a button, reloaded or gone back to."""
    return go(CODE)


@post(f"{NUMBER}/recommencer")
async def start_over(caller: NamedDependency[Caller], login: NamedDependency[LoginFlow]) -> Response[Any]:
    """Back to the first step."""
    await login.start_over(caller)
    return go(NUMBER)


@post("/deconnexion", response_headers=CLEAR_SITE_DATA)
async def log_out(caller: NamedDependency[Caller], login: NamedDependency[LoginFlow]) -> Response[Any]:
    """End the session."""
    await login.log_out(caller)
    return go(NUMBER)


async def _code_page(
    caller: Caller,
    login: LoginFlow,
    pages: Pages,
    site: SiteSettings,
    clock: Clock,
    *,
    refused: Refused | None = None,
    typed: CodeForm | None = None,
    resent: bool = False,
) -> Response[Any]:
    try:
        under_way = await login.under_way(caller)
    except Refused as standing:
        return _no_code_step(caller, pages, site, refused or standing)
    if refused and refused.why is Why.STEP_MISSING and refused.members["next"] == "code":
        refused = None
    elif refused and refused.why not in {Why.INVALID_REQUEST, Why.INVALID_CODE, Why.CODE_EXPIRED, Why.LOCKED, Why.UNAVAILABLE}:
        return _no_code_step(caller, pages, site, refused)
    step = _step(under_way, clock)
    return page(
        pages,
        "login/code.html",
        CODE,
        refused=refused,
        step=step,
        address=under_way.address,
        reference=under_way.code.reference if under_way.code else "",
        expires_at=under_way.code.expires_at if under_way.code else None,
        requests_left=under_way.requests.count,
        until=under_way.requests.locked_until,
        code=typed.code if typed else "",
        resent=resent,
        offer_trust=not site.kiosk,
        trust_checked=bool(typed and typed.trust_device),
        refusal=refusal_view(refused, site) if refused else None,
    )


def _step(under_way: UnderWay, clock: Clock) -> str:
    if under_way.code and under_way.code.expires_at > clock.now():
        return "enter"
    if under_way.requests.locked_until:
        return "locked"
    return "expired" if under_way.code else "ask"


def _no_code_step(caller: Caller, pages: Pages, site: SiteSettings, refused: Refused) -> Response[Any]:
    """There is no login under way to show: back to the start, or the refusal's own page."""
    if refused.why is Why.STEP_MISSING and refused.members["next"] == "login":
        return go(f"{NUMBER}?interrompue=true" if "attempt" in caller.cookies.came else NUMBER)
    view = refusal_view(refused, site)
    return page(pages, "login/refused.html", CODE, refused=refused, refusal=view)


router = Router(
    "/",
    route_handlers=[number_page, give_password, not_me, code_page, send_code, check_code, reloaded, start_over, log_out],
    dependencies={"first_page": Provide(provide_first_page)},
    include_in_schema=False,  # the document is of the JSON API
)
