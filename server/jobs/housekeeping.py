"""What is of no more use is deleted, once an hour, alike for known and unknown numbers."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from server import policy
from server.clock import Clock
from server.logs import told
from server.records import activity, browsers, codes, counters, credentials, devices, outbox

_log = structlog.get_logger("portillon.housekeeping")
_EVERY_S = 3600.0


async def tidy(clock: Clock) -> None:
    """Delete what is older than the policy keeps; what fails is logged and tried again an hour later."""
    now = clock.now()
    for delete, kept in (
        (counters.delete_older, policy.COUNTERS_KEPT),
        (codes.delete_older, policy.CODES_KEPT),
        (devices.delete_ended, policy.DEVICES_KEPT_AFTER_END),
        (credentials.delete_ended, policy.CREDENTIALS_KEPT_AFTER_END),
        (browsers.delete_older, policy.BROWSER_KNOWN),
        (activity.delete_older, policy.ACTIVITY_KEPT),
        (outbox.delete_older, policy.OUTBOX_KEPT),
    ):
        try:
            await delete(now - kept)
        except Exception as fault:  # noqa: BLE001 - one table's trouble must end neither the others' turn nor the mail beside
            _log.warning("housekeeping-put-off", **told(fault))


async def run(clock: Clock, stop: asyncio.Event) -> None:
    """Tidy until told to stop."""
    await hourly(lambda: tidy(clock), stop)


async def hourly(work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Do it now, and once an hour until told to stop."""
    while not stop.is_set():
        await work()
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _EVERY_S)
