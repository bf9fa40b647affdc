"""The demo for people: its personas, its mailbox and its clock, in French like every screen."""

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.enums import MediaType
from litestar.params import FromQuery, URLEncodedBody
from litestar.static_files import create_static_files_router

from demo.api import ClockMove, Demo, move
from demo.front import COOKIE, is_space
from demo.mailbox import Message, Wanted
from demo.people import fixed
from demo.personas import BY_SLUG, PERSONAS
from demo.reset import reset
from frontend.answers import go, page
from frontend.rendering import Pages
from server.refusals import Refused, Why
from server.request_context import Caller
from server.web.middleware import CSP
from server.wording.french import counted, typeset

_FOLDER = Path(__file__).parent
_HOME, _BOX, _CLOCK = "/demo", "/demo/boite", "/demo/horloge"
_SHOWN = 50
# The steps that the clock's page offers.
_STEPS = (("PT1M", "+ 1 minute"), ("PT15M", "+ 15 minutes"), ("PT1H", "+ 1 heure"), ("PT48H", "+ 48 heures"), ("P6M", "+ 6 mois"))

# A mail brings its styles with it and nothing else: it stands in a frame that may do nothing but open links elsewhere.
_MAY = "sandbox allow-popups allow-popups-to-escape-sandbox"
_MAIL_CSP = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; {_MAY}"


@dataclass(slots=True)
class Step:
    """A button of the clock's page: a duration of `_STEPS`, or nothing for the machine's time."""

    avance: str = ""


@dataclass(slots=True)
class Taken:
    """Whose browser this is to be: a persona's slug."""

    qui: str = ""


@dataclass(slots=True)
class Space:
    """The name of a space; none: the shared one."""

    espace: str = ""


@get(_HOME)
async def people(
    caller: NamedDependency[Caller],
    pages: NamedDependency[Pages],
    demo: NamedDependency[Demo],
    pris: FromQuery[str | None] = None,
) -> Response[Any]:
    """The fixed people. Their buttons post the login's form, so the browser gets the cookie that the login looks for.

    `pris` is the slug of the one whose browser has just been taken.
    """
    if not caller.cookies.get("accepted"):
        caller.cookies.set("accepted", "yes")
    shown = [
        (persona, typeset(persona.shows), someone, _spelt(someone.nir + someone.nir_key))
        for persona, someone in zip(PERSONAS, fixed(), strict=True)
    ]
    return page(pages, "people.html", _HOME, people=shown, taken=pris, space=demo.clock.name)


@post(f"{_HOME}/navigateur")
async def take_browser(
    data: URLEncodedBody[Taken], caller: NamedDependency[Caller], demo: NamedDependency[Demo]
) -> Response[Any]:
    """Make this browser a fixed person's own, for what shows there only."""
    persona = BY_SLUG.get(data.qui)
    if persona is None or not persona.has_browser:
        raise Refused(Why.INVALID_REQUEST, errors=(("qui", "wrong"),))
    await demo.people.take_browser(caller, persona, demo.parts.browsers)
    return go(f"{_HOME}?pris={persona.slug}#{persona.slug}")


@post(f"{_HOME}/remise")
async def start_again(demo: NamedDependency[Demo]) -> Response[Any]:
    """Everything as at first start."""
    await reset(demo.redis, demo.clock, demo.people)
    return go(_HOME)


@get(_BOX)
async def mailbox(
    pages: NamedDependency[Pages],
    demo: NamedDependency[Demo],
    a: FromQuery[str | None] = None,
    vu: FromQuery[str | None] = None,
) -> Response[Any]:
    """The last messages, to everybody or to one address; nothing where `vu` is the newest, so that a renewal disturbs nobody."""
    messages = await demo.mailbox.find(Wanted(to=a or None), most=_SHOWN)
    if messages and messages[0].id == vu:
        return Response(None, status_code=204)
    return page(pages, "mailbox.html", _BOX, messages=messages, to=a or "", space=demo.clock.name)


@get(_BOX + "/{number:int}")
async def message(number: int, pages: NamedDependency[Pages], demo: NamedDependency[Demo]) -> Response[Any]:
    """One message."""
    found = await _found(demo, number)
    answer = page(pages, "message.html", f"{_BOX}/{number}", message=found, space=demo.clock.name, may=_MAY.partition(" ")[2])
    answer.headers["Content-Security-Policy"] = f"{CSP}; frame-src 'self'"
    return answer


