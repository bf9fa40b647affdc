"""The demo's Redis: what its processes share and tell each other at once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from server.records.redis import REDIS_AWAY

# The first keys that the service and the demo write; a reset deletes what begins so.
PREFIXES = ("session:", "sessions-of:", "attempt:", "ceremony:", "address:", "demo:")

# Before the service's own 0.8 s, so that with Redis away a request still gets its 503 within 2 s.
_TIMEOUT_S = 0.4
_AGAIN_S = 0.5

# Called with what was told, or with None: something may have been missed.
Heard = Callable[[str | None], Awaitable[None]]


def connect(url: str) -> "Redis":
    """A client that connects when it is first used."""
    retry = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
    return Redis.from_url(url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S, retry=retry, decode_responses=True)


async def listen(redis: "Redis", heard: Mapping[str, Heard]) -> None:
    """Hand on what is told on these channels, for ever; each hears None first, and after every loss of the connection."""
    while True:
        with suppress(*REDIS_AWAY):
            async with redis.pubsub() as pubsub:
                await pubsub.subscribe(*heard)
                while True:
                    told = await pubsub.get_message(timeout=60)
                    if told and told["type"] in {"subscribe", "message"}:
                        await heard[told["channel"]](told["data"] if told["type"] == "message" else None)
        await asyncio.sleep(_AGAIN_S)


async def clear(redis: "Redis") -> None:
    """Delete every key of the service and of the demo, and nothing else. Raises one of REDIS_AWAY."""
    async for key in redis.scan_iter(count=1000):
        if str(key).startswith(PREFIXES):
            await redis.unlink(key)
