"""Many requests at one moment: each on a connection of its own, held until all of them have been taken, then let go together."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.support import Site

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True)
class Shot:
    """One JSON request. Without a body there is nothing to hold it by: it goes when the others are let go."""

    path: str
    body: Any = None
    cookies: str = ""
    method: str = "POST"


@dataclass(frozen=True)
class Reply:
    """What came back; `said` is its JSON."""

    status: int
    head: str
    said: dict[str, Any]

    @property
    def slug(self) -> str:
        """The refusal, or the status where there is none."""
        return str(self.said["type"]).removeprefix("/problems/") if "type" in self.said else str(self.status)

    def cookie(self, name: str) -> str | None:
        """The value of one of our cookies that it sets; None where it sets or clears none."""
        for line in self.head.split("\r\n"):
            key, _, value = line.partition(": ")
            if key.lower() == "set-cookie" and value.startswith(f"portillon-{name}="):
                return value.partition("=")[2].partition(";")[0].strip('"') or None
        return None


async def burst(site: Site, shots: Sequence[Shot]) -> list[Reply]:
    """Send them all. A request is held by its body: the server asks for it (RFC 9110, section 10.1.1) once it has the head."""
    ready = [asyncio.Event() for _ in shots]
    go = asyncio.Event()
    works = [asyncio.create_task(_one(site, shot, event, go)) for shot, event in zip(shots, ready, strict=True)]
    watch = asyncio.gather(*(event.wait() for event in ready))
    await asyncio.wait([watch, *works], return_when=asyncio.FIRST_COMPLETED)
    go.set()
    watch.cancel()
    return list(await asyncio.gather(*works))


async def _one(site: Site, shot: Shot, ready: asyncio.Event, go: asyncio.Event) -> Reply:
    where = urlsplit(site.url)
    reader, writer = await asyncio.open_connection("127.0.0.1", where.port)
    body = b"" if shot.body is None else json.dumps(shot.body).encode()
    head = [
        f"{shot.method} {shot.path} HTTP/1.1",
        f"Host: {where.netloc}",
        "Sec-Fetch-Site: same-origin",
        "Connection: close",
        f"X-Demo-Space: {site.space}",
        f"Content-Length: {len(body)}",
        *(["Content-Type: application/json", "Expect: 100-continue"] if body else []),
        *([f"Cookie: {shot.cookies}"] if shot.cookies else []),
    ]
    lines = ("\r\n".join(head) + "\r\n\r\n").encode()
    if body:
        writer.write(lines)
        assert await reader.readexactly(len(_CONTINUE)) == _CONTINUE
    ready.set()
    await go.wait()
    writer.write(body or lines)
    answer = (await reader.read()).decode()
    writer.close()
    start, _, said = answer.partition("\r\n\r\n")
    return Reply(int(start.split(" ")[1]), start, json.loads(said) if said else {})
