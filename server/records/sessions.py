"""Sessions and login attempts, in Redis: two kinds of record under two cookies, each under the hash of its token.

A list for each account names its sessions, so that their owner sees and ends them; it is no way in. An id that we did not issue
finds nothing. A read notes the use in the same script, only where the record still stands, so that no slow request revives a
session. Instants decide, by our clock; the TTL only collects garbage.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from server.keys import token_hash
from server.records.redis import Store

_READ = """
local raw = redis.call('HMGET', KEYS[1], 'value', 'began', 'used', 'answered')
if not raw[1] then return false end
local now, idle, life = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if now >= raw[2] + life or now >= raw[3] + idle then
  redis.call('DEL', KEYS[1])
  return false
end
redis.call('HSET', KEYS[1], 'used', ARGV[1])
return {raw[1], raw[4] or ''}
"""

_ANSWERED = """
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'answered', '1') end
return 1
"""

_MS = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Session(msgspec.Struct, frozen=True):
    """Somebody is in. `label` names the browser; `way` is the trusted device or the credential that let them in, if one did.

    `offer_answered`: whether to activate biometrics was asked and answered in this session.
    """

    account_id: UUID
    subject: bytes
    authenticated_by: tuple[str, ...]
    began_at: datetime
    previous_login_at: datetime | None
    # What an older version of ours has not written has a default, so that nobody is signed out by a new one.
    id: UUID = UUID(int=0)
    label: str = ""
    way: UUID | None = None
    offer_answered: bool = False


class ListedSession(msgspec.Struct, frozen=True):
    """A session as its owner sees it among others."""

    session: Session
    last_used_at: datetime
    expires_at: datetime


class Attempt(msgspec.Struct, frozen=True):
    """Somebody has given the right password. `binding` is what the attempt's codes are good for."""

    account_id: UUID
    subject: bytes
    binding: bytes
    began_at: datetime
    remember_number: bool = False


