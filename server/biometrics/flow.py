"""Fingerprint and face: activate, log in, answer the offer: one method for each thing that a person does.

Source: product page, section 2; contract, *Biometrics*; security page, *WebAuthn*.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from server import policy, throttle
from server.admission import Admission, SignedIn
from server.biometrics import ceremony, options
from server.biometrics.assertions import Assertions, RelyingParty
from server.biometrics.ceremony import CeremonyRefused, RegisteredCredential
from server.biometrics.challenges import Challenges
from server.biometrics.offer import BiometricOffer
from server.clock import PARIS, Clock, add_months
from server.journal import Journal
from server.keys import Keys
from server.known_browsers import KnownBrowsers
from server.mail.messages import Messages
from server.mail.post import Post
from server.nir import masked
from server.randomness import Randomness
from server.records import accounts, credentials
from server.records.accounts import Account
from server.records.address_limits import AddressLimit
from server.records.credentials import CredentialRow
from server.refusals import Refused, Why
from server.request_context import Caller

_TIMEOUT_MS = int(policy.CEREMONY_LIFE.total_seconds() * 1000)
_USER_HANDLE_BYTES = 64


@dataclass(frozen=True, slots=True)
class BiometricsFlow:
    """Biometrics. Built once; holds no state of its own."""

    site: RelyingParty
    clock: Clock
    randomness: Randomness
    keys: Keys
    addresses: AddressLimit
    challenges: Challenges
    assertions: Assertions
    journal: Journal
    admission: Admission
    browsers: KnownBrowsers
    offer: BiometricOffer
    messages: Messages
    post: Post
    kiosk: bool

    async def registration_options(self, caller: Caller) -> dict[str, Any]:
        """What the browser needs to create a credential. To have asked answers the offer for this session.

        Raises Refused: NOT_SIGNED_IN, FULL_LOGIN_NEEDED, NOT_FOUND at a kiosk.
        """
        who = await self._may_activate(caller)
        handle = who.account.user_handle or await accounts.give_user_handle(
            who.account.id, self.randomness.bytes(_USER_HANDLE_BYTES)
        )
        kept = [row for row in await credentials.of_account(who.account.id) if not self.offer.may_renew(row.expires_at)]
        challenge = await self.challenges.give("registration", who.token, who.account)
        await self.admission.sessions.answer_offer(who.token)
        return options.registration_options(
            rp_id=self.site.id,
            rp_name=self.site.name,
            user_handle=handle,
            user_name=masked(who.account.nir),
            display_name=who.account.name,
            challenge=challenge,
            exclude=[row.credential_id for row in kept],
            timeout_ms=_TIMEOUT_MS,
        )

    async def register(self, caller: Caller, response: dict[str, Any]) -> CredentialRow:
        """Activate: six months from now, whatever the use. What this browser had before for the account ends.

        Raises Refused: NOT_SIGNED_IN, FULL_LOGIN_NEEDED, BIOMETRIC_FAILED, NOT_FOUND at a kiosk.
        """
        who = await self._may_activate(caller)
        async with self.journal.noting(who.session.subject, caller, "biometric-activation"):
            with _one_refusal("activation"):
                challenge = ceremony.client_challenge(response)
            if not await self.challenges.take(challenge, "registration", who.token, who.account):
                raise Refused(Why.BIOMETRIC_FAILED, because="activation-too-late")
            with _one_refusal("activation"):
                made = ceremony.verify_registration(response, challenge=challenge, origin=self.site.origin, rp_id=self.site.id)
            with caller.cookies.unless_it_fails():
                return await self._keep(caller, who, made)

    async def login_options(self, caller: Caller) -> dict[str, Any]:
        """What the browser needs to sign in: the same for everybody.

        Raises Refused: NOT_FOUND at a kiosk, LOCKED where the client's address asks too often.
        """
        self._refuse_at_kiosk()
        if until := await self.addresses.charge(self.clock.name, caller.address, caller.received_at):
            raise throttle.locked("address", until, caller.received_at)
        token = caller.cookies.get("ceremony") or self.randomness.token()
        caller.cookies.set("ceremony", token)
        challenge = await self.challenges.give("login", token)
        return options.authentication_options(rp_id=self.site.id, challenge=challenge, timeout_ms=_TIMEOUT_MS)

    async def log_in(self, caller: Caller, response: dict[str, Any]) -> None:
        """Let in by a signature alone; no failure counts towards a lock.

        Raises Refused: BIOMETRIC_FAILED, BIOMETRIC_EXPIRED (the signature was valid), what `Admission.may_enter` says,
        STEP_MISSING where all that the account had was ended meanwhile, NOT_FOUND at a kiosk.
        """
        self._refuse_at_kiosk()
        with self.journal.noting_nobody(caller, "biometric"):
            row, account, challenge = await self._presented(caller, response)
        subject = self.keys.subject(account.nir)
        async with self.journal.noting(subject, caller, "biometric"):
            signed = await self.assertions.verify(caller, account, row, response, challenge)
            if row.ended_at or (account.closed_on is None and not account.outlived(row.created_at)):
                raise Refused(Why.BIOMETRIC_FAILED, because="unknown")
            if self.clock.now() >= row.expires_at:
                expired_on = row.expires_at.astimezone(PARIS).date()
                raise Refused(Why.BIOMETRIC_EXPIRED, credential_id=options.encoded(row.credential_id), expired_on=expired_on)
            await self.admission.may_enter(account, subject, by_code=False)
            since = caller.received_at
            async with self.admission.letting_in(caller, account.id, subject, by=("biometric",), since=since, way=row.id) as held:
                used = await credentials.use(row.id, signed.sign_count, self.clock.now(), backed_up=signed.backed_up)
                if not held.outlived(row.created_at):
                    raise Refused(Why.BIOMETRIC_FAILED, because="unknown")
                if not used:
                    raise Refused(Why.BIOMETRIC_FAILED)
                await self.browsers.use_credential(caller, held, row.id)

    async def answer_offer(self, caller: Caller, answer: Literal["later", "never"]) -> None:
        """*Later*: asked again at the next login, also where *never* was said before. *Never*: not asked in this browser.

        Raises Refused: NOT_SIGNED_IN, NOT_FOUND at a kiosk.
        """
        self._refuse_at_kiosk()
        who = await self.admission.signed_in(caller)
        await self.admission.sessions.answer_offer(who.token)
        declined = await self.browsers.biometrics_declined(caller, who.account)
        if declined == (answer == "never"):
            return
        with caller.cookies.unless_it_fails():
            async with self.admission.changing(who) as account:
                if answer == "never":
                    await self.browsers.decline_biometrics(caller, account)
                else:
                    await self.browsers.offer_again(caller, account)
                await self.journal.note(who.session.subject, caller, "biometric-offer", answer)

    async def accepted(self, account: Account) -> dict[str, Any] | None:
        """What the browser of the account's owner may be told is still good; None where nothing was ever activated."""
        if account.user_handle is None:
            return None
        now, rows = self.clock.now(), await credentials.of_account(account.id)
        good = [row.credential_id for row in rows if now < row.expires_at]
        return options.accepted(rp_id=self.site.id, user_handle=account.user_handle, credential_ids=good)

    async def _may_activate(self, caller: Caller) -> SignedIn:
        self._refuse_at_kiosk()
        who = await self.admission.signed_in(caller)
        async with self.journal.noting(who.session.subject, caller, "biometric-activation"):
            if not self.offer.may_activate(who):
                raise Refused(Why.FULL_LOGIN_NEEDED, next="login")
        return who

    async def _presented(self, caller: Caller, response: dict[str, Any]) -> tuple[CredentialRow, Account, bytes]:
        """The credential that the response names, its account, and the challenge, used up now."""
        with _one_refusal():
            challenge, credential_id = ceremony.client_challenge(response), ceremony.credential_id_of(response)
        if not await self.challenges.take(challenge, "login", caller.cookies.get("ceremony") or ""):
            raise Refused(Why.BIOMETRIC_FAILED, because="challenge")
        row = await credentials.named(credential_id)
        account = await accounts.by_id(row.account_id) if row else None
        if row is None or account is None:
            raise Refused(Why.BIOMETRIC_FAILED, because="unknown")
        return row, account, challenge

    async def _keep(self, caller: Caller, who: SignedIn, made: RegisteredCredential) -> CredentialRow:
        now = self.clock.now()
        async with self.admission.changing(who) as account:
            row = CredentialRow(
                id=self.randomness.uuid(),
                account_id=account.id,
                credential_id=made.credential_id,
                public_key=made.public_key,
                sign_count=made.sign_count,
                backup_eligible=made.backup_eligible,
                label=caller.browser,
                created_at=now,
                expires_at=add_months(now, policy.BIOMETRIC_MONTHS),
            )
            older, said = await credentials.of_account(account.id), await self.browsers.said_here(caller, account)
            if not await credentials.add(row, backed_up=made.backed_up, clock_name=self.clock.name):
                raise Refused(Why.BIOMETRIC_FAILED, because="known")
            replaced = [old for old in older if said and old.id == said.credential_id]
            too_many = [old for old in older if old not in replaced][policy.BIOMETRICS_PER_ACCOUNT - 1 :]
            for old in (*replaced, *too_many):
                await credentials.end([old.id], now)
                await self.journal.note(who.session.subject, caller, "biometric-replaced", label=old.label)
            await self.browsers.use_credential(caller, account, row.id)
            await self._tell_of_activation(caller, who, account, row)
        return row

    async def _tell_of_activation(self, caller: Caller, who: SignedIn, account: Account, row: CredentialRow) -> None:
        await self.journal.note(who.session.subject, caller, "biometric-added", expires_at=row.expires_at)
        if account.email:
            mail = self.messages.biometric_added(to=account.email, browser=row.label, at=row.created_at, until=row.expires_at)
            await self.post.put(mail)

    def _refuse_at_kiosk(self) -> None:
        """Product page, section 10: a shared kiosk never offers biometrics."""
        if self.kiosk:
            raise Refused(Why.NOT_FOUND)


@contextmanager
def _one_refusal(because: str = "") -> Iterator[None]:
    try:
        yield
    except CeremonyRefused:
        raise Refused(Why.BIOMETRIC_FAILED, because=because) from None
