"""A mail before a trusted device or a credential expires, so that nobody is taken by surprise.

Source: security page, *WebAuthn* (last line); when: `policy.REMINDERS_BEFORE_EXPIRY`.
"""

import asyncio
from datetime import datetime
from itertools import pairwise
from typing import Protocol

import structlog

from server import policy
from server.clock import Clock
from server.jobs.housekeeping import hourly
from server.journal import Journal
from server.keys import Keys
from server.logs import told
from server.mail.messages import Messages
from server.randomness import Randomness
from server.records import outbox, reminders
from server.records.activity import Event
from server.records.database import transaction
from server.records.outbox import OutgoingMail
from server.records.reminders import Ending, Table, Window
from server.settings import Settings

_log = structlog.get_logger("portillon.reminders")
# Rows stay locked for a batch only, so that no login waits for it; a run that has more to tell goes on an hour later.
_BATCH, _BATCHES = 50, 100


class _Write(Protocol):
    def __call__(self, *, to: str, browser: str, until: datetime, at: datetime) -> OutgoingMail: ...


class Reminders:
    """Tells owners what is about to end. Any number of workers may do so at once."""

    def __init__(self, settings: Settings, clock: Clock, keys: Keys, randomness: Randomness) -> None:
        self._clock = clock
        self._keys = keys
        self._journal = Journal(clock)
        messages = Messages(settings.site, settings.mail.sender, randomness)
        self._mails: dict[Table, _Write] = {
            "trusted_device": messages.device_expiring,
            "biometric_credential": messages.biometric_expiring,
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop; what fails is logged and tried again an hour later."""

        async def attempt() -> None:
            try:
                await self.run_once()
            except Exception as fault:  # noqa: BLE001 - its trouble must not end the mail beside
                _log.warning("reminders-put-off", **told(fault))

        await hourly(attempt, stop)

    async def run_once(self, clock_name: str = "") -> None:
        """Tell of what ends soon by the clock of this name; of two reminders that have fallen due the nearest alone goes out.

        Raises one of DATABASE_AWAY.
        """
        now = self._clock.now(clock_name)
        ends = [*(now + before for before in sorted(policy.REMINDERS_BEFORE_EXPIRY, reverse=True)), now]
        for reminder, (until, after) in enumerate(pairwise(ends), start=1):
            for table in self._mails:
                await self._tell_of_all(table, Window(after, until, clock_name, reminder))

    async def _tell_of_all(self, table: Table, window: Window) -> None:
        since = window.after
        for _ in range(_BATCHES):
            async with transaction():
                ending = await reminders.claim(table, window, since=since, most=_BATCH)
                for one in ending:
                    await self._tell(table, one, window.clock_name)
            if len(ending) < _BATCH:
                return
            since = max(one.expires_at for one in ending)

    async def _tell(self, table: Table, one: Ending, clock_name: str) -> None:
        """Inside the transaction that claims it."""
        now = self._clock.now(clock_name)
        try:
            mail = self._mails[table](to=one.email, browser=one.label, until=one.expires_at, at=now)
        except ValueError:  # no mail can be sent there, now or later; the others must not wait for it
            _log.warning("reminder-without-address", subject=self._keys.subject(one.nir).hex())
            return
        await outbox.put(mail, now=now, clock_name=clock_name, seal=self._keys.seal, can_wait=True)
        event = Event(now, mail.kind, "done", one.label, {"expires_at": one.expires_at})
        await self._journal.write(self._keys.subject(one.nir), event)
