"""The movable clock: the machine's time and an offset, which each space has for itself and every process obeys.

Redis holds the offsets. A request reads its space's; a background task hears of every change, for the delivery worker.
"""

import asyncio
import re
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from server.clock import SystemClock, add_months
from server.records.redis import REDIS_AWAY

# The hash of the offsets by space, in microseconds; and the channel that names a space whose offset has changed.
CHANNEL = "demo:clock"
# Said on the channel in place of a space, which cannot be named so.
_ALL = "*"
# How long to do without Redis before it is asked again.
_ASK_AGAIN_S = 1.0
_US = timedelta(microseconds=1)
_STILL = timedelta(0)

# Registry, mails and cookies make sense in these years.
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
# ISO 8601 durations, with a sign. Years and months are of the calendar; a day is 24 hours.
_DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?=[\dT])(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=\d)(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9}(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)

_space: ContextVar[str | None] = ContextVar("demo_space", default=None)


class DemoClock:
    """A `server.clock.Clock` with a hand for each space. Outside requests it is the machine's own."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._machine = SystemClock()
        self._offsets: dict[str, timedelta] = {}
        self._ask_again_at = 0.0

    @property
    def name(self) -> str:
        """The space in force."""
        return _space.get() or ""

    def now(self, name: str | None = None) -> datetime:
        """The present instant of the space in force, or of the one named."""
        space = _space.get() if name is None else name
        return self._machine.now() + (_STILL if space is None else self.offset(space))

    def offset(self, space: str) -> timedelta:
        """How far a space is ahead of the machine, as far as this process knows."""
        return self._offsets.get(space, _STILL)

    async def enter(self, space: str) -> None:
        """Live by a space's clock from here on, in this task. With Redis away the last known offset serves."""
        _space.set(space)
        loop = asyncio.get_running_loop()
        if loop.time() < self._ask_again_at:
            return
        try:
            await self.read(space)
        except REDIS_AWAY:
            self._ask_again_at = loop.time() + _ASK_AGAIN_S

    async def read(self, space: str) -> None:
        """Learn a space's offset. Raises one of REDIS_AWAY."""
        self._learn(space, await self._redis.hget(CHANNEL, space) or 0)

    async def heard(self, space: str | None) -> None:
        """A space's offset has changed; None: any may have. Raises one of REDIS_AWAY."""
        if space is not None and space != _ALL:
            await self.read(space)
            return
        self._offsets = {}
        for name, offset in (await self._redis.hgetall(CHANNEL)).items():
            self._learn(str(name), offset)

    async def advance(self, space: str, by: timedelta) -> None:
        """Move a space's hand; of parallel calls each counts. Raises one of REDIS_AWAY."""
        await self._redis.hincrby(CHANNEL, space, by // _US)
        await self._tell(space)

    async def set(self, space: str, to: datetime) -> None:
        """Set a space's hand. Raises one of REDIS_AWAY."""
        await self._redis.hset(CHANNEL, space, (to - self._machine.now()) // _US)
        await self._tell(space)

    async def reset(self, space: str) -> None:
        """Back to the machine's time. Raises one of REDIS_AWAY."""
        await self._redis.hdel(CHANNEL, space)
        await self._tell(space)

    async def forget(self) -> None:
        """The offsets of all spaces have been deleted. Raises one of REDIS_AWAY."""
        await self._redis.publish(CHANNEL, _ALL)
        await self.heard(None)

    async def _tell(self, space: str) -> None:
        await self._redis.publish(CHANNEL, space)
        await self.read(space)

    def _learn(self, space: str, offset: bytes | str | int) -> None:
        self._offsets[space] = int(offset) * _US


def later(now: datetime, duration: str) -> datetime:
    """The instant an ISO 8601 duration after `now` (before, with a minus). Raises ValueError."""
    found = _DURATION.fullmatch(duration)
    if not found:
        raise ValueError("no ISO 8601 duration")
    sign = -1 if found["sign"] == "-" else 1
    years, months, *rest = (float(figure or 0) for figure in found.groups()[1:])
    weeks, days, hours, minutes, seconds = rest
    try:
        month = add_months(now, sign * int(12 * years + months))
        return in_reach(month + sign * timedelta(days, seconds, 0, 0, minutes, hours, weeks))
    except OverflowError as error:
        raise ValueError("out of reach") from error


def in_reach(instant: datetime) -> datetime:
    """The same instant, where the demo can go there. Raises ValueError."""
    if not _EARLIEST <= instant < _LATEST:
        raise ValueError("out of reach")
    return instant
