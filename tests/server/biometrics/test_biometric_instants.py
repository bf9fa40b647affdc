"""Biometrics by a clock that stands still: six calendar months to the second, the offer, and what ends a credential meanwhile."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from server import policy
from server.records import accounts, credentials
from server.records.database import fetch
from server.refusals import Why
from tests.server.inside import Inside
from tests.server.owner import Owner, refusal

pytestmark = pytest.mark.usefixtures("database")
_THEIRS = "WHERE id = (SELECT person FROM account WHERE id = $1) AND $2::timestamptz IS NOT NULL"
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture
def inside() -> Inside:
    return Inside()


async def active(inside: Inside) -> tuple[str, Owner]:
    nir, mine = await inside.person(), Owner(inside)
    await mine.log_in(nir)
    await mine.activate()
    await mine.leave()
    return nir, mine


def go_to(inside: Inside, instant: datetime) -> None:
    inside.clock.advance(instant - inside.clock.now())


@pytest.mark.parametrize(
    ("activated", "over"),
    [
        ("2026-08-31T10:00:00+02:00", "2027-02-28T10:00:00+01:00"),
        ("2027-08-31T10:00:00+02:00", "2028-02-29T10:00:00+01:00"),
        ("2028-02-29T10:00:00+01:00", "2028-08-29T10:00:00+02:00"),
        ("2026-11-21T12:00:00+01:00", "2027-05-21T12:00:00+02:00"),
    ],
)
async def test_six_calendar_months_whatever_the_use(inside: Inside, activated: str, over: str) -> None:
    go_to(inside, datetime.fromisoformat(activated))
    _, mine = await active(inside)
    go_to(inside, datetime.fromisoformat(activated) + 90 * DAY)
    await mine.come_in()
    go_to(inside, datetime.fromisoformat(over) - SECOND)
    await mine.come_in()
    assert await mine.signed_in()
    await mine.leave()
    for late in (timedelta(), SECOND, 100 * DAY):
        go_to(inside, datetime.fromisoformat(over) + late)
        refused = await refusal(mine.come_in())
        assert refused.why is Why.BIOMETRIC_EXPIRED
        assert refused.members["expired_on"] == datetime.fromisoformat(over).date()
        assert not await mine.signed_in()


async def test_only_a_valid_signature_learns_that_it_expired(inside: Inside) -> None:
    _, mine = await active(inside)
    inside.clock.advance(200 * DAY)
    flow = inside.parts.biometrics
    options = await mine.asked(flow.login_options)
    forged = mine.authenticator.get(options, tampered=True)
    assert (await refusal(mine.asked(flow.log_in, forged))).why is Why.BIOMETRIC_FAILED


async def test_after_expiry_and_a_login_with_the_code_it_is_offered_again_and_activates(inside: Inside) -> None:
    nir, mine = await active(inside)
    await mine.log_in(nir)
    assert not await mine.offered(), "it is active here"
    await mine.leave()
    inside.clock.advance(200 * DAY)
    await refusal(mine.come_in())
    await mine.log_in(nir)
    assert await mine.offered()
    await mine.activate()
    await mine.leave()
    await mine.come_in()
    assert await mine.signed_in()


async def test_renewal_is_one_press_from_the_first_reminder_on_and_the_old_credential_ends(inside: Inside) -> None:
    nir, mine = await active(inside)
    row = (await credentials.of_account((await _account(nir)).id))[0]
    go_to(inside, row.expires_at - 30 * DAY - SECOND)
    await mine.log_in(nir)
    assert not await mine.offered()
    inside.clock.advance(SECOND)
    assert await mine.offered()
    old = mine.authenticator.credentials[0]
    await mine.activate()  # nothing is excluded, or the authenticator would make no second
    await mine.leave()
    await mine.come_in()
    await mine.leave()
    flow = inside.parts.biometrics
    by_the_old = mine.authenticator.get(await mine.asked(flow.login_options), old)
    assert (await refusal(mine.asked(flow.log_in, by_the_old))).because == "unknown"
    assert len(await credentials.of_account((await _account(nir)).id)) == 1


async def test_offered_from_the_second_login_with_a_code(inside: Inside) -> None:
    nir, mine = await inside.person(), Owner(inside)
    for offered in (False, True, True):
        await mine.log_in(nir)
        assert await mine.offered() is offered
        await mine.leave()


async def test_later_is_until_the_next_login_and_never_is_for_this_browser(inside: Inside) -> None:
    nir, mine, other = await inside.person(), Owner(inside), Owner(inside)
    flow = inside.parts.biometrics
    await mine.log_in(nir)
    await mine.log_in(nir)
    await mine.asked(flow.answer_offer, "later")
    assert not await mine.offered()
    await mine.log_in(nir)
    assert await mine.offered()
    await mine.asked(flow.answer_offer, "never")
    await mine.log_in(nir)
    assert not await mine.offered()
    await other.log_in(nir)
    assert await other.offered(), "another browser was not told never"
    # Undone: asked again, from the next login on.
    await mine.asked(flow.answer_offer, "later")
    assert not await mine.offered()
    await mine.log_in(nir)
    assert await mine.offered()


async def test_never_is_one_persons_word_in_a_shared_browser(inside: Inside) -> None:
    one, two, shared = await inside.person(), await inside.person(), Owner(inside)
    for nir in (one, two):
        await shared.log_in(nir)
        await shared.log_in(nir)
        assert await shared.offered()
        if nir == one:
            await shared.asked(inside.parts.biometrics.answer_offer, "never")


async def test_an_activation_that_was_begun_is_not_offered_again_in_this_session(inside: Inside) -> None:
    nir, mine = await inside.person(), Owner(inside)
    await mine.log_in(nir)
    await mine.log_in(nir)
    await mine.asked(inside.parts.biometrics.registration_options)
    assert not await mine.offered()
    await mine.log_in(nir)
    assert await mine.offered()


@pytest.mark.parametrize(
    "waits",
    [
        "UPDATE account SET terms_accepted = NULL WHERE id = $1",
        "UPDATE insured_person SET overlap_since = '2026-01-01' WHERE id = (SELECT person FROM account WHERE id = $1)",
    ],
)
async def test_notices_come_first(inside: Inside, waits: str) -> None:
    nir, mine = await inside.person(), Owner(inside)
    await mine.log_in(nir)
    await mine.log_in(nir)
    account = (await _account(nir)).id
    await fetch(waits, account)
    assert not await mine.offered()
    await accounts.accept_terms(account, policy.TERMS_OF_USE)
    await accounts.acknowledge_overlap(account, date(2026, 1, 1))
    assert await mine.offered()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE account SET ended_at = $2 WHERE id = $1", Why.BIOMETRIC_FAILED),
        ("UPDATE biometric_credential SET ended_at = $2 WHERE account = $1", Why.BIOMETRIC_FAILED),
        ("UPDATE account SET closed_on = $2::timestamptz::date WHERE id = $1", Why.ACCOUNT_CLOSED),
        ("UPDATE account SET email_confirmed_at = NULL WHERE id = $1 AND $2::timestamptz IS NOT NULL", Why.ADDRESS_MISSING),
        (f"UPDATE insured_person SET fund = NULL {_THEIRS}", Why.FILE_UPDATE_NEEDED),
        (f"UPDATE insured_person SET attachment = 'pending' {_THEIRS}", Why.ATTACHMENT_PENDING),
    ],
)
async def test_what_ended_or_changed_meanwhile_is_asked_again(inside: Inside, change: str, why: Why) -> None:
    nir, mine = await active(inside)
    await fetch(change, (await _account(nir)).id, inside.clock.now())
    assert (await refusal(mine.come_in())).why is why
    assert not await mine.signed_in()


async def test_ended_while_the_signature_was_judged(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    nir, mine = await active(inside)
    account = (await _account(nir)).id
    flow = inside.parts.biometrics
    response = mine.authenticator.get(await mine.asked(flow.login_options))
    caller = mine.request()
    inside.clock.advance(SECOND)
    judged = type(flow.assertions).verify

    async def and_then_ended(*given: Any) -> Any:
        signed = await judged(*given)
        await fetch("UPDATE biometric_credential SET ended_at = $2 WHERE account = $1", account, inside.clock.now())
        return signed

    monkeypatch.setattr(type(flow.assertions), "verify", and_then_ended)
    assert (await refusal(flow.log_in(caller, response))).why is Why.BIOMETRIC_FAILED
    assert "session" not in caller.cookies.changes


async def test_a_kiosk_knows_no_biometrics() -> None:
    inside = Inside(kiosk=True)
    nir, mine = await inside.person(), Owner(inside)
    await mine.log_in(nir)
    await mine.log_in(nir)
    assert not await mine.offered()
    flow = inside.parts.biometrics
    for work in (flow.registration_options, flow.login_options):
        assert (await refusal(mine.asked(work))).why is Why.NOT_FOUND
    assert (await refusal(mine.asked(flow.log_in, {}))).why is Why.NOT_FOUND


async def _account(nir: str) -> accounts.Account:
    account = await accounts.by_nir(nir)
    assert account is not None
    return account
