"""Sessions and login attempts, in Redis: two kinds of record under two cookies, each under the hash of its token.

An id that we did not issue finds nothing. A read notes the use in the same script, only where the record still stands, so that no
slow request revives a session. Instants decide, by our clock; the TTL only collects garbage.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from server.keys import token_hash
from server.records.redis import Store

_READ = """
local raw = redis.call('HMGET', KEYS[1], 'value', 'began', 'used')
if not raw[1] then return false end
local now, idle, life = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if now >= raw[2] + life or now >= raw[3] + idle then
  redis.call('DEL', KEYS[1])
  return false
end
redis.call('HSET', KEYS[1], 'used', ARGV[1])
return raw[1]
"""

_WRITE = """
redis.call('HSET', KEYS[1], 'value', ARGV[1], 'began', ARGV[2], 'used', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""


class Session(msgspec.Struct, frozen=True):
    """Somebody is in."""

    account_id: UUID
    subject: bytes
    authenticated_by: tuple[str, ...]
    began_at: datetime
    previous_login_at: datetime | None


class Attempt(msgspec.Struct, frozen=True):
    """Somebody has given the right password. `binding` is what the attempt's codes are good for."""

    account_id: UUID
    subject: bytes
    binding: bytes
    began_at: datetime


class Sessions:
    """The records of one kind of session policy."""

    def __init__(self, *, idle: timedelta, life: timedelta) -> None:
        self.idle = idle
        self.life = life

    async def begin(self, token: str, session: Session) -> None:
        """Store a new one."""
        await _begin("session", token, session, session.began_at, self.life)

    async def read(self, token: str, now: datetime) -> Session | None:
        """The session of this token, if it stands; it has been used now."""
        raw = await _read("session", token, now, self.idle, self.life)
        return msgspec.msgpack.decode(raw, type=Session) if raw else None

    async def end(self, token: str) -> None:
        """It is over, for requests in flight too."""
        await Store.client().delete(_key("session", token))


class Attempts:
    """Logins under way."""

    def __init__(self, life: timedelta) -> None:
        self._life = life

    async def begin(self, token: str, attempt: Attempt) -> None:
        """Store a new one."""
        await _begin("attempt", token, attempt, attempt.began_at, self._life)

    async def read(self, token: str, now: datetime) -> Attempt | None:
        """The attempt of this token, if it lives."""
        raw = await _read("attempt", token, now, self._life, self._life)
        return msgspec.msgpack.decode(raw, type=Attempt) if raw else None

    async def end(self, token: str) -> None:
        """It has led somewhere, or is given up."""
        await Store.client().delete(_key("attempt", token))


async def _begin(kind: str, token: str, value: Any, at: datetime, life: timedelta) -> None:
    await Store.run(_WRITE, _key(kind, token), msgspec.msgpack.encode(value), _ms(at), 2 * life // timedelta(milliseconds=1))


async def _read(kind: str, token: str, now: datetime, idle: timedelta, life: timedelta) -> bytes | None:
    ms = timedelta(milliseconds=1)
    return await Store.run(_READ, _key(kind, token), _ms(now), idle // ms, life // ms)  # type: ignore[no-any-return]


def _key(kind: str, token: str) -> str:
    return f"{kind}:{token_hash(token).hex()}"


def _ms(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
