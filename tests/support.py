"""The kit of the tests that knock at a running demo: a Site, its people, and browsers that come in by either door."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Self

import httpx

from tests.browsers import Answer, Browser, JsonBrowser, PageBrowser, Person

__all__ = ["Answer", "Browser", "JsonBrowser", "PageBrowser", "Person", "Site", "together", "wrong"]

_spaces = count(1)
# A demo that is busy with other tests' hashes is still a demo that works.
PATIENCE = httpx.Timeout(60)


@dataclass
class Site:
    """A running demo, seen from one space of its own: a clock and per-address limits that nobody else moves."""

    url: str
    space: str = field(default_factory=lambda: f"test-{next(_spaces)}")
    _seen: dict[str, int] = field(default_factory=dict)
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        self.demo = await self.client()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def client(self, **headers: str) -> httpx.AsyncClient:
        """A client of this space, closed with the site; the demo runs on http, so no certificates are read."""
        client = httpx.AsyncClient(
            base_url=self.url, headers={"X-Demo-Space": self.space, **headers}, timeout=PATIENCE, verify=False
        )
        return await self._open.enter_async_context(client)

    async def browser(self, door: str, **headers: str) -> Browser:
        return {"json": JsonBrowser, "pages": PageBrowser}[door](self, await self.client(**headers))

    async def person(self, persona: str = "ordinary", **overrides: Any) -> Person:
        made = await self.demo.post("/api/demo/people", json={"persona": persona, "overrides": overrides})
        assert made.status_code == 201, made.text
        known = made.json()
        return Person(known["nir"], known["password"], known["email"], known)

    async def mails(self, person: Person, kind: str | None = None, *, since: int = 0, wait: int = 0) -> list[dict[str, Any]]:
        """The newest first."""
        asked = {"to": person.email, "since": since, "wait": wait, **({"kind": kind} if kind else {})}
        found = await self.demo.get("/api/demo/messages", params=asked)
        assert found.status_code == 200, found.text
        return list(found.json())

    async def mail(self, person: Person, kind: str) -> dict[str, Any]:
        """The first mail of this kind that this has not given out yet."""
        mark = f"{person.email}/{kind}"
        came = await self.mails(person, kind, since=self._seen.get(mark, 0), wait=20)
        assert came, f"no {kind} mail came"
        self._seen[mark] = int(came[-1]["id"])
        return came[-1]

    async def code(self, person: Person) -> str:
        return str((await self.mail(person, "login-code"))["code"])

    async def now(self) -> datetime:
        return datetime.fromisoformat((await self.demo.get("/api/demo/clock")).json()["now"])

    async def advance(self, by: str) -> None:
        """By an ISO 8601 duration."""
        moved = await self.demo.post("/api/demo/clock", json={"advance": by})
        assert moved.status_code == 200, moved.text

    async def set_clock(self, to: datetime) -> None:
        moved = await self.demo.post("/api/demo/clock", json={"now": to.isoformat()})
        assert moved.status_code == 200, moved.text

    async def why(self, nir: str) -> dict[str, Any]:
        told = await self.demo.post("/api/demo/why", json={"nir": nir})
        assert told.status_code == 200, told.text
        return dict(told.json())


def wrong(code: str) -> str:
    """Another code of six digits."""
    return f"{(int(code) + 1) % 1_000_000:06}"


async def together(count: int, work: Callable[[int], Awaitable[Any]]) -> list[Any]:
    """So many at once, each with its place in the row."""
    return list(await asyncio.gather(*(work(place) for place in range(count))))
