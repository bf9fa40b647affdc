"""Removals by a clock that stands still, and between two steps of somebody else: all or nothing."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from redis.exceptions import TimeoutError as RedisTimeoutError

import tests.server.owner
from server.devices.flow import DevicesFlow, Item
from server.records import accounts, activity
from server.records.database import fetch
from server.records.sessions import Sessions
from server.refusals import Why
from tests.server.inside import Inside
from tests.server.owner import count_redis

pytestmark = pytest.mark.usefixtures("database")
ACCOUNT = "(SELECT a.id FROM account a JOIN insured_person p ON p.id = a.person WHERE p.nir = $1)"
TRUSTED, BIOMETRIC, SESSIONS = "trusted-devices", "biometric-credentials", "sessions"


@pytest.fixture
def inside() -> Inside:
    return Inside()


class Owner(tests.server.owner.Owner):
    """Somebody signed in by password and code, in a browser that is trusted and has biometrics."""

    @property
    def flow(self) -> DevicesFlow:
        return self.inside.parts.devices

    async def listed(self, kind: str) -> tuple[Item, ...]:
        return getattr(await self.asked(self.flow.list), kind.replace("-", "_"))

    async def remove(self, kind: str, item: UUID) -> bool:
        return await self.asked(self.flow.remove, kind, item)

    async def one(self, kind: str) -> UUID:
        [item] = await self.listed(kind)
        return item.id


async def owner(inside: Inside, nir: str | None = None, *, trust: bool = True) -> Owner:
    one = Owner(inside, nir or await inside.person())
    await one.log_in(trust=trust)
    return one


async def with_everything(inside: Inside) -> Owner:
    one = await owner(inside)
    await one.activate()
    return one


async def refusal(work: Awaitable[Any]) -> Why:
    return (await tests.server.owner.refusal(work)).why


async def events(one: Owner) -> list[activity.Event]:
    return list(reversed(await activity.latest(one.inside.parts.keys.subject(one.nir), count=50)))


@pytest.mark.parametrize(
    ("kind", "event"), [(TRUSTED, "device-removed"), (BIOMETRIC, "biometric-removed"), (SESSIONS, "session-ended")]
)
async def test_each_removal_is_one_event_that_names_what_went(inside: Inside, kind: str, event: str) -> None:
    mine = await with_everything(inside)
    await fetch(f"UPDATE trusted_device SET label = 'Le vieux portable' WHERE account = {ACCOUNT}", mine.nir)
    [item] = await mine.listed(kind)
    before = len(await events(mine))
    await mine.remove(kind, item.id)
    if kind != SESSIONS:
        assert await refusal(mine.remove(kind, item.id)) is Why.NOT_FOUND
    [noted] = (await events(mine))[before:]
    assert (noted.kind, noted.outcome, noted.details) == (event, "done", {"label": item.label})


async def test_all_of_them_are_as_many_events(inside: Inside) -> None:
    mine = await with_everything(inside)
    others = [await owner(inside, mine.nir) for _ in range(2)]
    before = len(await events(mine))
    for kind in (SESSIONS, TRUSTED):
        assert await mine.asked(mine.flow.remove_all, kind) is False
    assert [event.kind for event in (await events(mine))[before:]] == ["session-ended"] * 2 + ["device-removed"] * 3
    assert [await other.signed_in() for other in others] == [False, False]


@pytest.mark.parametrize("kind", [TRUSTED, BIOMETRIC])
async def test_what_everything_ended_is_neither_shown_nor_removed(inside: Inside, kind: str) -> None:
    mine = await with_everything(inside)
    item = await mine.one(kind)
    inside.clock.advance(timedelta(seconds=1))
    await fetch(f"UPDATE account SET ended_at = $2 WHERE id = {ACCOUNT}", mine.nir, inside.clock.now())
    assert await refusal(mine.asked(mine.flow.list)) is Why.NOT_SIGNED_IN
    inside.clock.advance(timedelta(seconds=1))
    again = await owner(inside, mine.nir, trust=False)
    assert await again.listed(kind) == ()
    assert await refusal(again.remove(kind, item)) is Why.NOT_FOUND
    assert len(await again.listed(SESSIONS)) == 1, "of the sessions the one that began since"


@pytest.mark.parametrize("kind", [TRUSTED, BIOMETRIC, SESSIONS])
async def test_without_redis_at_the_last_step_nothing_goes(inside: Inside, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    mine = await with_everything(inside)
    item, before = await mine.one(kind), await events(mine)

    async def away(*_: object, **__: object) -> None:
        raise RedisTimeoutError

    with monkeypatch.context() as broken:
        broken.setattr(Sessions, "end_where", away)
        with pytest.raises(RedisTimeoutError):
            await mine.remove(kind, item)
    assert await mine.signed_in()
    assert await mine.one(kind) == item
    assert await events(mine) == before
    await mine.remove(kind, item)


async def test_where_the_commit_fails_the_cookies_stay(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = await with_everything(inside)
    item = await mine.one(TRUSTED)

    async def fails(*_: object, **__: object) -> None:
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr(inside.parts.devices.journal, "note", fails)
        with pytest.raises(OSError):
            await mine.remove(TRUSTED, item)
    assert {"session", "device"} <= set(mine.came)
    await mine.asked(inside.login.log_out)
    assert (await mine.enter(mine.nir)).next == "home"


@pytest.mark.parametrize("kind", [TRUSTED, BIOMETRIC, SESSIONS])
async def test_a_session_that_has_ended_removes_nothing_more(inside: Inside, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """It ends while its own request waits for the account."""
    mine = await with_everything(inside)
    thief = await owner(inside, mine.nir, trust=False)
    item = next(one.id for one in await mine.listed(SESSIONS) if not one.current)
    hold = accounts.hold

    async def meanwhile(account_id: UUID) -> accounts.Account | None:
        monkeypatch.setattr(accounts, "hold", hold)
        await inside.parts.admission.sessions.end_where(account_id, inside.clock.now(), lambda session: session.id == item)
        return await hold(account_id)

    monkeypatch.setattr(accounts, "hold", meanwhile)
    assert await refusal(thief.asked(thief.flow.remove_all, kind)) is Why.NOT_SIGNED_IN
    assert [len(await mine.listed(each)) for each in (TRUSTED, BIOMETRIC, SESSIONS)] == [1, 1, 1]


async def test_a_credential_that_goes_while_its_signature_is_judged_lets_nobody_in(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = await with_everything(inside)
    other = await owner(inside, mine.nir, trust=False)
    item = await mine.one(BIOMETRIC)
    assertions = type(inside.parts.biometrics.assertions)
    verify = assertions.verify

    async def meanwhile(*given: Any) -> Any:
        signed = await verify(*given)
        await other.remove(BIOMETRIC, item)
        return signed

    await mine.asked(inside.login.log_out)
    monkeypatch.setattr(assertions, "verify", meanwhile)
    assert await refusal(mine.come_in()) is Why.BIOMETRIC_FAILED
    assert not await mine.signed_in()


@pytest.mark.parametrize("kind", ["list", BIOMETRIC, SESSIONS])
async def test_redis_is_asked_four_times_at_most(inside: Inside, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Where there is most to do: the list names sessions that no longer stand, and there are others to end."""
    mine = await with_everything(inside)
    item = await mine.one(BIOMETRIC)
    inside.clock.advance(timedelta(minutes=16))
    await owner(inside, mine.nir)
    await mine.come_in()
    asked = count_redis(monkeypatch)
    if kind == "list":
        await mine.asked(mine.flow.list)
    elif kind == SESSIONS:
        await mine.asked(mine.flow.remove_all, kind)
    else:
        await mine.remove(kind, item)
    assert len(asked) == 4
