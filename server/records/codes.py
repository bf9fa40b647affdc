"""Mailed codes: stored as keyed hashes, consumed by one conditional statement."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.records.database import delete_in_batches, fetch


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One code, of one account, purpose and attempt."""

    id: UUID
    code_hash: bytes
    sealed: bytes | None
    reference: str
    created_at: datetime
    expires_at: datetime
    void_at: datetime | None


async def sent_to(account_id: UUID, purpose: str, attempt: bytes) -> list[CodeRow]:
    """The attempt's codes that are not consumed, the newest first; the first is the one that counts, unless void."""
    rows = await fetch(
        """SELECT id, code_hash, sealed, reference, created_at, expires_at, void_at FROM code
        WHERE account = $1 AND purpose = $2 AND attempt = $3 AND consumed_at IS NULL ORDER BY created_at DESC""",
        account_id,
        purpose,
        attempt,
    )
    return [CodeRow(*row) for row in rows]


async def issue(row: CodeRow, account_id: UUID, purpose: str, attempt: bytes) -> None:
    """Store a new code and void those before it. Inside a transaction that holds the account."""
    await fetch(
        """UPDATE code SET void_at = $3, sealed = NULL
        WHERE account = $1 AND purpose = $2 AND void_at IS NULL AND consumed_at IS NULL""",
        account_id,
        purpose,
        row.created_at,
    )
    await fetch(
        """INSERT INTO code (id, account, purpose, attempt, code_hash, sealed, reference, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        row.id,
        account_id,
        purpose,
        attempt,
        row.code_hash,
        row.sealed,
        row.reference,
        row.created_at,
        row.expires_at,
    )


async def consume(code_id: UUID, now: datetime) -> bool:
    """Use a code up; False where it is used, void or expired by now. Of any number of parallel calls one gets True."""
    return bool(
        await fetch(
            """UPDATE code SET consumed_at = $2, sealed = NULL
            WHERE id = $1 AND consumed_at IS NULL AND void_at IS NULL AND expires_at > $2 RETURNING id""",
            code_id,
            now,
        )
    )


async def delete_older(than: datetime) -> None:
    """Housekeeping."""
    await delete_in_batches("code", "expires_at < $1", than)
