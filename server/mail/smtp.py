"""The way to the SMTP server: connections that stay open, and never in clear where TLS is set."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from server.settings import MailSettings

_QUIT_TIMEOUT_S = 1.0
_PERMANENT = range(500, 600)


class MailRefused(Exception):
    """The server will never take this mail for this recipient; the text is its answer."""


class Envelope:
    """A connection on which our sender's address was accepted."""

    def __init__(self, smtp: SMTP) -> None:
        self._smtp = smtp

    async def send(self, recipient: str, message: bytes) -> None:
        """Hand the mail over. Raises MailRefused for a 5xx, SMTPException or OSError for what may pass.

        `message` is what `OutgoingMail.body` is.
        """
        try:
            await self._smtp.rcpt(recipient)
            await self._smtp.data(message)
        except (SMTPRecipientRefused, SMTPDataError) as answer:
            if answer.code in _PERMANENT:
                raise MailRefused(f"{answer.code} {answer.message}") from answer
            raise


class SmtpServer:
    """The one that takes our mail. At most as many connections are open as envelopes are at once."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        # The last used goes first: under little load one stays warm. The flag says that the last mail on it
        # broke off, which must not leak into the next.
        self._idle: list[tuple[SMTP, bool]] = []
        # Certificates are verified against the system's authorities, or those that SSL_CERT_FILE names.
        self._tls = None if settings.security == "none" else ssl.create_default_context()

    @asynccontextmanager
    async def envelope(self) -> AsyncIterator[Envelope]:
        """Lend a connection for one mail. Raises SMTPException or OSError; the caller bounds the time."""
        smtp = await self._begin()
        try:
            yield Envelope(smtp)
        except (SMTPRecipientRefused, SMTPDataError, MailRefused):
            self._idle.append((smtp, True))
            raise
        except BaseException:
            self._hang_up(smtp)
            raise
        self._idle.append((smtp, False))

    async def close(self) -> None:
        """Say goodbye on the idle connections."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(_quit(smtp) for smtp, _ in idle))

    async def _begin(self) -> SMTP:
        while self._idle:
            smtp, broke_off = self._idle.pop()
            # Servers close what is idle, or has carried enough mails: it shows here, and a new one will do.
            with suppress(SMTPServerDisconnected, SMTPResponseException):
                return await self._mail_from(smtp, reset=broke_off)
        return await self._mail_from(await self._connect(), reset=False)

    async def _mail_from(self, smtp: SMTP, *, reset: bool) -> SMTP:
        try:
            if reset:
                await smtp.rset()
            await smtp.mail(self._settings.sender)
        except BaseException:
            self._hang_up(smtp)
            raise
        return smtp

    async def _connect(self) -> SMTP:
        settings = self._settings
        smtp = SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.user or None,
            password=settings.password if settings.user else None,
            # A domain of ours, and no wait for the resolver, as the machine's full name would take.
            local_hostname=settings.sender.rpartition("@")[2],
            timeout=settings.timeout_s,
            use_tls=settings.security == "tls",
            # Said out loud: left unset, it goes on in clear where the server offers no TLS (measured).
            start_tls=settings.security == "starttls",
            tls_context=self._tls,
        )
        await smtp.connect()
        return smtp

    def _hang_up(self, smtp: SMTP) -> None:
        """This one is out of step or cut off; those that lie idle have been silent for longer still."""
        smtp.close()
        while self._idle:
            self._idle.pop()[0].close()


async def _quit(smtp: SMTP) -> None:
    with suppress(SMTPException, OSError, TimeoutError):
        await asyncio.wait_for(smtp.quit(), _QUIT_TIMEOUT_S)
    smtp.close()