class Sessions:
    """The records of one kind of session policy."""

    def __init__(self, *, idle: timedelta, life: timedelta) -> None:
        self.idle = idle
        self.life = life

    async def begin(self, token: str, session: Session) -> None:
        """Store a new one, and list it with the account's."""
        async with Store.client().pipeline(transaction=False) as pipe:
            _write(pipe, _key("session", token), session, session.began_at, self.life)
            listed = _list(session.account_id)
            pipe.zadd(listed, {session.id.bytes + token_hash(token): _ms(session.began_at)})
            pipe.zremrangebyscore(listed, "-inf", _ms(session.began_at - self.life))
            pipe.pexpire(listed, 2 * self.life // _MS)
            await pipe.execute()

    async def read(self, token: str, now: datetime) -> Session | None:
        """The session of this token, if it stands; it has been used now."""
        found = await _read("session", token, now, self.idle, self.life)
        if not found:
            return None
        session = _decoded(found[0], Session)
        return msgspec.structs.replace(session, offer_answered=bool(found[1])) if session else None

    async def answer_offer(self, token: str) -> None:
        """Whether to activate biometrics is not asked again in this session."""
        await Store.run(_ANSWERED, _key("session", token))

    async def of_account(self, account_id: UUID, now: datetime) -> list[ListedSession]:
        """The account's sessions that stand, the one used last first. Looking is no use of them."""
        standing, over = await self._listed(account_id, now)
        if over:
            await Store.client().zrem(_list(account_id), *over)
        return list(standing.values())

    async def end_where(
        self, account_id: UUID, now: datetime, wanted: Callable[[Session], bool], *, asked_by: UUID | None = None
    ) -> list[Session] | None:
        """End those of an account's sessions that are `wanted`, for requests in flight too; which they were.

        None, and nothing is ended, where the session that asks for it no longer stands.
        """
        standing, over = await self._listed(account_id, now)
        if asked_by and asked_by not in {one.session.id for one in standing.values()}:
            return None
        chosen = {name: one.session for name, one in standing.items() if wanted(one.session)}
        if not chosen:
            return []
        async with Store.client().pipeline(transaction=False) as pipe:
            for name in chosen:
                pipe.delete(_named(name))
            pipe.zrem(_list(account_id), *chosen, *over)
            await pipe.execute()
        return list(chosen.values())

    async def _listed(self, account_id: UUID, now: datetime) -> tuple[dict[bytes, ListedSession], list[bytes]]:
        """Those that stand, by their name in the list, the one used last first; and what else the list names, for nothing."""
        listed: list[bytes] = await Store.client().zrange(_list(account_id), 0, -1)  # type: ignore[assignment]
        async with Store.client().pipeline(transaction=False) as pipe:
            for name in listed:
                pipe.hmget(_named(name), "value", "began", "used")
            found = await pipe.execute() if listed else []
        standing, over = {}, []
        for name, (value, began, used) in zip(listed, found, strict=True):
            session = _decoded(value, Session) if value else None
            expires = min(_at(began) + self.life, _at(used) + self.idle) if session else now
            if session and now < expires:
                standing[name] = ListedSession(session, _at(used), expires)
            else:
                over.append(name)
        return dict(sorted(standing.items(), key=lambda one: one[1].last_used_at, reverse=True)), over


class Attempts:
    """Logins under way."""

    def __init__(self, life: timedelta) -> None:
        self._life = life

    async def begin(self, token: str, attempt: Attempt, *, old_session: str | None, old_attempt: str | None) -> None:
        """Store a new one, in place of the session and the attempt that the browser came with."""
        async with Store.client().pipeline(transaction=False) as pipe:
            _write(pipe, _key("attempt", token), attempt, attempt.began_at, self._life)
            _end(pipe, old_session, old_attempt)
            await pipe.execute()

    async def read(self, token: str, now: datetime) -> Attempt | None:
        """The attempt of this token, if it lives."""
        found = await _read("attempt", token, now, self._life, self._life)
        return _decoded(found[0], Attempt) if found else None


async def end(session: str | None, attempt: str | None) -> None:
    """What these tokens stand for is over, for requests in flight too."""
    if session or attempt:
        async with Store.client().pipeline(transaction=False) as pipe:
            _end(pipe, session, attempt)
            await pipe.execute()


def _write(pipe: Any, key: str, value: Any, at: datetime, life: timedelta) -> None:
    """In one round trip with what else the pipeline holds."""
    pipe.hset(key, mapping={"value": msgspec.msgpack.encode(value), "began": _ms(at), "used": _ms(at)})
    pipe.pexpire(key, 2 * life // _MS)


async def _read(kind: str, token: str, now: datetime, idle: timedelta, life: timedelta) -> list[bytes] | None:
    return await Store.run(_READ, _key(kind, token), _ms(now), idle // _MS, life // _MS)  # type: ignore[no-any-return]


def _end(pipe: Any, session: str | None, attempt: str | None) -> None:
    for kind, token in (("session", session), ("attempt", attempt)):
        if token:
            pipe.delete(_key(kind, token))


_Record = TypeVar("_Record", Session, Attempt)


def _decoded(raw: bytes, kind: type[_Record]) -> _Record | None:
    """None where another version of ours wrote what this one cannot read: its owner logs in again."""
    try:
        return msgspec.msgpack.decode(raw, type=kind)
    except msgspec.DecodeError:
        return None


def _key(kind: str, token: str) -> str:
    return f"{kind}:{token_hash(token).hex()}"


def _list(account_id: UUID) -> str:
    """A sorted set by beginning: 16 bytes of a session's id, then the 32 of its token's hash."""
    return f"sessions-of:{account_id}"


def _named(name: bytes) -> str:
    return f"session:{name[16:].hex()}"


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // _MS


def _at(ms: bytes) -> datetime:
    return _EPOCH + int(ms) * _MS
