"""Why a number was refused last: the line of the policy that decided, the counters, the locks, and when a try is judged again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from server import policy, throttle
from server.clock import PARIS, Clock
from server.policy import Lock, Quota
from server.records import activity, counters
from server.records.activity import Event
from server.records.counters import CounterRow
from server.records.database import fetch
from server.refusals import Why
from server.throttle import LOGIN_CODE_REQUESTS, Requests, Tries

_LOOKED_AT = 100
_SLUGS = {why.slug for why in Why}
_LOCKS = "SELECT key, locked_until FROM counter WHERE starts_with(key, $1) AND locked_until > $2 ORDER BY locked_until"

# What decides without a number: a state of the registry or the account, or a step that was left out.
_STATES = {
    Why.ADDRESS_MISSING.slug: "account.email and account.email_confirmed_at: one of them is empty",
    Why.ACCOUNT_CLOSED.slug: "account.closed_on: the account is closed",
    Why.FILE_UPDATE_NEEDED.slug: "insured_person.fund and insured_person.scheme: one of them is empty",
    Why.ATTACHMENT_PENDING.slug: "insured_person.attachment: pending",
    Why.STEP_MISSING.slug: "the order of the steps: one before this is missing",
    Why.NOT_SIGNED_IN.slug: "account.ended_at: the session ended while this was under way",
}
_NUMBERS = {
    Why.INVALID_CREDENTIALS.slug: "PASSWORD_TRIES",
    Why.INVALID_CODE.slug: "CODE_TRIES",
    Why.CODE_EXPIRED.slug: "LOGIN_CODE_LIFE",
    Why.BIOMETRIC_EXPIRED.slug: "BIOMETRIC_MONTHS",
}
# Why a ceremony was refused, by `Refused.because`.
_CEREMONY = {
    "": "server/biometrics/ceremony.py: what was signed is not what was asked for, or not by this credential",
    "activation": "server/biometrics/ceremony.py: what was made is not what was asked for",
    "counter": "WebAuthn Level 3, section 7.2, step 22: the credential's counter did not rise",
    "unknown": "biometric_credential.ended_at or account.ended_at: the credential was removed or replaced",
    "known": "biometric_credential.credential_id: the credential is registered already",
}
_BIOMETRICS = ("biometric", "biometric-activation")
_IN_A_ROW = {throttle.PASSWORD.name: "WRONG_PASSWORDS_IN_A_ROW", throttle.LOGIN_CODE.name: "WRONG_CODES_IN_A_ROW"}


class Count(msgspec.Struct):
    """What one counter stands at. `in_a_row` counts failures without a success between, locks or not; requests have none."""

    used: int
    left: int
    in_a_row: int | None = None
    in_a_row_left: int | None = None


class LiveLock(msgspec.Struct):
    """A lock that stands. `channel` says whom it stops: everybody, or one trusted device, which counts apart."""

    scope: str
    purpose: str
    until: datetime
    channel: str


class Explanation(msgspec.Struct):
    """The last refusal of a number. `next_allowed_at`: when the refused step is judged again; null: now, or never."""

    refusal: str | None
    refused_at: datetime | None
    rule: str | None
    counters: dict[str, Count]
    locks: list[LiveLock]
    next_allowed_at: datetime | None
    sentence: str


async def explain(subject: bytes, clock: Clock) -> Explanation:
    """Explain, by the clock in force. `subject` is the number as counters know it. Raises one of DATABASE_AWAY."""
    now = clock.now()
    events = await activity.latest(subject, count=_LOOKED_AT)
    refusal = next((event for event in events if event.outcome in _SLUGS), None)
    counts = await _counts(subject, now)
    locks = [_lock(*row) for row in await fetch(_LOCKS, f"{subject.hex()}/", now)]
    rule = (_rule_of_biometrics(refusal) or _rule(refusal, counts)) if refusal else None
    return Explanation(
        refusal=refusal.outcome if refusal else None,
        refused_at=refusal.at if refusal else None,
        rule=rule,
        counters=counts,
        locks=locks,
        next_allowed_at=(ends := _ends(refusal, locks)),
        sentence=_sentence(refusal, rule, ends, counts),
    )


async def _counts(subject: bytes, now: datetime) -> dict[str, Count]:
    known = throttle.login_counters(subject)
    rows = {row.key: row for row in await counters.read(list(known))}
    return {what.name: _count(what, rows.get(key), now) for key, what in known.items()}


def _count(what: Tries | Requests, row: CounterRow | None, now: datetime) -> Count:
    locked = bool(row and row.locked_until and row.locked_until > now)
    if isinstance(what, Requests):
        used = sum(at > now - what.quota.window for at in row.granted_at) if row else 0
        return Count(used, 0 if locked else what.quota.count - used)
    in_a_row = row.in_a_row if row else 0
    # A lock that is over leaves its tries standing until the next one.
    used = row.tries if row and (locked or row.tries < what.lock.tries) else 0
    return Count(used, what.lock.tries - used, in_a_row, max(0, what.in_a_row - in_a_row))


def _lock(key: str, until: datetime) -> LiveLock:
    _, purpose, channel = key.split("/")
    scopes = {what.name: what.scope for what in throttle.login_counters(b"").values()}
    return LiveLock(scopes.get(purpose, purpose), purpose, until, "trusted-device" if channel else "everybody")


def _rule(refusal: Event, counts: dict[str, Count]) -> str:
    """The line of the policy, name and value, or the state that decided."""
    if refusal.outcome == Why.LOCKED.slug:
        if refusal.kind == "code-request":
            return _line("LOGIN_CODES_PER_HOUR")
        if refusal.details.get("scope") == "address":
            return _line("WRONG_PASSWORDS_PER_ADDRESS")
        return _line("PASSWORD_TRIES" if refusal.details.get("scope") == throttle.PASSWORD.scope else "CODE_TRIES")
    if refusal.details.get("next") == "recovery":
        spent = [name for name in _IN_A_ROW if counts[name].in_a_row_left == 0]
        return _line(_IN_A_ROW[spent[0] if spent else throttle.PASSWORD.name])
    if refusal.outcome in _NUMBERS:
        return _line(_NUMBERS[refusal.outcome])
    return _STATES.get(refusal.outcome, refusal.outcome)


def _rule_of_biometrics(refusal: Event) -> str | None:
    if refusal.outcome == Why.BIOMETRIC_FAILED.slug:
        because = refusal.details.get("because", "")
        return _CEREMONY.get(because) or f"{_line('CEREMONY_LIFE')}, for one answer of one session"
    if refusal.kind == "biometric-activation" and refusal.outcome == Why.FULL_LOGIN_NEEDED.slug:
        return f"{_line('RECENT_LOGIN')} since a login with password and code"
    return None


def _line(name: str) -> str:
    return f"{name}: {_said(getattr(policy, name))}"


def _said(value: Lock | Quota | timedelta | int) -> str:
    match value:
        case Lock():
            return f"{value.tries} tries, then {_said(value.length)}"
        case Quota():
            return f"{value.count} within {_said(value.window)}, then {_said(value.lock)}"
        case timedelta():
            hours, minutes = divmod(int(value.total_seconds()) // 60, 60)
            parts = [f"{figure} {noun}{'s' * (figure > 1)}" for figure, noun in ((hours, "hour"), (minutes, "minute")) if figure]
            return " ".join(parts)
        case _:
            return str(value)


def _ends(refusal: Event | None, locks: Sequence[LiveLock]) -> datetime | None:
    """The end of what stands in the way of the refused step: a quota stops only requests, and no lock stops biometrics."""
    if refusal and refusal.kind in _BIOMETRICS:
        return None
    in_the_way = [
        lock.until
        for lock in locks
        if lock.channel == "everybody"
        and (lock.purpose != LOGIN_CODE_REQUESTS.name or (refusal and refusal.kind == "code-request"))
    ]
    return max(in_the_way, default=None)


def _sentence(refusal: Event | None, rule: str | None, ends: datetime | None, counts: dict[str, Count]) -> str:
    if refusal is None:
        return "This number has not been refused."
    said = f"Refused on {_paris(refusal.at)} with {refusal.outcome} ({rule}, in the step {refusal.kind})"
    if refusal.kind in _BIOMETRICS:
        return f"{said}; {_biometrics_next(refusal)}."
    if any(count.in_a_row_left == 0 for count in counts.values()):
        return f"{said}; only a new password helps now."
    return f"{said}; {f'nothing is judged before {_paris(ends)}' if ends else 'a new try would be judged now'}."


def _biometrics_next(refusal: Event) -> str:
    if refusal.outcome == Why.BIOMETRIC_EXPIRED.slug or refusal.details.get("because") == "unknown":
        return "only a login with the code and a new activation help now"
    if refusal.details.get("next") == "login":
        return "a login with password and code comes first"
    return "a new try would be judged now"


def _paris(instant: datetime) -> str:
    return f"{instant.astimezone(PARIS):%Y-%m-%d %H:%M:%S} Paris time"
