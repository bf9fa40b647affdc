"""The demo under measurement: its people, its logins, its processor time."""

import asyncio
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.client import Answer, Client

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Site:
    """A demo that runs. `pid` is its supervising process."""

    url: str
    pid: int

    async def people(self, count: int, space: str = "") -> list[dict[str, str]]:
        """So many fresh persons with an account."""
        async with Client(self.url, space) as client:
            return [(await client.post("/api/demo/people", {})).json for _ in range(count)]

    async def advance(self, space: str, duration: str) -> None:
        """Move a space's clock."""
        async with Client(self.url, space) as client:
            await client.post("/api/demo/clock", {"advance": duration})

    async def code_of(self, email: str, space: str) -> str:
        """The code in the newest mail to this address."""
        async with Client(self.url, space) as client:
            mails = (await client.get(f"/api/demo/messages?to={email}&kind=login-code&wait=20")).json
            return str(mails[0]["code"])

    async def with_code_sent(self, client: Client, person: dict[str, str]) -> str:
        """Go as far as the code: right password, code asked for and read."""
        await give_password(client, person)
        await client.post("/api/v1/login/code")
        return await self.code_of(person["email"], client.space)

    def processor_seconds(self) -> float:
        """What all processes below the supervisor have used, their reaped children left out."""
        return sum(_seconds_of(pid) for pid in _tree(self.pid) if _is_python(pid))


async def give_password(client: Client, person: dict[str, str], password: str | None = None) -> Answer:
    """The login POST."""
    return await client.post("/api/v1/login", {"nir": person["nir"], "password": password or person["password"]})


async def at_once(
    site: Site, count: int, cookies: dict[str, str], space: str, path: str, body: object
) -> list[tuple[Answer, Client]]:
    """The same POST from so many connections that are open before the first one asks."""
    async with AsyncExitStack() as opened:
        clients = [await opened.enter_async_context(Client(site.url, space, dict(cookies))) for _ in range(count)]
        answers = await asyncio.gather(*(client.post(path, body) for client in clients))
        return list(zip(answers, clients, strict=True))


def _tree(pid: int) -> list[int]:
    children: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        children += [int(child) for child in (task / "children").read_text().split()]
    return [pid, *(below for child in children for below in _tree(child))]


def _is_python(pid: int) -> bool:
    return "python" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()


def _seconds_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
