"""What happened to a number, known or not. Rows are added and, when old, deleted: never changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from server.records.database import delete_in_batches, fetch


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `details` never holds a secret."""

    at: datetime
    kind: str
    outcome: str
    device: str
    details: dict[str, Any]


async def add(subject: bytes, event: Event) -> None:
    """Write it down."""
    await fetch(
        "INSERT INTO activity (subject, at, kind, outcome, device, details) VALUES ($1, $2, $3, $4, $5, $6)",
        subject,
        event.at,
        event.kind,
        event.outcome,
        event.device,
        msgspec.json.encode(event.details).decode(),
    )


async def latest(subject: bytes, *, count: int) -> list[Event]:
    """The number's last events, the newest first."""
    rows = await fetch(
        "SELECT at, kind, outcome, device, details FROM activity WHERE subject = $1 ORDER BY id DESC LIMIT $2", subject, count
    )
    return [Event(**{**row, "details": msgspec.json.decode(row["details"])}) for row in rows]


async def delete_older(than: datetime) -> None:
    """Housekeeping."""
    await delete_in_batches("activity", "at < $1", than)
