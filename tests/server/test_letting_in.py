"""The moment of letting in: it stands or falls as a whole, and asks once more."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from server.policy import Quota
from server.records import activity
from server.records.address_limits import AddressLimit
from server.records.database import fetch
from server.refusals import Refused, Why
from tests.server.inside import Inside, Jar

pytestmark = pytest.mark.usefixtures("database")
ACCOUNT = "(SELECT a.id FROM account a JOIN insured_person p ON p.id = a.person WHERE p.nir = $1)"
COMMIT_FAILS = """
CREATE OR REPLACE FUNCTION no_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no commit'; END $$;
CREATE CONSTRAINT TRIGGER no_commit AFTER UPDATE OF logins ON account DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION no_commit()
"""


@pytest.fixture
def inside() -> Inside:
    return Inside()


async def kinds(inside: Inside, nir: str) -> list[tuple[str, str]]:
    events = await activity.latest(inside.parts.keys.subject(nir), count=50)
    return [(event.kind, event.outcome) for event in reversed(events)]


async def mails(nir: str) -> list[str]:
    rows = await fetch(f"SELECT kind FROM outbox_message WHERE recipient = (SELECT email FROM account WHERE id = {ACCOUNT})", nir)
    return [row["kind"] for row in rows]


async def test_a_login_whose_commit_fails_leaves_no_cookie_and_no_trace(inside: Inside) -> None:
    nir, browser = await inside.person(), Jar(inside)
    await browser.enter(nir)
    await inside.login.send_code(browser.request())
    code = await inside.mailed_code(nir)
    for statement in COMMIT_FAILS.split(";\nCREATE CONSTRAINT"):
        await fetch(statement if statement.lstrip().startswith("CREATE OR") else f"CREATE CONSTRAINT{statement}")
    try:
        with pytest.raises(asyncpg.RaiseError):
            await browser.give_code(code, trust=True)
    finally:
        await fetch("DROP TRIGGER no_commit ON account")
    assert set(browser.came) == {"attempt"}
    assert ("login", "done") not in await kinds(inside, nir)
    await browser.give_code(code)
    assert await browser.signed_in()


async def test_what_ended_while_the_code_was_on_its_way_lets_nobody_in(inside: Inside) -> None:
    nir, browser = await inside.person(), Jar(inside)
    await browser.enter(nir)
    await inside.login.send_code(browser.request())
    code = await inside.mailed_code(nir)
    inside.clock.advance(timedelta(seconds=1))
    await fetch(f"UPDATE account SET ended_at = $2 WHERE id = {ACCOUNT}", nir, inside.clock.now())
    with pytest.raises(Refused) as refused:
        await browser.give_code(code)
    assert refused.value.why is Why.STEP_MISSING
    assert not await browser.signed_in()


@pytest.mark.parametrize(
    "end",
    [
        f"UPDATE trusted_device SET ended_at = $2 WHERE account = {ACCOUNT}",
        f"UPDATE account SET ended_at = $2 WHERE id = {ACCOUNT}",
    ],
)
async def test_what_ends_while_the_password_is_hashed_lets_nobody_in(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    nir, browser = await inside.person(), Jar(inside)
    await browser.log_in(nir, trust=True)
    inside.clock.advance(timedelta(hours=9))
    verify = inside.parts.hasher.verify

    async def meanwhile(*judged: object) -> object:
        inside.clock.advance(timedelta(seconds=1))
        await fetch(end, nir, inside.clock.now())
        return await verify(*judged)

    monkeypatch.setattr(inside.parts.hasher, "verify", meanwhile)
    with pytest.raises(Refused) as refused:
        await browser.enter(nir)
    assert refused.value.why is Why.STEP_MISSING
    assert not await browser.signed_in()


async def test_a_login_begun_before_everything_ended_is_over(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    nir, browser = await inside.person(), Jar(inside)
    verify = inside.parts.hasher.verify

    async def meanwhile(*judged: object) -> object:
        inside.clock.advance(timedelta(seconds=1))
        await fetch(f"UPDATE account SET ended_at = $2 WHERE id = {ACCOUNT}", nir, inside.clock.now())
        inside.clock.advance(timedelta(seconds=1))
        return await verify(*judged)

    monkeypatch.setattr(inside.parts.hasher, "verify", meanwhile)
    await browser.enter(nir)
    with pytest.raises(Refused) as refused:
        await inside.login.send_code(browser.request())
    assert refused.value.why is Why.STEP_MISSING


async def test_a_copy_is_known_however_many_uses_old(inside: Inside) -> None:
    nir, browser = await inside.person(), Jar(inside)
    await browser.log_in(nir, trust=True)
    thief = Jar(inside, {"device": browser.came["device"]})
    for _ in range(3):
        inside.clock.advance(timedelta(days=1))
        assert (await browser.enter(nir)).next == "home"
    inside.clock.advance(timedelta(days=1))
    assert (await thief.enter(nir)).next == "code"
    assert (await browser.enter(nir)).next == "code"
    assert (await mails(nir)).count("device-ended") == 1


async def test_a_copy_beside_an_account_without_address_is_ended_all_the_same(inside: Inside) -> None:
    nir, browser = await inside.person(), Jar(inside)
    await browser.log_in(nir, trust=True)
    thief = Jar(inside, {"device": browser.came["device"]})
    inside.clock.advance(timedelta(days=1))
    await browser.enter(nir)
    await fetch(f"UPDATE account SET email = NULL WHERE id = {ACCOUNT}", nir)
    inside.clock.advance(timedelta(days=1))
    with pytest.raises(Refused) as refused:
        await thief.enter(nir, "wrong")
    assert refused.value.why is Why.INVALID_CREDENTIALS
    assert ("device-ended", "copied-token") in await kinds(inside, nir)


async def test_checking_and_asking_at_once_never_wait_for_each_other_in_a_circle(inside: Inside) -> None:
    for _ in range(15):
        nir, browser = await inside.person(), Jar(inside)
        await browser.enter(nir)
        await inside.login.send_code(browser.request())
        code = await inside.mailed_code(nir)
        inside.clock.advance(timedelta(minutes=2))
        done = await asyncio.gather(
            *(inside.login.send_code(browser.request()) for _ in range(3)),
            inside.login.check_code(browser.request(), code, trust_device=True),
            return_exceptions=True,
        )
        assert all(not isinstance(end, BaseException) or isinstance(end, Refused) for end in done), done


async def test_every_refusal_leaves_its_evidence(inside: Inside) -> None:
    nir, browser = await inside.person(), Jar(inside)
    await browser.enter(nir)
    await inside.login.send_code(browser.request())
    wrong = f"{(int(await inside.mailed_code(nir)) + 1) % 10**6:06}"
    for _ in range(5):
        with pytest.raises(Refused):
            await inside.login.check_code(browser.request(), wrong, trust_device=False)
    with pytest.raises(Refused):
        await inside.login.send_code(browser.request())
    told = await kinds(inside, nir)
    assert told.count(("code", "invalid-code")) == 2
    assert told.count(("code", "locked")) == 3
    assert told.count(("code-request", "locked")) == 1


async def test_the_address_limit_keeps_its_word(inside: Inside) -> None:
    limit, now = AddressLimit("its-word", Quota(5, timedelta(minutes=10))), inside.clock.now()
    until = None
    for _ in range(12):
        until = await limit.charge("", "192.0.2.7", now)
        now = until or now + timedelta(seconds=7)
        if until:
            assert await limit.charge("", "192.0.2.7", until - timedelta(seconds=1))
            assert await limit.charge("", "192.0.2.7", until) is None
    assert until
    await limit.refund("", "192.0.2.7", now)


async def test_a_refund_never_lends(inside: Inside) -> None:
    limit, now = AddressLimit("refund", Quota(2, timedelta(minutes=10))), inside.clock.now()
    for _ in range(5):
        await limit.refund("", "192.0.2.8", now)
    assert [await limit.charge("", "192.0.2.8", now) is None for _ in range(3)] == [True, True, False]
