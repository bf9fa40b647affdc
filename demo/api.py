"""The demo's JSON door: messages, clock, people. Names and statuses: contract, *Demo mode*."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from litestar import Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody
from msgspec import UNSET, Meta, UnsetType
from redis.asyncio import Redis

from demo.clock import DemoClock, in_reach, later
from demo.mailbox import Mailbox, Message, Wanted
from demo.people import END, Overrides, People, Someone
from demo.personas import BY_SLUG, PERSONAS
from demo.reset import reset
from demo.why import Explanation, explain
from server.app import Parts
from server.jobs.reminders import Reminders
from server.nir import NotANir, canonical
from server.records.database import DATABASE_AWAY
from server.refusals import Refused, Why
from server.web.problems import may_refuse
from server.web.requests import json_only

_WAIT_MOST_S = 30
_LONGEST_ID = 15
_Aware = Annotated[datetime, Meta(tz=True)]


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo's handlers share."""

    parts: Parts
    redis: "Redis"
    clock: DemoClock
    mailbox: Mailbox
    people: People
    reminders: Reminders


class ClockAnswer(msgspec.Struct):
    """The space's time, and how far it is ahead of the machine's, in seconds."""

    now: datetime
    offset_s: float


class ClockMove(msgspec.Struct, forbid_unknown_fields=True):
    """One of three: by an ISO 8601 duration (``PT15M``, ``-P1D``, ``P6M``), to an instant, or back to the machine's time."""

    advance: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    now: _Aware | UnsetType = UNSET
    reset: Literal[True] | UnsetType = UNSET


class NewPerson(msgspec.Struct, forbid_unknown_fields=True):
    """Which persona, and what is to be otherwise."""

    persona: Annotated[str, Meta(pattern=rf"^(?:{'|'.join(BY_SLUG)}){END}")] = "ordinary"
    overrides: Overrides = msgspec.field(default_factory=Overrides)


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """A number, in any spelling."""

    nir: Annotated[str, Meta(max_length=1000)]


class PersonaAnswer(msgspec.Struct):
    """A kind of person that can be made."""

    slug: str
    about: str


@get("/messages", responses=may_refuse())
async def messages(
    demo: NamedDependency[Demo],
    to: FromQuery[str | None] = None,
    kind: FromQuery[str | None] = None,
    since: FromQuery[str | None] = None,
    wait: FromQuery[float] = 0,
) -> list[Message]:
    """The messages to an address (the newest 200 at most), newest first. `since` is a message's id, or an instant."""
    if not 0 <= wait <= _WAIT_MOST_S:
        raise _wrong("wait")
    wanted = Wanted(to, kind, _since(since))
    return await demo.mailbox.wait(wanted, wait) if wait else await demo.mailbox.find(wanted)


@delete("/messages", status_code=204, responses=may_refuse())
async def delete_messages(demo: NamedDependency[Demo]) -> None:
    """Empty the mailbox, for everybody."""
    await demo.mailbox.clear()


@get("/clock", responses=may_refuse())
async def clock(demo: NamedDependency[Demo]) -> ClockAnswer:
    """The space's clock."""
    return _told(demo)


@post("/clock", status_code=200, guards=[json_only], responses=may_refuse())
async def move_clock(data: JSONBody[ClockMove], demo: NamedDependency[Demo]) -> ClockAnswer:
    """Move the space's clock; every process obeys before this answers."""
    await move(demo, data)
    return _told(demo)


@post("/people", status_code=201, guards=[json_only], responses=may_refuse())
async def make_person(data: JSONBody[NewPerson], demo: NamedDependency[Demo]) -> Someone:
    """A fresh insured person."""
    return await demo.people.make(BY_SLUG[data.persona], data.overrides)


@get("/personas", responses=may_refuse())
async def personas() -> list[PersonaAnswer]:
    """The kinds of people that can be made now; more come with the features they show."""
    return [PersonaAnswer(persona.slug, persona.about) for persona in PERSONAS]


@post("/why", status_code=200, guards=[json_only], responses=may_refuse())
async def why(data: JSONBody[Asked], demo: NamedDependency[Demo]) -> Explanation:
    """The last refusal of a number, known or not, explained by the space's clock."""
    try:
        subject = demo.parts.keys.subject(canonical(data.nir))
    except NotANir:
        raise Refused(Why.INVALID_REQUEST, errors=(("nir", "not-a-number"),)) from None
    return await explain(subject, demo.clock)


@post("/reset", status_code=204, responses=may_refuse())
async def start_again(demo: NamedDependency[Demo]) -> None:
    """Everything as at first start, for everybody."""
    await reset(demo.redis, demo.clock, demo.people)


async def move(demo: Demo, data: ClockMove) -> None:
    """Move the clock of the space in force, and send the reminders that have fallen due by it.

    Raises Refused(INVALID_REQUEST) for a body that is not one of the three.
    """
    clock = demo.clock
    given = [name for name in data.__struct_fields__ if getattr(data, name) is not UNSET]
    if len(given) != 1:
        raise _wrong(given[1] if given else "advance")
    now = clock.now()
    try:
        if data.advance is not UNSET:
            await clock.advance(clock.name, later(now, data.advance) - now)
        elif data.now is not UNSET:
            await clock.set(clock.name, in_reach(data.now))
        else:
            await clock.reset(clock.name)
    except ValueError:
        raise _wrong(given[0]) from None
    with suppress(*DATABASE_AWAY):  # the clock has moved all the same
        await demo.reminders.run_once(clock.name)


def _told(demo: Demo) -> ClockAnswer:
    return ClockAnswer(demo.clock.now(), demo.clock.offset(demo.clock.name) / timedelta(seconds=1))


def _since(text: str | None) -> int | datetime | None:
    """A message's id or an instant. Raises Refused(INVALID_REQUEST)."""
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID:
        return int(text)
    try:
        # A plus sign that nobody escaped has become a space.
        return msgspec.convert(text.replace(" ", "+"), _Aware)
    except msgspec.ValidationError:
        raise _wrong("since") from None


def _wrong(name: str) -> Refused:
    return Refused(Why.INVALID_REQUEST, errors=((name, "wrong"),))


def router(demo: Demo) -> Router:
    """The door."""
    return Router(
        "/api/demo",
        route_handlers=[messages, delete_messages, clock, move_clock, make_person, personas, why, start_again],
        dependencies={"demo": Provide(lambda: demo, sync_to_thread=False)},
        tags=["Demo"],
    )
