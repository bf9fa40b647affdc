"""A delivery worker as a process of its own, to be run twice at once or killed. Arguments: database, port, time-out."""

import asyncio
import signal
import sys

from server.clock import SystemClock
from server.mail.delivery import Delivery
from server.records.database import Database
from server.settings import MailSettings
from tests.server.mail.desk import KEYS, SENDER, MovableClock


class _Clocks(MovableClock):
    """Expiry by the tests' still clock; leases are the machine's, and short."""


async def main(database_url: str, port: str, timeout_s: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await Database.open(database_url)
    settings = MailSettings(host="localhost", port=int(port), security="none", sender=SENDER, timeout_s=float(timeout_s))
    print("at work", flush=True)  # noqa: T201 - the test waits for it
    await Delivery(settings, _Clocks(), KEYS, SystemClock()).run(stop)
    await Database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
