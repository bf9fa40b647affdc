"""Login with number, password and a mailed code: one method for each thing that a person does.

Source: product page, section 1; contract, *Login*; security page, *Guessing*.
"""

from dataclasses import dataclass
from typing import Literal

from server import nir as numbers
from server import throttle
from server.admission import Admission
from server.clock import Clock
from server.hashing import Hasher
from server.journal import Journal
from server.keys import Keys
from server.known_browsers import KnownBrowsers
from server.login.codes import LoginCodes, SentCode, digits_of
from server.mail.messages import Messages
from server.mail.post import Post
from server.randomness import Randomness
from server.records import accounts
from server.records.accounts import Account
from server.records.address_limits import AddressLimit
from server.records.database import transaction
from server.records.sessions import Attempt, Attempts
from server.refusals import Refused, Why
from server.request_context import Caller
from server.throttle import Left, Throttle
from server.trusted_devices import Recognised, TrustedDevices
from server.wording.masking import masked_email


@dataclass(frozen=True, slots=True)
class AfterPassword:
    """The password was right: what comes next, and where a code would go (masked)."""

    next: Literal["code", "home"]
    address: str | None = None


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A login that waits for its code. `code` is the one last sent, if any."""

    address: str
    code: SentCode | None
    requests: Left


@dataclass(frozen=True, slots=True)
class LoginFlow:
    """The login. Built once; holds no state of its own."""

    clock: Clock
    randomness: Randomness
    keys: Keys
    hasher: Hasher
    throttle: Throttle
    journal: Journal
    admission: Admission
    attempts: Attempts
    trusted: TrustedDevices
    addresses: AddressLimit
    browsers: KnownBrowsers
    codes: LoginCodes
    messages: Messages
    post: Post
    kiosk: bool

    async def give_password(
        self, caller: Caller, number: str, password: str, *, with_code: bool = False, remember_number: bool = False
    ) -> AfterPassword:
        """Judge number and password, counted first. `with_code`: ask for a code on a trusted device too, for a full login.

        Raises Refused: INVALID_REQUEST, INVALID_CREDENTIALS, LOCKED, STEP_MISSING, what `Admission.may_enter` says, UNAVAILABLE.
        """
        with self.hasher.place():
            nir = _canonical(number)
            if not password:
                raise Refused(Why.INVALID_REQUEST, errors=(("password", "missing"),))
            subject = self.keys.subject(nir)
            async with self.journal.noting(subject, caller, "password"):
                await self._slow_down(caller)
                account = await accounts.by_nir(nir)
                recognised = await self.trusted.recognise(caller, account)
                await self._end_copied(caller, account, subject, recognised)
                account = await self._judge(caller, account, subject, password, recognised)
                by_code = with_code or recognised.device is None
                await self.admission.may_enter(account, subject, by_code=by_code)
        if recognised.device is None or by_code:
            return await self._begin_attempt(caller, account, subject, remember_number=remember_number)
        by = ("password", "trusted-device")
        since, way = caller.received_at, recognised.device.id
        async with (
            self.journal.noting(subject, caller, "password"),
            self.admission.letting_in(caller, account.id, subject, by=by, since=since, way=way) as held,
        ):
            await self.trusted.use(caller, recognised.device)
            if remember_number:
                await self.browsers.remember(caller, held)
        return AfterPassword("home")

    async def send_code(self, caller: Caller) -> SentCode:
        """Mail a code, or within a minute the same one again.

        Raises Refused: STEP_MISSING, LOCKED, what `Admission.may_enter` says.
        """
        attempt = await self._attempt(caller)
        async with self.journal.noting(attempt.subject, caller, "code-request"):
            account = await self._account(caller, attempt)
            await self.admission.may_enter(account, attempt.subject, by_code=True)
            left = await self.throttle.grant(attempt.subject, throttle.LOGIN_CODE_REQUESTS)
            return await self.codes.send(caller, attempt, left)

    async def check_code(self, caller: Caller, code: str, *, trust_device: bool) -> None:
        """Judge a code, counted first, and let in.

        Raises Refused: INVALID_REQUEST, STEP_MISSING, CODE_EXPIRED, INVALID_CODE, LOCKED, what `Admission.may_enter` says.
        """
        typed = digits_of(code)
        attempt = await self._attempt(caller)
        async with self.journal.noting(attempt.subject, caller, "code"):
            account = await self._account(caller, attempt)
            await self.admission.may_enter(account, attempt.subject, by_code=True)
            right = await self.codes.judge(attempt, typed)
            by = ("password", "code")
            async with self.admission.letting_in(caller, account.id, attempt.subject, by=by, since=attempt.began_at) as held:
                await self.codes.consume(right)
                if attempt.remember_number:
                    await self.browsers.remember(caller, held)
                if trust_device and not self.kiosk:
                    await self._trust(caller, held, attempt.subject)

    async def under_way(self, caller: Caller) -> UnderWay:
        """The login under way in this browser, for a page to show. Raises Refused: STEP_MISSING, LOCKED."""
        attempt = await self._attempt(caller)
        account = await self._account(caller, attempt)
        requests = await self.throttle.left(attempt.subject, throttle.LOGIN_CODE_REQUESTS)
        return UnderWay(masked_email(account.email or ""), await self.codes.last_sent(account, attempt, requests.count), requests)

    async def start_over(self, caller: Caller) -> None:
        """Give up the login under way."""
        await self.admission.give_up(caller)

    async def log_out(self, caller: Caller) -> None:
        """End the session; it is no refusal where none stands."""
        try:
            who = await self.admission.signed_in(caller)
        except Refused:
            return
        await self.admission.leave(caller)
        await self.journal.note(who.session.subject, caller, "logout")

    async def _slow_down(self, caller: Caller) -> None:
        """The address's quota; it needs Redis, so that without Redis nothing is counted or judged."""
        until = await self.addresses.charge(self.clock.name, caller.address, caller.received_at)
        if until:
            raise throttle.locked("address", until, caller.received_at)

    async def _judge(
        self, caller: Caller, account: Account | None, subject: bytes, password: str, recognised: Recognised
    ) -> Account:
        """The same statements and the same hash whether or not the number has an account."""
        channel = str(recognised.device.id) if recognised.device else ""
        charge = await self.throttle.charge(subject, throttle.PASSWORD, channel)
        verdict = await self.hasher.verify(password, account.password if account else None)
        if account is None or not verdict.matches:
            raise self.throttle.failed(charge, Why.INVALID_CREDENTIALS)
        await self.throttle.settle(charge)
        await self.addresses.refund(self.clock.name, caller.address, caller.received_at)
        if verdict.replacement:
            await accounts.replace_password(account.id, account.password, verdict.replacement)
        return account

    async def _begin_attempt(self, caller: Caller, account: Account, subject: bytes, *, remember_number: bool) -> AfterPassword:
        """A new id at this change of level; codes already sent to this browser for this account stay good (two tabs).

        It began when the request came in: whatever ended the account's logins while the password was hashed ends this one too.
        """
        try:
            old = await self._attempt(caller)
            await self._account(caller, old)
        except Refused:  # none, or a lock has killed it: its codes are dead with it
            old = None
        binding = old.binding if old and old.account_id == account.id else self.randomness.bytes(16)
        await self.admission.begin_attempt(caller, Attempt(account.id, subject, binding, caller.received_at, remember_number))
        return AfterPassword("code", masked_email(account.email or ""))

    async def _attempt(self, caller: Caller) -> Attempt:
        """The login under way. Raises Refused(STEP_MISSING)."""
        token = caller.cookies.get("attempt")
        attempt = await self.attempts.read(token, self.clock.now()) if token else None
        if attempt is None:
            caller.cookies.clear("attempt")
            raise Refused(Why.STEP_MISSING, next="login")
        return attempt

    async def _account(self, caller: Caller, attempt: Attempt) -> Account:
        """Whose login it is. Raises Refused: LOCKED while the lock that killed it stands, STEP_MISSING where it is over."""
        account = await accounts.by_id(attempt.account_id)
        if account is None or not account.outlived(attempt.began_at):
            caller.cookies.clear("attempt")
            raise Refused(Why.STEP_MISSING, next="login")
        await self.throttle.refuse_if_killed(attempt.subject, attempt.began_at)
        return account

    async def _trust(self, caller: Caller, account: Account, subject: bytes) -> None:
        device = await self.trusted.grant(caller, account)
        await self.journal.note(subject, caller, "device-added", expires_at=device.expires_at)
        until, to = device.expires_at, account.email or ""  # an address there is: may_enter has asked
        await self.post.put(self.messages.device_added(to=to, browser=device.label, at=device.created_at, until=until))

    async def _end_copied(self, caller: Caller, account: Account | None, subject: bytes, recognised: Recognised) -> None:
        """An old token came back: somebody holds a copy.

        In one transaction the device ends, its owner is told, and what it has let in is over; without Redis none of it is done.
        """
        if account is None:
            return
        for device in recognised.copied:
            async with transaction():
                await accounts.hold(account.id)  # nobody comes in by it meanwhile
                if not await self.trusted.end(device):
                    continue
                await self.admission.end_sessions_of(account.id, device.id)
                await self.journal.note(subject, caller, "device-ended", "copied-token")
                if account.email:
                    mail = self.messages.device_ended(to=account.email, browser=device.label, at=self.clock.now())
                    await self.post.put(mail)


def _canonical(number: str) -> str:
    try:
        return numbers.canonical(number)
    except numbers.NotANir:
        raise Refused(Why.INVALID_REQUEST, errors=(("nir", "not-a-number"),)) from None
