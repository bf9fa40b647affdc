"""Whether somebody may come in now, and what happens whenever somebody is let in. Every way in asks here, again at that moment.

Source: product page, section 1 (*Refusals on the web*) and security page, *Guessing* (one function answers).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from server import throttle
from server.clock import Clock
from server.journal import Journal
from server.notices.pending import pending
from server.randomness import Randomness
from server.records import accounts, sessions
from server.records.accounts import Account
from server.records.database import transaction
from server.records.redis import REDIS_AWAY
from server.records.sessions import Attempt, Attempts, Session, Sessions
from server.refusals import Refused, Why
from server.request_context import Caller
from server.settings import Settings
from server.throttle import Throttle


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody is in: until `expires_at` unless the session is used, until `session_ends_at` whatever happens."""

    account: Account
    session: Session
    token: str = field(repr=False)
    expires_at: datetime
    session_ends_at: datetime

    @property
    def notices(self) -> tuple[str, ...]:
        """What waits to be read."""
        return pending(self.account)


class Admission:
    """Lets in, knows who is in, and lets out."""

    def __init__(
        self, settings: Settings, clock: Clock, randomness: Randomness, throttle_: Throttle, journal: Journal, attempts: Attempts
    ) -> None:
        self._clock = clock
        self._randomness = randomness
        self._throttle = throttle_
        self._journal = journal
        self._attempts = attempts
        self.sessions = Sessions(idle=settings.session_idle, life=settings.session_life)

    async def may_enter(self, account: Account, subject: bytes, *, by_code: bool) -> None:
        """Raises Refused with what stands between a right password and the home page.

        `by_code`: a code must still be judged.
        """
        if account.closed_on:
            raise Refused(Why.ACCOUNT_CLOSED, closed_on=account.closed_on)
        if not account.fund or not account.scheme:
            raise Refused(Why.FILE_UPDATE_NEEDED)
        if account.attachment == "pending":
            raise Refused(Why.ATTACHMENT_PENDING)
        if not account.email or not account.email_confirmed_at:
            raise Refused(Why.ADDRESS_MISSING)
        if by_code:
            await self._throttle.refuse_if_locked(subject, throttle.LOGIN_CODE)

    @asynccontextmanager
    async def letting_in(
        self, caller: Caller, account_id: UUID, subject: bytes, *, by: tuple[str, ...], since: datetime, way: UUID | None = None
    ) -> AsyncIterator[Account]:
        """The transaction in which somebody is let in: a session under a new id, and what the browser held before is over.

        The account is held and asked again: what began before `since` was ended meanwhile comes too late. What the block does
        (use up a code, rotate a device's token) and the login stand or fall together, cookies included. `way` is the trusted
        device or the credential that lets in. Raises Refused.
        """
        old = caller.cookies.get("session"), caller.cookies.get("attempt")
        with caller.cookies.unless_it_fails():
            async with transaction():
                account = await accounts.hold(account_id)
                if account is None or not account.outlived(since):
                    raise Refused(Why.STEP_MISSING, next="login")
                await self.may_enter(account, subject, by_code="code" in by)
                yield account
                await self._begin_session(caller, account, subject, by, way)
            caller.cookies.clear("attempt")
        with suppress(*REDIS_AWAY):  # the login stands; what is left behind ends by itself
            await sessions.end(*old)

    async def _begin_session(
        self, caller: Caller, account: Account, subject: bytes, by: tuple[str, ...], way: UUID | None
    ) -> None:
        now = self._clock.now()
        await accounts.logged_in(account.id, now)
        await self._throttle.forget_requests(subject, throttle.LOGIN_CODE_REQUESTS)
        await self._journal.note(subject, caller, "login", by="+".join(by))
        token = self._randomness.token()
        # Before the commit: without Redis nothing is used up. Should the commit fail, nobody knows this token.
        session_id = self._randomness.uuid()
        session = Session(account.id, subject, by, now, account.last_login_at, session_id, caller.browser, way)
        await self.sessions.begin(token, session)
        caller.cookies.set("session", token)

    async def leave(self, caller: Caller) -> None:
        """End the browser's session and its login under way."""
        await sessions.end(caller.cookies.get("session"), caller.cookies.get("attempt"))
        caller.cookies.clear("session")
        caller.cookies.clear("attempt")

    async def give_up(self, caller: Caller) -> None:
        """End the browser's login under way."""
        await sessions.end(None, caller.cookies.get("attempt"))
        caller.cookies.clear("attempt")

    async def begin_attempt(self, caller: Caller, attempt: Attempt) -> None:
        """A login under way under a new id; the session and the attempt that this browser had are over."""
        token, cookies = self._randomness.token(), caller.cookies
        await self._attempts.begin(token, attempt, old_session=cookies.get("session"), old_attempt=cookies.get("attempt"))
        cookies.clear("session")
        cookies.set("attempt", token)

    async def end_sessions_of(self, account_id: UUID, way: UUID) -> None:
        """End what a trusted device or a credential has let in, for it is trusted no more."""
        await self.sessions.end_where(account_id, self._clock.now(), lambda session: session.way == way)

    @asynccontextmanager
    async def changing(self, who: SignedIn) -> AsyncIterator[Account]:
        """The transaction in which somebody who is in changes something of their account, which is held.

        Raises Refused(NOT_SIGNED_IN) where the session or all that the account had was ended since it was asked.
        """
        async with transaction():
            account = await accounts.hold(who.account.id)
            session = await self.sessions.read(who.token, self._clock.now())
            if account is None or session is None or not account.outlived(session.began_at):
                raise Refused(Why.NOT_SIGNED_IN)
            yield account

    async def signed_in(self, caller: Caller) -> SignedIn:
        """Who this browser's session belongs to. Raises Refused(NOT_SIGNED_IN)."""
        now = self._clock.now()
        token = caller.cookies.get("session")
        session = await self.sessions.read(token, now) if token else None
        account = await accounts.by_id(session.account_id) if session else None
        if session is None or account is None or not account.outlived(session.began_at):
            caller.cookies.clear("session")
            raise Refused(Why.NOT_SIGNED_IN)
        ends_at = session.began_at + self.sessions.life
        return SignedIn(account, session, str(token), min(now + self.sessions.idle, ends_at), ends_at)
