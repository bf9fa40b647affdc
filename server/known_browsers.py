"""A browser that its owner has told something: its cookie, and what each account has said there. It is no way in."""

from dataclasses import dataclass
from uuid import UUID

from server import policy
from server.clock import Clock
from server.keys import token_hash
from server.randomness import Randomness
from server.records import accounts, browsers
from server.records.accounts import Account
from server.records.browsers import BrowserRow
from server.request_context import Caller


@dataclass(frozen=True, slots=True)
class KnownBrowsers:
    """Reads and writes the browser cookie. At a kiosk there is none."""

    clock: Clock
    randomness: Randomness
    kiosk: bool

    async def said_here(self, caller: Caller, account: Account) -> BrowserRow | None:
        """What the account's owner has said in this browser."""
        return next((row for row in await self._rows(caller) if row.account_id == account.id), None)

    async def biometrics_declined(self, caller: Caller, account: Account) -> bool:
        """Whether the account's owner wants no offer of biometrics here."""
        said = await self.said_here(caller, account)
        return said is not None and said.biometrics_declined_at is not None

    async def decline_biometrics(self, caller: Caller, account: Account) -> None:
        """Offer the account's owner none here."""
        if not self.kiosk:
            await browsers.decline_biometrics(await self._know(caller, account), account.id, self.clock.now())

    async def offer_again(self, caller: Caller, account: Account) -> None:
        """Take that back."""
        await browsers.decline_biometrics(_hashed(caller), account.id, None)

    async def use_credential(self, caller: Caller, account: Account, credential_id: UUID) -> None:
        """This credential is the one used here: activated, or let in by. It takes back what was said against it."""
        said = await self.said_here(caller, account)
        if said is None or said.credential_id != credential_id or said.biometrics_declined_at:
            here = await self._know(caller, account)
            await browsers.use_credential(here, account.id, credential_id)
            await browsers.decline_biometrics(here, account.id, None)

    async def remember(self, caller: Caller, account: Account) -> None:
        """Greet this account's owner on the first page, and nobody else."""
        if not self.kiosk:
            await browsers.remember(await self._know(caller, account), account.id, self.clock.now())

    async def remembered(self, caller: Caller) -> Account | None:
        """Whom the first page greets."""
        rows = [row for row in await self._rows(caller) if row.remembered_at]
        account = await accounts.by_id(rows[0].account_id) if rows else None
        return None if account is None or account.closed_on else account

    async def forget(self, caller: Caller) -> None:
        """Greet nobody: the product page's *not me*."""
        await browsers.forget(_hashed(caller))

    async def _rows(self, caller: Caller) -> list[BrowserRow]:
        return [] if self.kiosk or not caller.cookies.get("browser") else await browsers.of(_hashed(caller))

    async def _know(self, caller: Caller, account: Account) -> bytes:
        """Know this browser for this account from now on; its stored hash. Only a token that we gave out is kept."""
        if not await self._rows(caller):
            caller.cookies.clear("browser")
        token = caller.cookies.get("browser") or self.randomness.token()
        now = self.clock.now()
        caller.cookies.set("browser", token, now + policy.BROWSER_KNOWN)
        await browsers.say(token_hash(token), account.id, now)
        return token_hash(token)


def _hashed(caller: Caller) -> bytes:
    """What is stored of the browser's token; of a browser that has none, of no token at all."""
    return token_hash(caller.cookies.get("browser") or "")
