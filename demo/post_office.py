"""The demo's own SMTP server: mails take the real way out, and end in the mailbox instead of the world."""

import asyncio
import email
import email.policy
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from email.message import EmailMessage, MIMEPart
from uuid import UUID

import asyncpg
from aiosmtpd.smtp import SMTP, Envelope, Session
from redis.asyncio import Redis

from demo import link
from demo.clock import DemoClock
from demo.mailbox import Mailbox, Message
from server.records.database import DATABASE_AWAY
from server.records.redis import REDIS_AWAY

_MOST_BYTES = 1_000_000
# A code stands alone on its line, digits in groups or not; a link is the first one of the text.
_CODE = re.compile(r"^[ \t]*(\d(?:[ \u00a0\u202f]?\d){3,7})[ \t]*$", re.MULTILINE | re.ASCII)
# Our Message-IDs: the outbox's own number, at the sender's domain.
_NUMBER = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@")
_LINK = re.compile(r"https?://[^\s<>\"]+")


@asynccontextmanager
async def post_office(database_url: str, redis_url: str) -> AsyncIterator[int]:
    """Take mails on the port that is given, of the loopback address, while the block lasts."""
    loop = asyncio.get_running_loop()
    redis = link.connect(redis_url)
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4, command_timeout=2) as database:
        counter = _Counter(database, redis)
        server = await loop.create_server(
            lambda: SMTP(counter, hostname="boite.example", data_size_limit=_MOST_BYTES), "127.0.0.1"
        )
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            await redis.aclose()


class _Counter:
    """Takes a mail, keeps it, and only then says so."""

    def __init__(self, database: asyncpg.Pool, redis: "Redis") -> None:
        self._database = database
        self._clock = DemoClock(redis)
        self._mailbox = Mailbox(redis)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - found by this name
        assert isinstance(envelope.content, bytes)  # noqa: S101 - decode_data is off
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)  # noqa: S101 - as that policy has it
        try:
            sent_at = await self._present(mail)
            for recipient in envelope.rcpt_tos:
                await self._mailbox.put(read(mail, recipient, sent_at))
        except (*DATABASE_AWAY, *REDIS_AWAY):
            return "451 The mailbox is away, try again later"
        return "250 OK"

    async def _present(self, mail: EmailMessage) -> datetime:
        """Now, by the clock that the mail was written by: the outbox knows it, under the Message-ID."""
        number = _NUMBER.match(str(mail["Message-ID"]))
        if number:
            space = await self._database.fetchval("SELECT clock FROM outbox_message WHERE id = $1", UUID(number[1]))
            if space is not None:
                await self._clock.read(space)
                return self._clock.now(space)
        # Not from our outbox, or a reset has emptied it meanwhile.
        return self._clock.now()


def read(mail: EmailMessage, recipient: str, sent_at: datetime) -> Message:
    """What a person, and a test, reads in a mail."""
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    words = _content(text) or ""
    code, target = _CODE.search(words), _LINK.search(words)
    return Message(
        kind=_header(mail, "X-Portillon-Kind"),
        to=recipient,
        subject=_header(mail, "Subject") or "",
        text=words,
        html=_content(html),
        sent_at=sent_at,
        code=re.sub(r"\D", "", code[1]) if code else None,
        link=target[0] if target else None,
        reference=_header(mail, "X-Portillon-Reference"),
        headers={name: str(value) for name, value in mail.items()},
    )


def _content(part: MIMEPart | None) -> str | None:
    return str(part.get_content()).replace("\r\n", "\n") if part else None


def _header(mail: EmailMessage, name: str) -> str | None:
    """A plain string: the library gives one of a class of its own."""
    return str(mail[name]) if name in mail else None
