"""How much one client address has done lately, in Redis: a hint that slows, never a lock on an account."""

from datetime import datetime, timedelta

from server.policy import Quota
from server.records.redis import Store

# Two fixed windows make a sliding one: the last one's count fades as the present one fills.
_COUNT = """
local window, at, add = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = math.floor(at / window)
local now = tonumber(redis.call('HINCRBY', KEYS[1], bucket, add))
local before = tonumber(redis.call('HGET', KEYS[1], bucket - 1) or 0)
redis.call('HDEL', KEYS[1], bucket - 2)
redis.call('PEXPIRE', KEYS[1], 2 * window)
return math.ceil(now + before * (1 - (at % window) / window))
"""


class AddressLimit:
    """One quota, for each address in each clock's space."""

    def __init__(self, name: str, quota: Quota) -> None:
        self._name = name
        self._quota = quota

    async def charge(self, space: str, address: str, now: datetime) -> datetime | None:
        """Count one, before anything else is counted or judged; None where it is allowed, else until when to wait."""
        count = await self._add(space, address, now, 1)
        if count <= self._quota.count:
            return None
        await self._add(space, address, now, -1)
        window = self._quota.window.total_seconds()
        return now + timedelta(seconds=window - now.timestamp() % window)

    async def refund(self, space: str, address: str, now: datetime) -> None:
        """It was no failure."""
        await self._add(space, address, now, -1)

    async def _add(self, space: str, address: str, now: datetime, many: int) -> int:
        window_ms = self._quota.window // timedelta(milliseconds=1)
        key = f"address:{self._name}:{space}:{address}"
        return int(await Store.run(_COUNT, key, window_ms, int(now.timestamp() * 1000), many))
