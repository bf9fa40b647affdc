"""What is of no more use is deleted, once an hour, alike for known and unknown numbers."""

import asyncio
from contextlib import suppress

import structlog

from server import policy
from server.clock import Clock
from server.records import activity, codes, counters, devices, outbox
from server.records.database import DATABASE_AWAY

_log = structlog.get_logger("portillon.housekeeping")
_EVERY_S = 3600.0


async def tidy(clock: Clock) -> None:
    """Delete what is older than the policy keeps. Raises one of DATABASE_AWAY."""
    now = clock.now()
    await counters.delete_older(now - policy.COUNTERS_KEPT)
    await codes.delete_older(now - policy.CODES_KEPT)
    await devices.delete_ended(now - policy.DEVICES_KEPT_AFTER_END)
    await activity.delete_older(now - policy.ACTIVITY_KEPT)
    await outbox.delete_older(now - policy.OUTBOX_KEPT)


async def run(clock: Clock, stop: asyncio.Event) -> None:
    """Tidy until told to stop; a database that is away is no reason to end."""
    while not stop.is_set():
        try:
            await tidy(clock)
        except DATABASE_AWAY as fault:
            _log.warning("housekeeping-put-off", fault=repr(fault))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _EVERY_S)
