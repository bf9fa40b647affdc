"""Biometric credentials: a row for each WebAuthn credential. It is kept a while after its end, so that its owner is told why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from server.records.accounts import NOT_OVER
from server.records.database import delete_in_batches, fetch

_COLUMNS = """id, account, credential_id, public_key, sign_count, backup_eligible, label,
       created_at, expires_at, last_used_at, ended_at"""


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """One credential; `public_key` is COSE."""

    id: UUID
    account_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    backup_eligible: bool
    label: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    ended_at: datetime | None = None


async def add(row: CredentialRow, *, backed_up: bool, clock_name: str) -> bool:
    """Store a new one; False where some account, this or another, has or had one of that name."""
    values = (row.id, row.account_id, row.credential_id, row.public_key, row.sign_count, row.backup_eligible)
    rows = await fetch(
        """INSERT INTO biometric_credential (id, account, credential_id, public_key, sign_count, backup_eligible, backed_up,
            label, created_at, expires_at, clock)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (credential_id) DO NOTHING RETURNING id""",
        *values,
        backed_up,
        row.label,
        row.created_at,
        row.expires_at,
        clock_name,
    )
    return bool(rows)


async def named(credential_id: bytes) -> CredentialRow | None:
    """The credential that an authenticator knows by this name, alive, expired or ended."""
    rows = await fetch(f"SELECT {_COLUMNS} FROM biometric_credential WHERE credential_id = $1", credential_id)  # noqa: S608 - names of ours
    return CredentialRow(*rows[0]) if rows else None


async def of_account(account_id: UUID) -> list[CredentialRow]:
    """Those that have not been ended, by themselves or with all that the account had; expired or not, the newest first."""
    rows: Sequence[asyncpg.Record] = await fetch(
        f"""SELECT {_COLUMNS} FROM biometric_credential
        WHERE account = $1 AND ended_at IS NULL {NOT_OVER} ORDER BY created_at DESC""",  # noqa: S608 - text of ours
        account_id,
    )
    return [CredentialRow(*row) for row in rows]


async def may_tell_of_copy(row_id: UUID, now: datetime, since: datetime) -> bool:
    """Whether its owner has not been told since then that it may have been copied; if so, they are being told now."""
    sql = """UPDATE biometric_credential SET copy_told_at = $2
        WHERE id = $1 AND (copy_told_at IS NULL OR copy_told_at <= $3) RETURNING id"""
    return bool(await fetch(sql, row_id, now, since))


async def use(row_id: UUID, sign_count: int, now: datetime, *, backed_up: bool) -> bool:
    """It lets its owner in; False where it has ended, or a request beside this one has brought as high a counter.

    WebAuthn Level 3, section 7.2, step 22: the counter rises, unless the authenticator keeps none.
    """
    rows = await fetch(
        """UPDATE biometric_credential SET sign_count = $2, last_used_at = $3, backed_up = $4
        WHERE id = $1 AND ended_at IS NULL AND (sign_count < $2 OR (sign_count = 0 AND $2 = 0)) RETURNING id""",
        row_id,
        sign_count,
        now,
        backed_up,
    )
    return bool(rows)


async def end(row_ids: Sequence[UUID], now: datetime) -> int:
    """They let nobody in any more; how many of them had not ended before."""
    rows = await fetch(
        "UPDATE biometric_credential SET ended_at = $2 WHERE id = ANY($1) AND ended_at IS NULL RETURNING id", list(row_ids), now
    )
    return len(rows)


async def delete_ended(before: datetime) -> None:
    """Housekeeping."""
    await delete_in_batches("biometric_credential", "coalesce(ended_at, expires_at) < $1", before)
