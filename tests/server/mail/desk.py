"""Clocks that are moved, and mails to put in the outbox."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from server.keys import Keys
from server.mail.messages import Messages
from server.records import outbox
from server.records.database import fetch, transaction
from server.records.outbox import OutgoingMail
from server.settings import MailSettings
from tests.server.mail.post_office import LONG_ENOUGH_S, PostOffice

NOON = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
SENDER = "ne-pas-repondre@assurance.example"
KEYS = Keys(b"n" * 32, (("test", b"m" * 32),))


class MovableClock:
    """Stands still until it is moved. Other names are other clocks, apart by `offsets`."""

    name = ""

    def __init__(self) -> None:
        self.offsets: dict[str, timedelta] = {}

    def now(self, name: str | None = None) -> datetime:
        return NOON + self.offsets.get(self.name if name is None else name, timedelta())

    def advance(self, by: timedelta, name: str = "") -> None:
        self.offsets[name] = self.offsets.get(name, timedelta()) + by


def mail_settings(office: PostOffice, **changes: object) -> MailSettings:
    settings = {
        "host": "localhost",
        "port": office.port,
        "security": "none",
        "sender": SENDER,
        "timeout_s": 5.0,
    }
    return MailSettings(**{**settings, **changes})  # type: ignore[arg-type]


@dataclass
class Desk:
    """Writes mails into the outbox, and reads what became of them."""

    messages: Messages
    clock: MovableClock

    def code_mail(self, to: str = "claire@poste.example", *, space: str = "") -> OutgoingMail:
        now = self.clock.now(space)
        return self.messages.login_code(
            to=to,
            code="048291",
            reference="AC34",
            asked_from="Firefox, Linux",
            asked_at=now,
            expires_at=now + timedelta(minutes=15),
        )

    async def put(self, mail: OutgoingMail, *, space: str = "") -> OutgoingMail:
        async with transaction():
            await outbox.put(mail, now=self.clock.now(space), clock_name=space, seal=KEYS.seal)
        return mail

    async def row(self, mail: OutgoingMail) -> dict[str, object]:
        rows = await fetch("SELECT * FROM outbox_message WHERE id = $1", mail.id)
        return dict(rows[0])

    async def row_when(self, mail: OutgoingMail, column: str) -> dict[str, object]:
        """The mail's row, once that column has a value."""
        async with asyncio.timeout(LONG_ENOUGH_S):
            while True:
                row = await self.row(mail)
                if row[column] is not None:
                    return row
                await asyncio.sleep(0.01)

    async def nudge(self) -> None:
        """What a deliverer hears at a commit."""
        await fetch("SELECT pg_notify($1, '')", outbox.CHANNEL)
