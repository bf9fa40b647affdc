"""Whether to offer to activate biometrics in this browser. Source: product page, section 2, steps 3 and 4."""

from dataclasses import dataclass
from datetime import datetime

from server import policy
from server.admission import SignedIn
from server.clock import Clock
from server.known_browsers import KnownBrowsers
from server.records import credentials
from server.request_context import Caller


@dataclass(frozen=True, slots=True)
class BiometricOffer:
    """The offer after a login. Whether the device can do it, its browser alone knows."""

    clock: Clock
    browsers: KnownBrowsers
    kiosk: bool

    async def stands(self, caller: Caller, who: SignedIn) -> bool:
        """Whether to ask now: notices come first, and nobody is asked twice, nor where they have said never."""
        if self.kiosk or who.notices or who.session.offer_answered or who.account.logins < policy.LOGINS_BEFORE_OFFER:
            return False
        if not self.may_activate(who) or await self.browsers.biometrics_declined(caller, who.account):
            return False
        ends = await self._ends_here(caller, who)
        return ends is None or self.may_renew(ends)

    async def active_here(self, caller: Caller, who: SignedIn) -> bool:
        """Whether a credential is good in this browser now."""
        ends = await self._ends_here(caller, who)
        return ends is not None and self.clock.now() < ends

    async def renews(self, caller: Caller, who: SignedIn) -> datetime | None:
        """The end, past or coming, of the credential whose place the offered one would take in this browser."""
        ends = await self._ends_here(caller, who)
        return ends if ends and self.may_renew(ends) else None

    def may_activate(self, who: SignedIn) -> bool:
        """Whether the login is full and recent enough (contract, *Biometrics*)."""
        full = who.session.authenticated_by == ("password", "code")
        return full and self.clock.now() < who.session.began_at + policy.RECENT_LOGIN

    def may_renew(self, expires_at: datetime) -> bool:
        """Whether a credential's end is near enough that another may take its place on the same device."""
        return renewable_from(expires_at) <= self.clock.now()

    async def _ends_here(self, caller: Caller, who: SignedIn) -> datetime | None:
        said = await self.browsers.said_here(caller, who.account)
        rows = await credentials.of_account(who.account.id) if said and said.credential_id else []
        return next((row.expires_at for row in rows if said and row.id == said.credential_id), None)


def renewable_from(expires_at: datetime) -> datetime:
    """From its first reminder on."""
    return expires_at - max(policy.REMINDERS_BEFORE_EXPIRY)
