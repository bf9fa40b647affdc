"""The HTML door of the login. Every step has one address, and a reload shows where the login stands."""

from dataclasses import dataclass
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, URLEncodedBody

from frontend.answers import Html, go, page, refusal_view
from frontend.rendering import Pages
from server.clock import Clock
from server.login.flow import LoginFlow, UnderWay
from server.refusals import Refused, Why
from server.request_context import Caller
from server.settings import SiteSettings
from server.web.faults import PART_AWAY, part_away
from server.web.requests import CLEAR_SITE_DATA
from server.wording.refusals import FIELD_WORDS

NUMBER, CODE, HOME = "/connexion", "/connexion/code", "/accueil"
# Refusals that the first form shows; the others have a page of their own.
_ON_THE_FORM = {Why.INVALID_REQUEST, Why.INVALID_CREDENTIALS, Why.UNAVAILABLE}


@dataclass(slots=True)
class NumberForm:
    """What the first form sends."""

    nir: str = ""
    password: str = ""


@dataclass(slots=True)
class CodeForm:
    """What the code's form sends."""

    code: str = ""
    trust_device: bool = False


@get(NUMBER)
async def number_page(
    caller: NamedDependency[Caller],
    pages: NamedDependency[Pages],
    interrompue: FromQuery[bool] = False,  # noqa: FBT002 - Litestar reads the query so
) -> Response[Any]:
    """Ask for number and password; nothing is stored, and the one cookie says that cookies are accepted."""
    if caller.cookies.get("session"):
        return go(HOME)
    if not caller.cookies.get("accepted"):
        caller.cookies.set("accepted", "yes")
    return page(pages, "login/number.html", NUMBER, nir="", refusal=None, field_errors={}, interrupted=interrompue)


@post(NUMBER)
async def give_password(
    data: URLEncodedBody[NumberForm],
    caller: NamedDependency[Caller],
    login: NamedDependency[LoginFlow],
    pages: NamedDependency[Pages],
    site: NamedDependency[SiteSettings],
) -> Response[Any]:
    """Judge them; nothing is counted where cookies are refused or a field is empty."""
    if not caller.cookies.came:
        return page(pages, "login/cookies_refused.html", NUMBER, status=400)
    empty = {name: FIELD_WORDS["missing"] for name in ("nir", "password") if not getattr(data, name).strip()}
    if empty:
        return page(pages, "login/number.html", NUMBER, status=400, nir=data.nir, refusal=None, field_errors=empty)
    try:
        after = await login.give_password(caller, data.nir, data.password)
    except Refused as refused:
        return _number_refused(pages, site, data.nir, refused)
    except PART_AWAY as fault:  # here and not further out, so that what was typed is kept
        return _number_refused(pages, site, data.nir, part_away(fault))
    return go(HOME if after.next == "home" else CODE)


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


@get([f"{CODE}/envoi", f"{NUMBER}/recommencer", "/deconnexion"])
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


def _number_refused(pages: Pages, site: SiteSettings, nir: str, refused: Refused) -> Html:
    view = refusal_view(refused, site)
    if refused.why is Why.INVALID_REQUEST:
        errors = {field: FIELD_WORDS[kind] for field, kind in refused.members["errors"]}
        return page(pages, "login/number.html", NUMBER, refused=refused, nir=nir, refusal=None, field_errors=errors)
    if refused.why in _ON_THE_FORM or refused.members.get("scope") in {"login", "address"}:
        return page(pages, "login/number.html", NUMBER, refused=refused, nir=nir, refusal=view, field_errors={})
    return page(pages, "login/refused.html", NUMBER, refused=refused, refusal=view)


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
    route_handlers=[number_page, give_password, code_page, send_code, check_code, reloaded, start_over, log_out],
    include_in_schema=False,  # the document is of the JSON API
)
