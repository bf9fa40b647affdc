"""The jobs that run beside the doors: mail, reminders, tidying up. In the server's processes, or in one of their own."""

import asyncio
import signal

from server.clock import Clock, SystemClock
from server.jobs import housekeeping
from server.jobs.reminders import Reminders
from server.keys import Keys
from server.mail.delivery import Delivery
from server.randomness import SystemRandomness
from server.records.database import Database
from server.settings import Settings


async def run_jobs(settings: Settings, clock: Clock, keys: Keys, stop: asyncio.Event) -> None:
    """Until `stop` is set; what is under way ends first."""
    delivery = Delivery(settings.mail, clock, keys)
    reminders = Reminders(settings, clock, keys, SystemRandomness())
    await asyncio.gather(delivery.run(stop), reminders.run(stop), housekeeping.run(clock, stop))


async def run_worker(settings: Settings) -> None:
    """`portillon worker`: until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Database.open(settings.database_url)
    try:
        await run_jobs(settings, SystemClock(), Keys(settings.number_key, settings.master_keys), stop)
    finally:
        await Database.close()
