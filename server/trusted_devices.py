"""Trusted devices as the flows know them: recognised, used, granted.

One cookie holds a token for each account that trusts the browser (a household shares it). A token is rotated at each use; an old
one that comes back is a copy: its device ends and the owner is told. A token replaced while this very request was under way (two
clicks) is no copy. Source: product page, section 1; security page, *Sessions and devices*.
"""

from dataclasses import dataclass

from server import policy
from server.clock import Clock, add_months
from server.keys import token_hash
from server.randomness import Randomness
from server.records import devices
from server.records.accounts import Account
from server.records.devices import DeviceRow
from server.request_context import Caller

_PARTED = "."


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
        """Look for the account's device among the browser's; nothing for an unknown account."""
        hashes = {token_hash(token) for token in _tokens(caller)}
        if not hashes or account is None:
            return Recognised()
        now = self._clock.now()
        live, copied = None, []
        for row in await devices.presented(account.id, list(hashes)):
            if now >= row.expires_at or not account.outlived(row.created_at):
                continue
            if row.token_hash in hashes or (row.rotated_at and row.rotated_at >= caller.received_at):
                live = row
            else:
                copied.append(row)
        return Recognised(live, tuple(copied))

    async def end(self, device: DeviceRow) -> bool:
        """Trust it no more; False where it had ended."""
        return await devices.end(device.id, self._clock.now())

    async def use(self, caller: Caller, device: DeviceRow) -> None:
        """It lets its owner in: a new token for an old one. Inside the transaction that lets in."""
        if device.token_hash not in map(token_hash, _tokens(caller)):
            return  # the click beside this one has rotated it, and its answer brings the token
        new = self._randomness.token()
        if await devices.rotate(device.id, device.token_hash, token_hash(new), self._clock.now()):
            kept = [token for token in _tokens(caller) if token_hash(token) != device.token_hash]
            self._write(caller, [*kept, new])

    async def grant(self, caller: Caller, account: Account) -> DeviceRow:
        """Trust this browser for six months from now, in place of what it had for the account."""
        now = self._clock.now()
        kept = _tokens(caller)
        for row in await devices.presented(account.id, [token_hash(token) for token in kept]):
            await devices.end(row.id, now)
            kept = [token for token in kept if token_hash(token) not in {row.token_hash, row.previous_hash}]
        token = self._randomness.token()
        row = DeviceRow(
            id=self._randomness.uuid(),
            token_hash=token_hash(token),
            previous_hash=None,
            rotated_at=None,
            label=caller.browser,
            created_at=now,
            expires_at=add_months(now, policy.TRUSTED_DEVICE_MONTHS),
        )
        await devices.add(row, account.id)
        self._write(caller, [*kept, token])
        return row

    def _write(self, caller: Caller, tokens: list[str]) -> None:
        latest = tokens[-policy.TRUSTED_ACCOUNTS_PER_BROWSER :]
        expires_at = add_months(self._clock.now(), policy.TRUSTED_DEVICE_MONTHS)
        caller.cookies.set("device", _PARTED.join(latest), expires_at)


def _tokens(caller: Caller) -> list[str]:
    text = caller.cookies.get("device") or ""
    return [token for token in text.split(_PARTED) if token][: policy.TRUSTED_ACCOUNTS_PER_BROWSER]
