"""What we know of an account's owner in one browser: greet me here, offer no biometrics here, this credential is used here.

One row a browser and account.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.records.database import delete_in_batches, fetch


@dataclass(frozen=True, slots=True)
class BrowserRow:
    """What one account has said of one browser. `credential_id` is the row's id of the credential last used there."""

    account_id: UUID
    remembered_at: datetime | None
    biometrics_declined_at: datetime | None
    credential_id: UUID | None


async def of(token_hash: bytes) -> list[BrowserRow]:
    """What the accounts of this browser have said, the one remembered last first."""
    rows = await fetch(
        """SELECT account, remembered_at, biometrics_declined_at, credential FROM known_browser WHERE token_hash = $1
        ORDER BY remembered_at DESC NULLS LAST""",
        token_hash,
    )
    return [BrowserRow(*row) for row in rows]


async def say(token_hash: bytes, account_id: UUID, now: datetime) -> None:
    """The account knows this browser; what it has said of it stands."""
    await fetch(
        """INSERT INTO known_browser (token_hash, account, changed_at) VALUES ($1, $2, $3)
        ON CONFLICT (token_hash, account) DO UPDATE SET changed_at = excluded.changed_at""",
        token_hash,
        account_id,
        now,
    )


async def decline_biometrics(token_hash: bytes, account_id: UUID, at: datetime | None) -> None:
    """Offer none here any more; with None, offer them again."""
    await fetch(
        "UPDATE known_browser SET biometrics_declined_at = $3 WHERE token_hash = $1 AND account = $2", token_hash, account_id, at
    )


async def use_credential(token_hash: bytes, account_id: UUID, credential_id: UUID) -> None:
    """That credential is used here."""
    await fetch(
        "UPDATE known_browser SET credential = $3 WHERE token_hash = $1 AND account = $2", token_hash, account_id, credential_id
    )


async def remember(token_hash: bytes, account_id: UUID, at: datetime) -> None:
    """The browser's first page greets this account, and no other."""
    await fetch(
        "UPDATE known_browser SET remembered_at = CASE WHEN account = $2 THEN $3::timestamptz END WHERE token_hash = $1",
        token_hash,
        account_id,
        at,
    )


async def forget(token_hash: bytes) -> None:
    """The browser's first page greets nobody."""
    await fetch("UPDATE known_browser SET remembered_at = NULL WHERE token_hash = $1", token_hash)


async def delete_older(than: datetime) -> None:
    """Housekeeping: the cookie has expired by then."""
    await delete_in_batches("known_browser", "changed_at < $1", than)
