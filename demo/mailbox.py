"""What the demo's SMTP server has taken, in Redis: every process reads it, and those that wait hear of a new one at once."""

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Literal

import msgspec
from redis.asyncio import Redis

# The hash of messages by number; and the channel that names a new one.
CHANNEL = "demo:mail"
_LAST, _TO = "demo:mail:last", "demo:mail:to:"
_KEPT = 3000
_KEPT_EACH = 200

_PUT = f"""
local id = redis.call('INCR', KEYS[2])
redis.call('HSET', KEYS[1], id, ARGV[1])
redis.call('HDEL', KEYS[1], id - {_KEPT})
redis.call('LPUSH', KEYS[3], id)
redis.call('LTRIM', KEYS[3], 0, {_KEPT_EACH - 1})
redis.call('PUBLISH', KEYS[1], id)
return id
"""


class Message(msgspec.Struct, kw_only=True):
    """One message as its recipient gets it.

    `code` and `link` are read out of the text; `sent_at` is when it was taken, by the clock of the space it was written in.
    """

    id: str = ""
    channel: Literal["mail", "sms"] = "mail"
    kind: str | None
    to: str
    subject: str
    text: str
    html: str | None
    sent_at: datetime
    code: str | None
    link: str | None
    reference: str | None
    headers: dict[str, str]


class Wanted(msgspec.Struct, frozen=True):
    """Which messages: to whom, of what kind, after which one or since when."""

    to: str | None = None
    kind: str | None = None
    since: int | datetime | None = None

    def fits(self, message: Message) -> bool:
        """Whether this is one of them; the recipient is looked up elsewhere."""
        if self.kind is not None and message.kind != self.kind:
            return False
        if isinstance(self.since, int):
            return int(message.id) > self.since
        return self.since is None or message.sent_at >= self.since


class Mailbox:
    """Reads and writes messages. Every method raises one of REDIS_AWAY."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._news = asyncio.Event()
        self._closing = False

    async def put(self, message: Message) -> None:
        """Keep a message; the oldest go."""
        await self._redis.eval(_PUT, 3, CHANNEL, _LAST, _TO + message.to.lower(), msgspec.json.encode(message))

    async def get(self, number: str) -> Message | None:
        """One message."""
        found = await self._read([number])
        return found[0] if found else None

    async def find(self, wanted: Wanted, *, most: int = _KEPT_EACH) -> list[Message]:
        """The newest so many and, of these, those that fit; the newest first."""
        if wanted.to is None:
            last = int(await self._redis.get(_LAST) or 0)
            numbers = [str(number) for number in range(last, max(0, last - most), -1)]
        else:
            numbers = [str(number) for number in await self._redis.lrange(_TO + wanted.to.lower(), 0, most - 1)]
        return [message for message in await self._read(numbers) if wanted.fits(message)]

    async def wait(self, wanted: Wanted, seconds: float) -> list[Message]:
        """The same, as soon as one fits, or nothing after so long."""
        found: list[Message] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    news = self._news
                    found = await self.find(wanted)
                    if found or self._closing:
                        break
                    await news.wait()
        return found

    async def clear(self) -> None:
        """Throw all away. Numbers go on, so that none comes twice."""
        await self._redis.delete(CHANNEL)
        async for key in self._redis.scan_iter(match=f"{_TO}*", count=1000):
            await self._redis.unlink(key)

    async def heard(self, _number: str | None) -> None:
        """A message has come: whoever waits looks again."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    def close(self) -> None:
        """The process is about to stop: whoever waits is answered with what there is."""
        self._closing = True
        self._news.set()

    async def _read(self, numbers: list[str]) -> list[Message]:
        messages = []
        for number, raw in zip(numbers, await self._redis.hmget(CHANNEL, numbers) if numbers else (), strict=True):
            if raw is not None:
                message = msgspec.json.decode(raw, type=Message)
                message.id = number
                messages.append(message)
        return messages
