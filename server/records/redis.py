"""The connection to Redis or Valkey: what is short-lived and may be lost. No lock, counter or code lives here.

No request asks it more than four times in a row, so that it waits 2 s at most (security page, *Faults*); a connection that a
restart has cut is replaced at once.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

_TIMEOUT_S = 0.45

REDIS_AWAY = (RedisError,)


class Store:
    """The process's one client."""

    _client: ClassVar["Redis | None"] = None
    _scripts: ClassVar[dict[str, AsyncScript]] = {}

    @classmethod
    def open(cls, url: str) -> None:
        """Make the client; it connects when it is first used."""
        cls._client = Redis.from_url(
            url,
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
            max_connections=200,
        )
        cls._scripts = {}

    @classmethod
    async def close(cls) -> None:
        """Close its connections."""
        client, cls._client = cls._client, None
        if client is not None:
            await client.aclose()

    @classmethod
    def client(cls) -> "Redis":
        """The client in force. Raises RuntimeError before `open`."""
        if cls._client is None:
            raise RuntimeError("the store is not open")
        return cls._client

    @classmethod
    async def run(cls, script: str, key: str, *values: Any) -> Any:
        """Run a Lua script on one key: one round trip. Raises one of REDIS_AWAY."""
        if script not in cls._scripts:
            cls._scripts[script] = cls.client().register_script(script)
        arguments: Sequence[Any] = values
        return await cls._scripts[script](keys=[key], args=arguments)
