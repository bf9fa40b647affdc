"""The only place that knows what time it is, so that a test can move it."""

from calendar import monthrange
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


@runtime_checkable  # Litestar checks what it injects into handlers
class Clock(Protocol):
    """Tells the time. Instants are aware, in UTC."""

    @property
    def name(self) -> str:
        """Which clock the present request or job lives by; production has one, named ``""``."""

    def now(self, name: str | None = None) -> datetime:
        """The present instant, of the clock in force or of the one named."""


class SystemClock:
    """The machine's own clock."""

    name = ""

    def now(self, name: str | None = None) -> datetime:  # noqa: ARG002 - there is but one clock here
        """The present instant."""
        return datetime.now(UTC)


def add_months(start: datetime, months: int) -> datetime:
    """The same hour in Paris so many calendar months later, or the month's last day where the day is missing.

    Source: product page, *Figures* (31 August + 6 months is the last day of February).
    """
    local = start.astimezone(PARIS)
    year, month0 = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month0 + 1)[1])
    return local.replace(year=year, month=month0 + 1, day=day).astimezone(UTC)
