"""WebAuthn ceremonies under way, in Redis: one record a challenge, taken once. Our clock decides; the TTL collects garbage."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from server import policy
from server.keys import token_hash
from server.records.redis import Store


class Ceremony(msgspec.Struct, frozen=True):
    """What a challenge was given out for. `browser` is the hash of the cookie that the browser must bring."""

    purpose: str
    browser: bytes
    began_at: datetime
    account_id: UUID | None = None


async def begin(challenge: bytes, ceremony: Ceremony) -> None:
    """Store a new one; another tab's goes on beside it."""
    life = 2 * policy.CEREMONY_LIFE // timedelta(milliseconds=1)
    await Store.client().set(_key(challenge), msgspec.msgpack.encode(ceremony), px=life)


async def take(challenge: bytes, purpose: str, browser_token: str, now: datetime) -> Ceremony | None:
    """The ceremony of this challenge, where it is this browser's, of this purpose and still good. It is used up either way."""
    raw = await Store.client().getdel(_key(challenge))
    if not isinstance(raw, bytes):
        return None
    ceremony = msgspec.msgpack.decode(raw, type=Ceremony)
    fits = ceremony.purpose == purpose and ceremony.browser == token_hash(browser_token)
    return ceremony if fits and now < ceremony.began_at.astimezone(UTC) + policy.CEREMONY_LIFE else None


def _key(challenge: bytes) -> str:
    return f"ceremony:{token_hash(challenge.hex()).hex()}"
