"""The outbox: what is committed is claimed once, and again only when its claimer is gone."""

import asyncio
from datetime import timedelta

import pytest

from server import policy
from server.records import outbox
from server.records.database import transaction
from server.records.outbox import ClaimedMail
from tests.server.mail.desk import KEYS, NOON, Desk

pytestmark = pytest.mark.asyncio
LEASE = timedelta(seconds=30)


async def claim_one() -> ClaimedMail:
    (mail,) = await outbox.claim(NOON, lease=LEASE, most=5)
    return mail


async def test_a_mail_goes_with_its_transaction(desk: Desk) -> None:
    async def put_and_fail() -> None:
        async with transaction():
            await outbox.put(desk.code_mail(), now=NOON, clock_name="", seal=KEYS.seal)
            raise LookupError

    heard = asyncio.Event()
    async with outbox.notices(heard.set):
        with pytest.raises(LookupError):
            await put_and_fail()
        assert await outbox.claim(NOON, lease=LEASE, most=5) == []
        assert not heard.is_set()
        await desk.put(desk.code_mail())
        await asyncio.wait_for(heard.wait(), 5)


async def test_what_lies_in_the_table_tells_no_code(desk: Desk) -> None:
    mail = desk.code_mail()
    await desk.put(mail)
    stored = (await desk.row(mail))["body"]
    assert isinstance(stored, bytes)
    assert b"048291" not in stored
    assert KEYS.unseal(stored) == mail.body
    claimed = await claim_one()
    await outbox.mark_sent(claimed, NOON)
    row = await desk.row(mail)
    assert (row["body"], row["sent_at"]) == (None, NOON)


async def test_claims_at_once_share_the_mails_out(desk: Desk) -> None:
    mails = [await desk.put(desk.code_mail()) for _ in range(30)]
    claims = await asyncio.gather(*(outbox.claim(NOON, lease=LEASE, most=4) for _ in range(10)))
    taken = [mail.id for claim in claims for mail in claim]
    assert max(len(claim) for claim in claims) == 4
    while rest := await outbox.claim(NOON, lease=LEASE, most=4):
        taken += [mail.id for mail in rest]
    assert sorted(taken) == sorted(mail.id for mail in mails)


async def test_a_lease_ends(desk: Desk) -> None:
    await desk.put(desk.code_mail())
    await claim_one()
    assert await outbox.claim(NOON + LEASE - timedelta(seconds=1), lease=LEASE, most=5) == []
    (again,) = await outbox.claim(NOON + LEASE, lease=LEASE, most=5)
    assert again.tries == 2


async def test_a_lease_by_a_clock_that_was_wrong_does_not_hold(desk: Desk) -> None:
    await desk.put(desk.code_mail())
    await outbox.claim(NOON + timedelta(days=180), lease=LEASE, most=5)
    assert len(await outbox.claim(NOON, lease=LEASE, most=5)) == 1


@pytest.mark.parametrize("moved", [timedelta(minutes=3), timedelta(days=180), -timedelta(days=180)])
async def test_a_mail_written_by_a_moved_clock_is_due_at_once(desk: Desk, moved: timedelta) -> None:
    desk.clock.advance(moved, "elsewhere")
    await desk.put(desk.code_mail(space="elsewhere"), space="elsewhere")
    assert (await claim_one()).clock == "elsewhere"


async def test_failures_wait_twice_as_long_each_time_up_to_the_most(desk: Desk) -> None:
    mail = await desk.put(desk.code_mail())
    now, waits = NOON, []
    for _ in range(10):
        (claimed,) = await outbox.claim(now, lease=LEASE, most=5)
        await outbox.mark_failed(claimed, now, "451 " + "later " * 100)
        due = (await desk.row(mail))["next_try_at"]
        waits.append(due - now)  # type: ignore[operator]
        now = due  # type: ignore[assignment]
    assert waits[:4] == [policy.MAIL_RETRY_FIRST * factor for factor in (1, 2, 4, 8)]
    assert waits[-1] == policy.MAIL_RETRY_MOST
    assert str((await desk.row(mail))["last_error"]).startswith("451 later")


async def test_new_mails_go_before_those_that_are_tried_again(desk: Desk) -> None:
    await desk.put(desk.code_mail())
    await outbox.mark_failed(await claim_one(), NOON - timedelta(hours=1), "451")
    new = await desk.put(desk.code_mail())
    (first,) = await outbox.claim(NOON, lease=LEASE, most=1)
    assert first.id == new.id


async def test_whoever_lost_the_lease_has_no_say(desk: Desk) -> None:
    mail = await desk.put(desk.code_mail())
    late = await claim_one()
    (present,) = await outbox.claim(NOON + LEASE, lease=LEASE, most=5)
    await outbox.drop(late, NOON, "550 by the late one")
    await outbox.mark_failed(late, NOON, "451 by the late one")
    row = await desk.row(mail)
    assert (row["dropped_at"], row["last_error"], row["next_try_at"]) == (None, None, NOON + 2 * LEASE)
    await outbox.mark_sent(present, NOON)
    await outbox.drop(present, NOON, "too late")
    assert (await desk.row(mail))["dropped_at"] is None


async def test_what_is_dropped_keeps_its_reason_only(desk: Desk) -> None:
    mail = await desk.put(desk.code_mail())
    await outbox.drop(await claim_one(), NOON, "550 no such mailbox")
    row = await desk.row(mail)
    assert (row["body"], row["dropped_at"], row["last_error"]) == (None, NOON, "550 no such mailbox")
    assert await outbox.claim(NOON + timedelta(days=1), lease=LEASE, most=5) == []


async def test_no_code_stands_behind_what_can_wait(desk: Desk) -> None:
    now, day = desk.clock.now(), timedelta(days=1)
    patient = desk.messages.device_expiring(to="claire@poste.example", browser="Firefox", at=now, until=now + day)
    await outbox.put(patient, now=now, clock_name="", seal=KEYS.seal, can_wait=True)
    code = await desk.put(desk.code_mail())
    assert [(await claim_first()).id for _ in range(2)] == [code.id, patient.id]


async def claim_first() -> ClaimedMail:
    (mail,) = await outbox.claim(NOON, lease=LEASE, most=1)
    return mail
