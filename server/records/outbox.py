"""Mails on their way. One is put here in the transaction of what it tells; deliverers claim it and send it.

A claim is a lease, not a long transaction: a deliverer that is killed leaves a row that falls due again.
Leases and retries (`next_try_at`) are instants of the machine's clock, whatever clock the row's own instants
were read from.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from server import policy
from server.records.database import COMMAND_TIMEOUT_S, CONNECT_TIMEOUT_S, DATABASE_AWAY, Database, delete_in_batches, fetch

CHANNEL = "portillon_outbox"

# As long as the column: a server may say a lot.
_ERROR_LENGTH = 200

# A new mail is due whatever the time, since its writer may live by a moved clock; so it goes before all that
# are tried again. One that can wait goes after all new ones: nobody's code stands behind a thousand reminders.
# The notice goes out when the transaction commits.
_PUT = """
WITH written AS (
  INSERT INTO outbox_message (id, kind, recipient, body, clock, created_at, expires_at, next_try_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $9 THEN 'epoch' ELSE '-infinity' END::timestamptz)
)
SELECT pg_notify($8, '')
"""

# A lease that lies further ahead than any of ours was written by a clock that was wrong: the row is due.
_CLAIM = """
WITH due AS MATERIALIZED (
  SELECT id FROM outbox_message
  WHERE sent_at IS NULL AND dropped_at IS NULL AND (next_try_at <= $1 OR next_try_at > $2)
  ORDER BY next_try_at, created_at LIMIT $3
  FOR UPDATE SKIP LOCKED
)
UPDATE outbox_message SET next_try_at = $4, tries = tries + 1
FROM due WHERE outbox_message.id = due.id
RETURNING outbox_message.id, kind, recipient, body, clock, expires_at, tries
"""

# `tries` names the claim: whoever lost its lease has no more say in what comes next. But sent is sent.
_SENT = "UPDATE outbox_message SET sent_at = $2, body = NULL, last_error = NULL WHERE id = $1 AND sent_at IS NULL"
_FAILED = """
UPDATE outbox_message SET next_try_at = $3, last_error = $4
WHERE id = $1 AND tries = $2 AND sent_at IS NULL AND dropped_at IS NULL
"""
_DROP = """
UPDATE outbox_message SET dropped_at = $3, body = NULL, last_error = $4
WHERE id = $1 AND tries = $2 AND sent_at IS NULL AND dropped_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A mail ready to send. `body` is the whole message as it goes over SMTP: headers, text, HTML.

    A duplicate carries the same Message-ID, which is made of `id`. It is not sent after `expires_at`.
    """

    id: UUID
    kind: str
    recipient: str
    message_id: str
    body: bytes
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """A mail that this process alone may send, until its lease ends. `tries` counts this one."""

    id: UUID
    kind: str
    recipient: str
    body: bytes
    clock: str
    expires_at: datetime
    tries: int


async def put(
    mail: OutgoingMail, *, now: datetime, clock_name: str, seal: Callable[[bytes], bytes], can_wait: bool = False
) -> None:
    """Store a mail and wake the deliverers, both when the caller's transaction commits.

    `now` and the mail's expiry were read from the clock named `clock_name`; `seal` is `Keys.seal`. What nobody waits for at a
    screen `can_wait`.
    """
    values = (mail.id, mail.kind, mail.recipient, seal(mail.body), clock_name, now, mail.expires_at, CHANNEL, can_wait)
    await fetch(_PUT, *values)


async def claim(now: datetime, *, lease: timedelta, most: int) -> Sequence[ClaimedMail]:
    """Take up to so many mails that are due, new ones first, each for nobody else until the lease ends."""
    absurd = now + 2 * max(policy.MAIL_RETRY_MOST, lease)
    return [ClaimedMail(**row) for row in await fetch(_CLAIM, now, absurd, most, now + lease)]


async def mark_sent(mail: ClaimedMail, at: datetime) -> None:
    """The SMTP server has taken it: the body goes."""
    await fetch(_SENT, mail.id, at)


async def mark_failed(mail: ClaimedMail, now: datetime, error: str) -> None:
    """Try again later: after twice as long each time."""
    wait = min(policy.MAIL_RETRY_FIRST * 2 ** min(mail.tries - 1, 30), policy.MAIL_RETRY_MOST)
    await fetch(_FAILED, mail.id, mail.tries, now + wait, error[:_ERROR_LENGTH])


async def drop(mail: ClaimedMail, at: datetime, reason: str) -> None:
    """Give it up: the body goes, the reason stays."""
    await fetch(_DROP, mail.id, mail.tries, at, reason[:_ERROR_LENGTH])


@asynccontextmanager
async def notices(wake: Callable[[], None]) -> AsyncIterator[Callable[[float], Awaitable[None]]]:
    """Call `wake` whenever a mail was put, over a connection of its own.

    Gives a function that waits so many seconds while that connection lives. Both raise one of DATABASE_AWAY.
    """
    connection = await asyncpg.connect(
        Database.engine().config["dsn"],
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=COMMAND_TIMEOUT_S,
        server_settings={"application_name": CHANNEL},
    )
    lost = asyncio.Event()
    connection.add_termination_listener(lambda *_: lost.set())

    async def listen(seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(lost.wait(), seconds)
        # A connection that died without a word shows here only.
        await connection.execute("SELECT")

    try:
        await connection.add_listener(CHANNEL, lambda *_: wake())
        yield listen
    finally:
        with suppress(*DATABASE_AWAY):
            await connection.close(timeout=1)


async def delete_older(than: datetime) -> None:
    """Housekeeping: what was sent or given up before then."""
    await delete_in_batches("outbox_message", "coalesce(sent_at, dropped_at) < $1", than)
