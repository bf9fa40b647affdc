"""Is this signature the credential's? And if its counter did not rise: who is told. Source: WebAuthn Level 3, section 7.2."""

from dataclasses import dataclass
from typing import Any

from server import policy
from server.biometrics import ceremony
from server.biometrics.ceremony import CeremonyRefused, CounterDidNotIncrease, StoredCredential, VerifiedAssertion
from server.clock import Clock
from server.journal import Journal
from server.keys import Keys
from server.mail.messages import Messages
from server.mail.post import Post
from server.records import credentials
from server.records.accounts import Account
from server.records.credentials import CredentialRow
from server.records.database import transaction
from server.refusals import Refused, Why
from server.request_context import Caller


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who asks, as browsers and authenticators know it: `origin` is scheme, host and port; `id` the host alone."""

    id: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class Assertions:
    """Judges assertions."""

    site: RelyingParty
    clock: Clock
    keys: Keys
    journal: Journal
    messages: Messages
    post: Post

    async def verify(
        self, caller: Caller, account: Account, row: CredentialRow, response: dict[str, Any], challenge: bytes
    ) -> VerifiedAssertion:
        """Judge the signature and all that is signed.

        Raises Refused(BIOMETRIC_FAILED); a counter that did not rise is told to the owner first, and locks nothing.
        """
        stored = StoredCredential(
            row.credential_id, row.public_key, row.sign_count, account.user_handle or b"", row.backup_eligible
        )
        site = self.site
        try:
            return ceremony.verify_authentication(
                response, challenge=challenge, origin=site.origin, rp_id=site.id, credential=stored
            )
        except CounterDidNotIncrease:
            if await self._is_a_copy(row, caller):
                await self._tell_of_copy(caller, account, row)
            raise Refused(Why.BIOMETRIC_FAILED, because="counter") from None
        except CeremonyRefused:
            raise Refused(Why.BIOMETRIC_FAILED) from None

    async def _is_a_copy(self, row: CredentialRow, caller: Caller) -> bool:
        """Two assertions at once are no copy: the other one was let in while this one was under way."""
        now_stored = await credentials.named(row.credential_id)
        used_at = now_stored.last_used_at if now_stored else None
        return row.ended_at is None and (used_at is None or used_at < caller.received_at)

    async def _tell_of_copy(self, caller: Caller, account: Account, row: CredentialRow) -> None:
        now = self.clock.now()
        async with transaction():
            await self.journal.note(self.keys.subject(account.nir), caller, "biometric-copied", credential=str(row.id))
            if account.email and await credentials.may_tell_of_copy(row.id, now, now - policy.COPY_TOLD_EVERY):
                await self.post.put(self.messages.biometric_copied(to=account.email, browser=row.label, at=now))
