"""My devices and biometrics: what lets the account's owner in, listed and removed.

Source: product page, section 3 (*my devices and biometrics*); contract, *Biometrics*; security page, *Sessions and devices*.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.admission import Admission, SignedIn
from server.clock import Clock
from server.journal import Journal
from server.known_browsers import KnownBrowsers
from server.records import accounts, credentials, devices
from server.records.accounts import Account
from server.records.credentials import CredentialRow
from server.records.database import transaction
from server.records.devices import DeviceRow
from server.records.sessions import ListedSession, Session
from server.refusals import Refused, Why
from server.request_context import Caller
from server.trusted_devices import TrustedDevices

_TRUSTED, _BIOMETRIC, _SESSIONS = "trusted-devices", "biometric-credentials", "sessions"
# What can be removed, and what the account's activity calls that.
_KINDS = {_TRUSTED: "device-removed", _BIOMETRIC: "biometric-removed", _SESSIONS: "session-ended"}
_Way = DeviceRow | CredentialRow


@dataclass(frozen=True, slots=True)
class Item:
    """A trusted device, a credential or a session. `current`: it is this browser's, or has let this session in."""

    id: UUID
    label: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class Devices:
    """What stands, the newest first; sessions, the one used last first. An expired credential stands until it is removed."""

    trusted_devices: tuple[Item, ...]
    biometric_credentials: tuple[Item, ...]
    sessions: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class DevicesFlow:
    """Lists and removes. Built once; holds no state of its own. No mail tells of a removal: it is the owner's own act."""

    clock: Clock
    journal: Journal
    admission: Admission
    trusted: TrustedDevices
    browsers: KnownBrowsers

    async def list(self, caller: Caller) -> Devices:
        """Everything that lets the caller in. Raises Refused(NOT_SIGNED_IN)."""
        return await self.of(caller, await self.admission.signed_in(caller))

    async def of(self, caller: Caller, who: SignedIn) -> Devices:
        """The same, where it is known who asks."""
        trusted = (await self.trusted.recognise(caller, who.account)).device
        said = await self.browsers.said_here(caller, who.account)
        here = {who.session.way, said.credential_id if said else None}
        sessions = await self.admission.sessions.of_account(who.account.id, self.clock.now())
        return Devices(
            tuple(_item(row, current=trusted is not None and row.id == trusted.id) for row in await self._trusted(who.account)),
            tuple(_item(row, current=row.id in here) for row in await self._credentials(who.account)),
            tuple(_session(one, who) for one in sessions if who.account.outlived(one.session.began_at)),
        )

    async def remove(self, caller: Caller, kind: str, item_id: UUID) -> bool:
        """Remove one, and end the sessions that it let in; whether the caller's own was among them, and is over.

        Of two who remove the same at once, one does. Raises Refused: NOT_SIGNED_IN; NOT_FOUND, alike for an unknown kind, an
        unknown id, one that has ended and another's.
        """
        removed, signed_out = await self._remove(caller, kind, item_id)
        if not removed:
            raise Refused(Why.NOT_FOUND)
        return signed_out

    async def remove_all(self, caller: Caller, kind: str) -> bool:
        """Remove all of a kind, of the sessions all but the caller's; whether the caller's own session is over all the same.

        Raises Refused: NOT_SIGNED_IN, NOT_FOUND for an unknown kind.
        """
        _, signed_out = await self._remove(caller, kind, None)
        return signed_out

    async def _remove(self, caller: Caller, kind: str, item_id: UUID | None) -> tuple[int, bool]:
        """How many were removed, and whether the caller has been signed out.

        The account is held, so that nobody comes in meanwhile by what goes; sessions end before the commit, so that without
        Redis nothing goes.
        """
        who = await self.admission.signed_in(caller)
        if kind not in _KINDS:
            raise Refused(Why.NOT_FOUND)
        async with transaction():
            account = await accounts.hold(who.account.id)
            if account is None or not account.outlived(who.session.began_at):
                raise Refused(Why.NOT_SIGNED_IN)
            ways = await self._end_ways(account, kind, item_id)
            sessions = await self._end_sessions(who, kind, item_id, {row.id for row in ways})
            removed: Sequence[_Way | Session] = sessions if kind == _SESSIONS else ways
            for one in removed:
                await self.journal.note(who.session.subject, caller, _KINDS[kind], label=one.label)
        self.trusted.forget(caller, {row.id for row in ways})
        signed_out = who.session.id in {session.id for session in sessions}
        if signed_out:
            caller.cookies.clear("session")
        return len(removed), signed_out

    async def _end_ways(self, account: Account, kind: str, item_id: UUID | None) -> Sequence[_Way]:
        """The devices or credentials that this call has ended."""
        now, chosen = self.clock.now(), (lambda row: item_id in {None, row.id})
        if kind == _TRUSTED:
            return [row for row in filter(chosen, await self._trusted(account)) if await devices.end(row.id, now)]
        if kind == _BIOMETRIC:
            return [row for row in filter(chosen, await self._credentials(account)) if await credentials.end([row.id], now)]
        return []

    async def _end_sessions(self, who: SignedIn, kind: str, item_id: UUID | None, ways: set[UUID]) -> Sequence[Session]:
        """The sessions that this call has ended. Raises Refused(NOT_SIGNED_IN) where the caller's own has ended meanwhile."""

        def wanted(session: Session) -> bool:
            if kind != _SESSIONS:
                return session.way in ways
            return session.id == item_id if item_id else session.id != who.session.id

        store = self.admission.sessions
        ended = await store.end_where(who.account.id, self.clock.now(), wanted, asked_by=who.session.id)
        if ended is None:
            raise Refused(Why.NOT_SIGNED_IN)
        return ended

    async def _trusted(self, account: Account) -> Sequence[DeviceRow]:
        """Those that would spare the code now."""
        now = self.clock.now()
        rows = await devices.of_account(account.id)
        return [row for row in rows if now < row.expires_at]

    async def _credentials(self, account: Account) -> Sequence[CredentialRow]:
        """Those that let in, and those that have done so until they expired."""
        return await credentials.of_account(account.id)


def _item(row: _Way, *, current: bool) -> Item:
    return Item(row.id, row.label, row.created_at, row.last_used_at, row.expires_at, current)


def _session(one: ListedSession, who: SignedIn) -> Item:
    session = one.session
    return Item(session.id, session.label, session.began_at, one.last_used_at, one.expires_at, session.id == who.session.id)
