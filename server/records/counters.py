"""Counters, quotas and locks: one atomic statement each, so that of any number of parallel tries only the allowed are judged.

The statements charge before anything is judged (security page, *Guessing*). A lock stands from the charge that exhausts the
tries; a right answer takes back the lock that its own charge set, and no other. `locked_at` outlives the lock: it kills the
login attempts that began before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.records.database import delete_in_batches, fetch

_CHARGE = """
INSERT INTO counter AS c (key, tries, in_a_row, granted_at, changed_at) VALUES ($1, 1, 1, '{}', $2)
ON CONFLICT (key) DO UPDATE SET
  tries = CASE WHEN c.tries >= $3 THEN 1 ELSE c.tries + 1 END,
  in_a_row = c.in_a_row + 1,
  locked_at = CASE WHEN c.tries + 1 = $3 THEN $2 ELSE c.locked_at END,
  locked_until = CASE WHEN c.tries + 1 = $3 THEN $2 + $4::interval END,
  changed_at = $2
WHERE (c.locked_until IS NULL OR c.locked_until <= $2) AND ($5::int IS NULL OR c.in_a_row < $5)
RETURNING tries, in_a_row, locked_at, locked_until, (SELECT b.locked_at FROM counter b WHERE b.key = $1) AS locked_before
"""

_SETTLE = """
UPDATE counter SET tries = 0, in_a_row = 0, locked_until = NULL, changed_at = $2,
  locked_at = CASE WHEN locked_at = $3 THEN $4 ELSE locked_at END
WHERE key = $1 AND (locked_until IS NULL OR locked_until <= $2 OR locked_at = $3)
RETURNING key
"""

_GRANT = """
INSERT INTO counter AS c (key, tries, in_a_row, granted_at, changed_at) VALUES ($1, 0, 0, ARRAY[$2::timestamptz], $2)
ON CONFLICT (key) DO UPDATE SET
  (granted_at, locked_at, locked_until) = (
    SELECT CASE WHEN count(t) < $3 THEN coalesce(array_agg(t ORDER BY t), '{}') || $2::timestamptz ELSE c.granted_at END,
           CASE WHEN count(t) < $3 THEN NULL ELSE $2::timestamptz END,
           CASE WHEN count(t) < $3 THEN NULL ELSE $2 + $5::interval END
    FROM unnest(c.granted_at) AS t WHERE t > $2 - $4::interval),
  changed_at = $2
WHERE c.locked_until IS NULL OR c.locked_until <= $2
RETURNING granted_at, locked_at, locked_until
"""


@dataclass(frozen=True, slots=True)
class CounterRow:
    """A counter as a statement left or found it; after a charge, `locked_before` is the `locked_at` that it found."""

    key: str
    tries: int
    in_a_row: int
    locked_at: datetime | None
    locked_until: datetime | None
    granted_at: tuple[datetime, ...] = ()
    locked_before: datetime | None = None


async def charge(key: str, now: datetime, *, tries: int, lock: timedelta, in_a_row: int | None) -> CounterRow | None:
    """Count one try, before it is judged; None where it may not be judged: locked, or too many in a row."""
    rows = await fetch(_CHARGE, key, now, tries, lock, in_a_row)
    if not rows:
        return None
    row = rows[0]
    return CounterRow(key, **row)


async def settle(key: str, now: datetime, own_lock: datetime | None, locked_before: datetime | None) -> bool:
    """A right answer empties the count, and puts `locked_before` back in place of its own lock.

    False where another try's lock stands meanwhile.
    """
    return bool(await fetch(_SETTLE, key, now, own_lock, locked_before))


async def grant(key: str, now: datetime, *, count: int, window: timedelta, lock: timedelta) -> CounterRow | None:
    """Ask for one of `count` in a sliding window; a row with a lock where this was one too many, None while locked."""
    rows = await fetch(_GRANT, key, now, count, window, lock)
    if not rows:
        return None
    row = rows[0]
    return CounterRow(key, 0, 0, row["locked_at"], row["locked_until"], tuple(row["granted_at"]))


async def forget(keys: Sequence[str]) -> None:
    """Empty these counters: a login, a reset or an advisor ended them."""
    await fetch("DELETE FROM counter WHERE key = ANY($1)", list(keys))


async def read(keys: Sequence[str]) -> list[CounterRow]:
    """Those of these counters that exist."""
    rows = await fetch(
        "SELECT key, tries, in_a_row, locked_at, locked_until, granted_at FROM counter WHERE key = ANY($1)", list(keys)
    )
    return [CounterRow(**{**row, "granted_at": tuple(row["granted_at"])}) for row in rows]


async def delete_older(than: datetime) -> None:
    """Housekeeping, alike for known and unknown numbers."""
    await delete_in_batches("counter", "changed_at < $1", than)
