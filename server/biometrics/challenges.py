"""The challenges of ceremonies under way: 256 bits, one use, bound to browser and purpose. Source: security page, *WebAuthn*."""

from dataclasses import dataclass
from typing import Literal

from server.clock import Clock
from server.keys import token_hash
from server.randomness import Randomness
from server.records import ceremonies
from server.records.accounts import Account
from server.records.ceremonies import Ceremony

Purpose = Literal["registration", "login"]
_BYTES = 32


@dataclass(frozen=True, slots=True)
class Challenges:
    """Given out and taken back."""

    clock: Clock
    randomness: Randomness

    async def give(self, purpose: Purpose, browser_token: str, account: Account | None = None) -> bytes:
        """A new one; what other tabs have begun goes on beside it. `browser_token` is a cookie that must come back with it."""
        challenge = self.randomness.bytes(_BYTES)
        begun = Ceremony(purpose, token_hash(browser_token), self.clock.now(), account.id if account else None)
        await ceremonies.begin(challenge, begun)
        return challenge

    async def take(self, challenge: bytes, purpose: Purpose, browser_token: str, account: Account | None = None) -> bool:
        """Use it up; whether it was given to this browser, for this purpose and account, and is still good."""
        begun = await ceremonies.take(challenge, purpose, browser_token, self.clock.now())
        return begun is not None and begun.account_id == (account.id if account else None)
