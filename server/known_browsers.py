"""A browser that its owner has told something: its cookie, and what each account has said there. It is no way in."""

from dataclasses import dataclass

from server import policy
from server.clock import Clock
from server.keys import token_hash
from server.randomness import Randomness
from server.records import accounts, browsers
from server.records.accounts import Account
from server.request_context import Caller


@dataclass(frozen=True, slots=True)
class KnownBrowsers:
    """Reads and writes the browser cookie. A kiosk knows nobody."""

    clock: Clock
    randomness: Randomness
    kiosk: bool

    def hashed(self, caller: Caller) -> bytes:
        """What is stored of the browser's token; of a browser that has none, of no token at all."""
        return token_hash(caller.cookies.get("browser") or "")

    async def know(self, caller: Caller, account: Account) -> bytes:
        """Know this browser for this account from now on; its stored hash. Only a token that we gave out is kept."""
        token = caller.cookies.get("browser")
        if token is None or not await browsers.of(token_hash(token)):
            token = self.randomness.token()
        now = self.clock.now()
        caller.cookies.set("browser", token, now + policy.BROWSER_KNOWN)
        await browsers.say(token_hash(token), account.id, now)
        return token_hash(token)

    async def biometrics_declined(self, caller: Caller, account: Account) -> bool:
        """Whether the account's owner wants no offer of biometrics here."""
        rows = await browsers.of(self.hashed(caller)) if caller.cookies.get("browser") else []
        return any(row.account_id == account.id and row.biometrics_declined_at for row in rows)

    async def remember(self, caller: Caller, account: Account) -> None:
        """Greet this account's owner on the first page, and nobody else."""
        if not self.kiosk:
            await browsers.remember(await self.know(caller, account), account.id, self.clock.now())

    async def remembered(self, caller: Caller) -> Account | None:
        """Whom the first page greets."""
        if self.kiosk or not caller.cookies.get("browser"):
            return None
        rows = [row for row in await browsers.of(self.hashed(caller)) if row.remembered_at]
        account = await accounts.by_id(rows[0].account_id) if rows else None
        return None if account is None or account.closed_on else account

    async def forget(self, caller: Caller) -> None:
        """Greet nobody: the product page's *not me*."""
        if caller.cookies.get("browser"):
            await browsers.forget(self.hashed(caller))
