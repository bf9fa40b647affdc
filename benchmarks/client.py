"""A small HTTP/1.1 client on asyncio streams: a general one would measure itself on two cores."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit


@dataclass(slots=True)
class Answer:
    """A status and a body."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body) if self.body else None


@dataclass(slots=True)
class Client:
    """One connection that keeps its cookies."""

    url: str
    space: str = ""
    cookies: dict[str, str] = field(default_factory=dict)
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        parts = urlsplit(self.url)
        self._streams = await asyncio.open_connection(parts.hostname, parts.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._streams:
            self._streams[1].close()

    async def get(self, path: str) -> Answer:
        """GET."""
        return await self._ask("GET", path, None)

    async def post(self, path: str, body: object = None) -> Answer:
        """POST as JSON."""
        return await self._ask("POST", path, body)

    async def _ask(self, method: str, path: str, body: object) -> Answer:
        assert self._streams is not None
        reader, writer = self._streams
        payload = b"" if body is None else json.dumps(body).encode()
        head = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(self.url).netloc}", f"Content-Length: {len(payload)}"]
        if body is not None:
            head.append("Content-Type: application/json")
        if self.space:
            head.append(f"X-Demo-Space: {self.space}")
        if self.cookies:
            head.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        writer.write("\r\n".join([*head, "", ""]).encode() + payload)
        return await self._read(reader)

    async def _read(self, reader: asyncio.StreamReader) -> Answer:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        length = 0
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            if name.lower() == "content-length":
                length = int(value)
            elif name.lower() == "set-cookie":
                cookie, _, rest = value.partition(";")
                key, _, text = cookie.partition("=")
                if text and "Max-Age=0" not in rest:
                    self.cookies[key] = text
                else:
                    self.cookies.pop(key, None)
        return Answer(int(lines[0].split()[1]), await reader.readexactly(length) if length else b"")
