"""Trusted devices: a row for each browser and account, with the hash of a secret that is rotated at each use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.records.accounts import NOT_OVER
from server.records.database import delete_in_batches, fetch


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One browser that one account trusts, or trusted."""

    id: UUID
    token_hash: bytes
    previous_hash: bytes | None
    rotated_at: datetime | None
    label: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None


async def of_account(account_id: UUID) -> list[DeviceRow]:
    """Those that have not been ended, by themselves or with all that the account had; expired or not, the newest first."""
    rows = await fetch(
        f"""SELECT id, token_hash, previous_hash, rotated_at, label, created_at, expires_at, last_used_at FROM trusted_device
        WHERE account = $1 AND ended_at IS NULL {NOT_OVER} ORDER BY created_at DESC""",  # noqa: S608 - text of ours
        account_id,
    )
    return [DeviceRow(*row) for row in rows]


async def presented(account_id: UUID, ids: Sequence[UUID]) -> list[DeviceRow]:
    """Those of these devices that are the account's and have not ended."""
    rows = await fetch(
        """SELECT id, token_hash, previous_hash, rotated_at, label, created_at, expires_at FROM trusted_device
        WHERE account = $1 AND id = ANY($2) AND ended_at IS NULL""",
        account_id,
        list(ids),
    )
    return [DeviceRow(*row) for row in rows]


async def live(device_id: UUID) -> bool:
    """Whether its trust has not ended."""
    return bool(await fetch("SELECT 1 FROM trusted_device WHERE id = $1 AND ended_at IS NULL", device_id))


async def add(row: DeviceRow, account_id: UUID, *, clock_name: str) -> None:
    """Trust a browser."""
    await fetch(
        """INSERT INTO trusted_device (id, account, token_hash, label, created_at, expires_at, last_used_at, clock)
        VALUES ($1, $2, $3, $4, $5, $6, $5, $7)""",
        row.id,
        account_id,
        row.token_hash,
        row.label,
        row.created_at,
        row.expires_at,
        clock_name,
    )


async def rotate(device_id: UUID, old: bytes, new: bytes, now: datetime, received_at: datetime) -> bool:
    """Give the browser a new secret.

    False where a request beside this one, which came in at `received_at`, has just done so, or where the device has ended.
    """
    return bool(
        await fetch(
            """UPDATE trusted_device SET token_hash = $3, previous_hash = $2, rotated_at = $4, last_used_at = $4
            WHERE id = $1 AND token_hash = $2 AND ended_at IS NULL AND (rotated_at IS NULL OR rotated_at < $5) RETURNING id""",
            device_id,
            old,
            new,
            now,
            received_at,
        )
    )


async def end(device_id: UUID, now: datetime) -> bool:
    """Trust it no more; False where it had ended."""
    rows = await fetch("UPDATE trusted_device SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING id", device_id, now)
    return bool(rows)


async def delete_ended(before: datetime) -> None:
    """Housekeeping."""
    await delete_in_batches("trusted_device", "coalesce(ended_at, expires_at) < $1", before)
