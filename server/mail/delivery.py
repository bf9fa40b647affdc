"""The delivery worker: takes mails from the outbox to the SMTP server, as soon as they are committed.

At least once: whoever is killed between the server's 250 and the note of it leaves a mail that is sent again,
with the same Message-ID (security page, *Faults*). Any number of workers may run at once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from aiosmtplib import SMTPResponseException

from server.clock import Clock, SystemClock
from server.keys import Keys
from server.logs import told
from server.mail.smtp import MailRefused, SmtpServer
from server.records import outbox
from server.records.outbox import ClaimedMail
from server.settings import MailSettings

# A net under the notices that PostgreSQL sends at commit, and the wake-up of what is tried again.
LOOK_EVERY_S = 2.0
# How often to turn to a database that is away.
_AGAIN_S = 0.5

_log = structlog.get_logger(__name__)


class _TooLate(Exception):
    """The mail expired while a connection was sought for it."""


class Delivery:
    """Delivers mails, a few at a time.

    `clock` tells whether a mail has expired, by the clock its writer lived by; `machine` times leases and
    retries, so that these go on when nobody moves the clock.
    """

    def __init__(self, settings: MailSettings, clock: Clock, keys: Keys, machine: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._keys = keys
        self._machine = machine or SystemClock()
        self._server = SmtpServer(settings)
        # One time-out for the sending, the rest to note its outcome.
        self._lease = timedelta(seconds=3 * settings.timeout_s)
        self._sending: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._behind = False

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; then finish what is under way, within the SMTP time-out or so."""
        helpers = [asyncio.create_task(self._listen()), asyncio.create_task(self._wake_at(stop))]
        try:
            while await self._wake.wait() and not stop.is_set():
                self._wake.clear()
                await self._send_due()
            if self._sending:
                await asyncio.wait(self._sending, timeout=self._settings.timeout_s)
        finally:
            tasks = [*helpers, *self._sending]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._server.close()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    async def _listen(self) -> None:
        while True:
            try:
                async with outbox.notices(self._wake.set) as listen:
                    while True:
                        self._wake.set()
                        await listen(LOOK_EVERY_S)
            except Exception as error:  # noqa: BLE001 - the worker outlives any fault
                _log_fault(error)
            await asyncio.sleep(_AGAIN_S)

    async def _send_due(self) -> None:
        free = self._settings.connections - len(self._sending)
        try:
            mails = await outbox.claim(self._machine.now(), lease=self._lease, most=free) if free else ()
        except Exception as error:  # noqa: BLE001 - the worker outlives any fault
            _log_fault(error)
            return
        self._behind = len(mails) == free
        for mail in mails:
            task = asyncio.create_task(self._deliver(mail))
            self._sending.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("mail outcome not noted", **told(error))
        if self._behind:
            self._wake.set()

    async def _deliver(self, mail: ClaimedMail) -> None:
        line = _log.bind(mail=str(mail.id), kind=mail.kind, tries=mail.tries)
        try:
            await self._send(mail)
        except _TooLate:
            line.warning("mail expired")
            await self._note(lambda: outbox.drop(mail, self._clock.now(mail.clock), "expired"))
        except MailRefused as refusal:
            reason = str(refusal)
            line.warning("mail refused", code=reason[:3])
            await self._note(lambda: outbox.drop(mail, self._clock.now(mail.clock), reason))
        except Exception as error:  # noqa: BLE001 - whatever it is, the mail must be tried again, but not at once
            text = f"{type(error).__name__}: {error}"
            # An SMTP server's words may hold the address: they are for the table, not for the log.
            code = error.code if isinstance(error, SMTPResponseException) else None
            line.warning("mail failed", error=type(error).__name__, code=code)
            await self._note(lambda: outbox.mark_failed(mail, self._machine.now(), text))
        else:
            line.info("mail sent")
            await self._note(lambda: outbox.mark_sent(mail, self._clock.now(mail.clock)))

    async def _send(self, mail: ClaimedMail) -> None:
        self._refuse_late(mail)
        body = self._keys.unseal(mail.body)
        # One bound for connecting, greeting, TLS and the rest together: a server may be slow at each.
        async with asyncio.timeout(self._settings.timeout_s), self._server.envelope() as envelope:
            self._refuse_late(mail)
            await envelope.send(mail.recipient, body)

    def _refuse_late(self, mail: ClaimedMail) -> None:
        if self._clock.now(mail.clock) >= mail.expires_at:
            raise _TooLate

    async def _note(self, write: Callable[[], Awaitable[None]]) -> None:
        """Write an outcome down, again and again while the lease holds: an unnoted mail is sent twice."""
        last = self._machine.now() + self._lease - timedelta(seconds=self._settings.timeout_s)
        while True:
            try:
                return await write()
            except Exception:  # a database that goes away shows itself in more ways than one
                if self._machine.now() >= last:
                    raise
            await asyncio.sleep(_AGAIN_S)


def _log_fault(error: Exception) -> None:
    """A database that is away, or a fault of ours: what may be told of it."""
    _log.warning("outbox unreachable", **told(error))
