"""Trusted devices and credentials whose end is near: each is claimed once for each reminder, in the transaction of its mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from server.records.database import fetch

Table = Literal["trusted_device", "biometric_credential"]

# By the partial index on `expires_at`. Rows that another worker holds are its own to tell of.
CLAIM = """
WITH due AS MATERIALIZED (
  SELECT e.id, a.email, p.nir FROM {table} e
  JOIN account a ON a.id = e.account JOIN insured_person p ON p.id = a.person
  WHERE e.ended_at IS NULL AND e.expires_at > $1 AND e.expires_at >= $2 AND e.expires_at <= $3
    AND e.clock = $4 AND e.reminders < $5
    AND a.closed_on IS NULL AND (a.ended_at IS NULL OR e.created_at > a.ended_at)
    AND a.email IS NOT NULL AND a.email_confirmed_at IS NOT NULL
  ORDER BY e.expires_at LIMIT $6 FOR UPDATE OF e SKIP LOCKED
)
UPDATE {table} AS e SET reminders = $5 FROM due WHERE e.id = due.id
RETURNING e.label, e.expires_at, due.nir, due.email
"""


@dataclass(frozen=True, slots=True)
class Ending:
    """What will soon let nobody in, and whom to tell."""

    label: str
    expires_at: datetime
    nir: str
    email: str


@dataclass(frozen=True, slots=True)
class Window:
    """What expires after `after` and by `until`, by the clock of this name, and has been told of fewer than `reminder` times."""

    after: datetime
    until: datetime
    clock_name: str
    reminder: int


async def claim(table: Table, window: Window, *, since: datetime, most: int) -> Sequence[Ending]:
    """Up to so many, from those on that expire at `since`; they have been told of with the transaction in force."""
    sql = CLAIM.format(table=table)
    rows = await fetch(sql, window.after, since, window.until, window.clock_name, window.reminder, most)
    return [Ending(**row) for row in rows]
