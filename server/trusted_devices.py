"""Trusted devices as the flows know them: recognised, used, granted.

One cookie holds a token for each account that trusts the browser (a household shares it). A token names its device and holds a
secret that is rotated at each use; any older secret that comes back is a copy: the device ends and its owner is told. A secret
replaced while this very request was under way (two clicks) is no copy. Source: product page, section 1; security page, *Sessions
and devices*.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from server import policy
from server.clock import Clock, add_months
from server.keys import token_hash
from server.randomness import Randomness
from server.records import devices
from server.records.accounts import Account
from server.records.devices import DeviceRow
from server.refusals import Refused, Why
from server.request_context import Caller

_PARTED = "."
_TOKEN = re.compile(r"([0-9a-f]{32})([A-Za-z0-9_-]{43})")
# No account has it: an unknown number asks for as much as a known one.
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Token:
    """What a browser keeps of one device: its id in 32 hexadecimal digits, then the secret."""

    device: UUID
    secret: str

    def __str__(self) -> str:
        return f"{self.device.hex}{self.secret}"

    @classmethod
    def read(cls, text: str) -> "Token | None":
        """The token that this is, or none."""
        found = _TOKEN.fullmatch(text)
        return cls(UUID(found[1]), found[2]) if found else None


@dataclass(frozen=True, slots=True)
class Recognised:
    """What the browser's cookie says of an account: a live device, and those of which it holds an old token."""

    device: DeviceRow | None = None
    copied: tuple[DeviceRow, ...] = ()


class TrustedDevices:
    """Reads and writes the device cookie."""

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness

    async def recognise(self, caller: Caller, account: Account | None) -> Recognised:
        """Look for the account's device among the browser's; the same work, and nothing found, for an unknown account."""
        tokens = _tokens(caller)
        if not tokens:
            return Recognised()
        now, live, copied = self._clock.now(), None, []
        for row in await devices.presented(account.id if account else _NOBODY, [token.device for token in tokens]):
            if account is None or now >= row.expires_at or not account.outlived(row.created_at):
                continue
            hashes = {token_hash(token.secret) for token in tokens if token.device == row.id}
            if row.token_hash in hashes or _replaced_meanwhile(row, hashes, caller):
                live = row
            else:
                copied.append(row)
        return Recognised(live, tuple(copied))

    async def end(self, device: DeviceRow) -> bool:
        """Trust it no more; False where it had ended."""
        return await devices.end(device.id, self._clock.now())

    async def use(self, caller: Caller, device: DeviceRow) -> None:
        """It lets its owner in: a new secret for the old one. Inside the transaction that lets in.

        Raises Refused(STEP_MISSING) where its trust has ended while the password was judged.
        """
        secret = self._randomness.token()
        if await devices.rotate(device.id, device.token_hash, token_hash(secret), self._clock.now(), caller.received_at):
            self._write(caller, [*_tokens(caller, but=device.id), Token(device.id, secret)])
        elif not await devices.live(device.id):
            raise Refused(Why.STEP_MISSING, next="login")
        # else the click beside this one has rotated it, and its answer brings the token

    async def grant(self, caller: Caller, account: Account) -> DeviceRow:
        """Trust this browser for six months from now, in place of what it had for the account."""
        now = self._clock.now()
        kept = _tokens(caller)
        for row in await devices.presented(account.id, [token.device for token in kept]):
            await devices.end(row.id, now)
            kept = [token for token in kept if token.device != row.id]
        token = Token(self._randomness.uuid(), self._randomness.token())
        row = DeviceRow(
            id=token.device,
            token_hash=token_hash(token.secret),
            previous_hash=None,
            rotated_at=None,
            label=caller.browser,
            created_at=now,
            expires_at=add_months(now, policy.TRUSTED_DEVICE_MONTHS),
        )
        await devices.add(row, account.id, clock_name=self._clock.name)
        self._write(caller, [*kept, token])
        return row

    def forget(self, caller: Caller, device_ids: Collection[UUID]) -> None:
        """What has ended leaves the browser's cookie, if it stands there: a household's other devices need the room."""
        tokens = _tokens(caller)
        kept = [token for token in tokens if token.device not in device_ids]
        if len(kept) < len(tokens):
            self._write(caller, kept)

    def _write(self, caller: Caller, tokens: list[Token]) -> None:
        if not tokens:
            caller.cookies.clear("device")
            return
        latest = tokens[-policy.TRUSTED_ACCOUNTS_PER_BROWSER :]
        expires_at = add_months(self._clock.now(), policy.TRUSTED_DEVICE_MONTHS)
        caller.cookies.set("device", _PARTED.join(map(str, latest)), expires_at)


def _tokens(caller: Caller, *, but: UUID | None = None) -> list[Token]:
    """The cookie's tokens, one for each device; what is none of ours is left out."""
    texts = (caller.cookies.get("device") or "").split(_PARTED)
    tokens = [Token.read(text) for text in texts[: policy.TRUSTED_ACCOUNTS_PER_BROWSER]]
    return [token for token in tokens if token and token.device != but]


def _replaced_meanwhile(row: DeviceRow, hashes: set[bytes], caller: Caller) -> bool:
    return row.previous_hash in hashes and row.rotated_at is not None and row.rotated_at >= caller.received_at
