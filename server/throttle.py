"""Counters, quotas and locks of one number. They belong to (number, purpose): never to a flow, a browser or a code.

Source: product page, *Figures* and section 1 (*Refusals on the web*); security page, *Guessing*.
"""

from dataclasses import dataclass
from datetime import datetime

from server import policy
from server.clock import Clock
from server.policy import Lock, Quota
from server.records import counters
from server.records.counters import CounterRow
from server.refusals import Refused, Why


@dataclass(frozen=True, slots=True)
class Tries:
    """Something that may be tried so often. `scope` is what the lock is called to the caller."""

    name: str
    scope: str
    lock: Lock
    in_a_row: int


@dataclass(frozen=True, slots=True)
class Requests:
    """Something that may be asked for so often."""

    name: str
    scope: str
    quota: Quota


PASSWORD = Tries("password", "login", policy.PASSWORD_TRIES, policy.WRONG_PASSWORDS_IN_A_ROW)
LOGIN_CODE = Tries("login-code", "login-code", policy.CODE_TRIES, policy.WRONG_CODES_IN_A_ROW)
LOGIN_CODE_REQUESTS = Requests("login-code-requests", "login-code", policy.LOGIN_CODES_PER_HOUR)

# How often a try that met a lock on its way out knocks again.
_AGAIN = 5

# The two counters whose locks kill the login attempts under way.
_LOGIN = (PASSWORD, LOGIN_CODE)


@dataclass(frozen=True, slots=True)
class Charge:
    """One try, counted and not yet judged."""

    what: Tries
    row: CounterRow

    @property
    def tries_left(self) -> int:
        """How many more may be judged before the lock, should this one fail."""
        return self.what.lock.tries - self.row.tries


@dataclass(frozen=True, slots=True)
class Left:
    """How many more requests, or until when none."""

    count: int
    locked_until: datetime | None = None


class Throttle:
    """Asks the counters, and refuses."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def charge(self, subject: bytes, what: Tries, channel: str = "") -> Charge:
        """Count one try before it is judged.

        `channel` is "" for everybody, or the id of a trusted device, which counts apart and is not stopped by a long row of
        failures elsewhere. Raises Refused: LOCKED, or STEP_MISSING where only a new password helps.
        """
        key, most = _key(subject, what.name, channel), None if channel else what.in_a_row
        for _ in range(_AGAIN):
            now = self._clock.now()
            row = await counters.charge(key, now, tries=what.lock.tries, lock=what.lock.length, in_a_row=most)
            if row:
                return Charge(what, row)
            standing = await self._refuse_standing(key, what.scope, now)
            if standing and most and standing.in_a_row >= most:
                raise Refused(Why.STEP_MISSING, next="recovery")
            # else what stood in the way went between the two statements: a right answer beside this one emptied the count
        raise Refused(Why.UNAVAILABLE, retry_after=policy.RETRY_WHEN_BUSY)

    def failed(self, charge: Charge, why: Why) -> Refused:
        """What a wrong try is answered: the lock where it was the last one, else `why` with the tries left."""
        if charge.tries_left <= 0 and charge.row.locked_until:
            because = "in-a-row" if charge.row.in_a_row >= charge.what.in_a_row else ""
            return locked(charge.what.scope, charge.row.locked_until, self._clock.now(), because)
        if "tries_left" in why.value.members:
            return Refused(why, tries_left=charge.tries_left)
        return Refused(why, because="newer-sent")

    async def settle(self, charge: Charge) -> None:
        """A right answer empties its count. Raises Refused(LOCKED) where other failures have locked it meanwhile."""
        now = self._clock.now()
        own_lock = charge.row.locked_at if charge.tries_left <= 0 else None
        if not await counters.settle(charge.row.key, now, own_lock, charge.row.locked_before):
            await self._refuse_standing(charge.row.key, charge.what.scope, now)

    async def grant(self, subject: bytes, what: Requests) -> int:
        """Ask for one more; how many are left. Raises Refused(LOCKED)."""
        now = self._clock.now()
        key = _key(subject, what.name)
        quota = what.quota
        row = await counters.grant(key, now, count=quota.count, window=quota.window, lock=quota.lock)
        if row is None:
            await self._refuse_standing(key, what.scope, now)
            return await self.grant(subject, what)  # the lock ended between the two statements
        if row.locked_until:
            raise locked(what.scope, row.locked_until, now, what.name)
        return quota.count - len(row.granted_at)

    async def left(self, subject: bytes, what: Requests) -> Left:
        """How many may still be asked for now."""
        now = self._clock.now()
        for row in await counters.read([_key(subject, what.name)]):
            if row.locked_until and row.locked_until > now:
                return Left(0, row.locked_until)
            return Left(what.quota.count - sum(at > now - what.quota.window for at in row.granted_at))
        return Left(what.quota.count)

    async def forget_requests(self, subject: bytes, what: Requests) -> None:
        """A login empties the count of codes asked for."""
        await counters.forget([_key(subject, what.name)])

    async def refuse_if_locked(self, subject: bytes, what: Tries) -> None:
        """Raises Refused: LOCKED while a lock stands, STEP_MISSING past the row of failures that only a new password ends."""
        row = await self._refuse_standing(_key(subject, what.name), what.scope, self._clock.now())
        if row and row.in_a_row >= what.in_a_row:
            raise Refused(Why.STEP_MISSING, next="recovery")

    async def refuse_if_killed(self, subject: bytes, began_at: datetime) -> None:
        """Whether a login attempt outlived the locks since it began: Refused LOCKED during one, STEP_MISSING after it."""
        now = self._clock.now()
        scopes = {_key(subject, what.name): what.scope for what in _LOGIN}
        killers = [row for row in await counters.read(list(scopes)) if row.locked_at and row.locked_at >= began_at]
        for row in killers:
            if row.locked_until and row.locked_until > now:
                raise locked(scopes[row.key], row.locked_until, now)
        if killers:
            raise Refused(Why.STEP_MISSING, next="login")

    async def _refuse_standing(self, key: str, scope: str, now: datetime) -> CounterRow | None:
        """The counter, if there is one. Raises Refused(LOCKED) where its lock stands."""
        for row in await counters.read([key]):
            if row.locked_until and row.locked_until > now:
                raise locked(scope, row.locked_until, now, _because(key))
            return row
        return None


def login_counters(subject: bytes) -> dict[str, Tries | Requests]:
    """The counters of a number that login uses for everybody, by key."""
    return {_key(subject, what.name): what for what in (*_LOGIN, LOGIN_CODE_REQUESTS)}


def locked(scope: str, until: datetime, now: datetime, because: str = "") -> Refused:
    """The refusal with an end."""
    return Refused(Why.LOCKED, because=because, until=until, scope=scope, retry_after=until - now)


def _because(key: str) -> str:
    """The counter's name, where the words depend on it."""
    return key.split("/")[1]


def _key(subject: bytes, name: str, channel: str = "") -> str:
    return f"{subject.hex()}/{name}/{channel}"