@get(_BOX + "/{number:int}/html")
async def message_html(number: int, demo: NamedDependency[Demo]) -> Response[Any]:
    """The HTML part of a message, as the mail brought it but for its links, which open beside."""
    html = (await _found(demo, number)).html
    if html is None:
        raise Refused(Why.NOT_FOUND)
    html = html.replace("<head>", '<head><base target="_blank">', 1)
    headers = {"Content-Security-Policy": _MAIL_CSP, "X-Frame-Options": "SAMEORIGIN"}
    return Response(html, media_type=MediaType.HTML, headers=headers)


@get(_CLOCK)
async def clock(pages: NamedDependency[Pages], demo: NamedDependency[Demo]) -> Response[Any]:
    """The clock of the browser's space."""
    return _clock_page(pages, demo)


@post(_CLOCK)
async def move_clock(data: URLEncodedBody[Step], demo: NamedDependency[Demo]) -> Response[Any]:
    """Move it."""
    await move(demo, ClockMove(advance=data.avance) if data.avance else ClockMove(reset=True))
    return go(_CLOCK)


@post(f"{_HOME}/espace")
async def choose_space(data: URLEncodedBody[Space], pages: NamedDependency[Pages], demo: NamedDependency[Demo]) -> Response[Any]:
    """Live in another space from here on, in this browser."""
    name = data.espace.strip()
    if name and not is_space(name):
        return _clock_page(pages, demo, wrong=name)
    answer = go(_CLOCK)
    if name:
        answer.set_cookie(COOKIE, name, httponly=True, samesite="lax")
    else:
        answer.delete_cookie(COOKIE)
    return answer


@get([f"{_HOME}/espace", f"{_HOME}/remise", f"{_HOME}/navigateur"])
async def reloaded() -> Response[Any]:
    """An address that only takes a press of a button, reloaded or gone back to."""
    return go(_HOME)


def _clock_page(pages: Pages, demo: Demo, *, wrong: str | None = None) -> Response[Any]:
    clock = demo.clock
    return page(
        pages,
        "clock.html",
        _CLOCK,
        status=200 if wrong is None else 400,
        now=clock.now(),
        ahead=_ahead(clock.offset(clock.name)),
        steps=_STEPS,
        space=clock.name,
        wrong=wrong,
    )


async def _found(demo: Demo, number: int) -> Message:
    """Raises Refused(NOT_FOUND)."""
    found = await demo.mailbox.get(str(number))
    if found is None:
        raise Refused(Why.NOT_FOUND)
    return found


def _ahead(offset: timedelta) -> str:
    """« en avance de 2 jours 1 heure », or nothing where the clock is right to the second."""
    seconds = round(abs(offset).total_seconds())
    days, hours, minutes, rest = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60, seconds % 60
    figures = ((days, "jour"), (hours, "heure"), (minutes, "minute"), (rest, "seconde"))
    said = " ".join(counted(figure, noun) for figure, noun in figures if figure)
    way = "en retard" if offset < timedelta(0) else "en avance"
    return f"{way} de {said}" if said else ""


def _spelt(number: str) -> str:
    """A number with its key as cards print it."""
    return re.sub(r"(.)(..)(..)(..)(...)(...)(..)", "\\1\u00a0\\2\u00a0\\3\u00a0\\4\u00a0\\5\u00a0\\6\u00a0\\7", number)


def routers(demo: Demo) -> list[Router]:
    """The door and its static files."""
    pages = demo.parts.pages.with_folder(_FOLDER / "templates")
    handlers = [people, take_browser, start_again, mailbox, message, message_html, clock, move_clock, choose_space, reloaded]
    provided = {"demo": Provide(lambda: demo, sync_to_thread=False), "pages": Provide(lambda: pages, sync_to_thread=False)}
    return [
        Router("/", route_handlers=handlers, dependencies=provided, include_in_schema=False),
        create_static_files_router("/demo/static", [_FOLDER / "static"], name="demo-static", include_in_schema=False),
    ]
