"""How much one client address has done lately, in Redis: a hint that slows, never a lock on an account."""

from datetime import datetime, timedelta

from server.policy import Quota
from server.records.redis import Store

# Two fixed windows make a sliding one: the last one's count fades as the present one fills. Over the quota nothing is counted.
_CHARGE = """
local window, at, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = math.floor(at / window)
local now = tonumber(redis.call('HGET', KEYS[1], bucket) or 0)
local before = tonumber(redis.call('HGET', KEYS[1], bucket - 1) or 0)
if now + before * (1 - (at % window) / window) + 1 > most then return {now, before} end
redis.call('HINCRBY', KEYS[1], bucket, 1)
redis.call('HDEL', KEYS[1], bucket - 2)
redis.call('PEXPIRE', KEYS[1], 2 * window)
return false
"""

_REFUND = """
local bucket = math.floor(tonumber(ARGV[2]) / tonumber(ARGV[1]))
if tonumber(redis.call('HGET', KEYS[1], bucket) or 0) > 0 then redis.call('HINCRBY', KEYS[1], bucket, -1) end
return false
"""


class AddressLimit:
    """One quota, for each address in each clock's space."""

    def __init__(self, name: str, quota: Quota) -> None:
        self._name = name
        self._quota = quota

    async def charge(self, space: str, address: str, at: datetime) -> datetime | None:
        """Count one, before anything else is counted or judged; None where it is allowed, else when one more will be."""
        counts = await self._run(_CHARGE, space, address, at, self._quota.count)
        return self._free_at(at, *map(int, counts)) if counts else None

    async def refund(self, space: str, address: str, at: datetime) -> None:
        """What was charged at that instant was no failure."""
        await self._run(_REFUND, space, address, at)

    def _free_at(self, at: datetime, now: int, before: int) -> datetime:
        """When the fading window before, or the present one once it is the one before, leaves room for one more."""
        window, most = self._quota.window, self._quota.count
        began = at - timedelta(seconds=at.timestamp() % window.total_seconds())
        if now + 1 <= most:
            return began + window * (1 - (most - now - 1) / before)
        return began + window + window * (1 - (most - 1) / now)

    async def _run(self, script: str, space: str, address: str, at: datetime, *more: int) -> list[int] | None:
        window_ms = self._quota.window // timedelta(milliseconds=1)
        key = f"address:{self._name}:{space}:{address}"
        return await Store.run(script, key, window_ms, int(at.timestamp() * 1000), *more)  # type: ignore[no-any-return]
