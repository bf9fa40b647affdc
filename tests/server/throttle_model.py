"""Counters, quotas and locks as the product page tells them (*Figures*; section 1, *Refusals on the web*), in plain Python.

Nothing is shared with the service: its figures stand here a second time on purpose. An outcome is a tuple, fit to compare.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

LOCK = timedelta(minutes=15)
HOUR = timedelta(hours=1)

Outcome = tuple[object, ...]


@dataclass(eq=False)
class ModelCharge:
    """A try that has been counted; judged later."""

    tries_left: int
    locked_until: datetime | None


@dataclass
class ModelTries:
    """One counter of wrong tries. `in_a_row` None: a known device, which no long row of failures stops."""

    scope: str
    in_a_row: int | None
    count: int = 0
    row: int = 0
    locked_until: datetime | None = None
    locked_by: ModelCharge | None = None
    locks: list[tuple[ModelCharge, datetime]] = field(default_factory=list)

    def standing(self, now: datetime) -> Outcome | None:
        """What stands in the way of any try."""
        if self.locked_until and now < self.locked_until:
            return "locked", self.scope, self.locked_until
        if self.in_a_row is not None and self.row >= self.in_a_row:
            return "step-missing", "recovery"
        return None

    def charge(self, now: datetime) -> ModelCharge | Outcome:
        """Counted before it is judged: the lock begins with the third try that is charged."""
        if refused := self.standing(now):
            return refused
        self.count, self.row = self.count + 1, self.row + 1
        charge = ModelCharge(3 - self.count, None)
        if self.count == 3:
            self.count, self.locked_until = 0, now + LOCK
            charge.locked_until, self.locked_by = self.locked_until, charge
            self.locks.append((charge, now))
        return charge

    def fail(self, charge: ModelCharge) -> Outcome:
        if charge.locked_until:
            return "locked", self.scope, charge.locked_until
        return "invalid-code", charge.tries_left

    def settle(self, charge: ModelCharge, now: datetime) -> Outcome:
        """A right answer empties the count, and takes back the lock that came with its own charge, but no other."""
        if self.locked_until and now < self.locked_until and self.locked_by is not charge:
            return "locked", self.scope, self.locked_until
        self.count = self.row = 0
        self.locked_until = self.locked_by = None
        self.locks = [(by, at) for by, at in self.locks if by is not charge]
        return ("right",)

    def kills(self, began_at: datetime) -> bool:
        """A lock kills the login attempts under way."""
        return any(at >= began_at for _, at in self.locks)


@dataclass
class ModelQuota:
    """5 in a sliding hour; the next is refused, and an hour of lock starts with that request."""

    granted: list[datetime] = field(default_factory=list)
    locked_until: datetime | None = None

    def left(self, now: datetime) -> Outcome:
        if self.locked_until and now < self.locked_until:
            return 0, self.locked_until
        return 5 - sum(now - at < HOUR for at in self.granted), None

    def ask(self, now: datetime) -> Outcome:
        left, until = self.left(now)
        if until is None and left == 0:
            until = self.locked_until = now + HOUR
        if until:
            return "locked", "login-code", until
        self.granted.append(now)
        return "granted", left - 1

    def forget(self) -> None:
        """A login empties the count."""
        self.granted, self.locked_until = [], None
