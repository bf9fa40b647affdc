"""Rules that turn at an instant, to the microsecond (product page, *Figures*)."""

from datetime import datetime, timedelta

import pytest

from server.records import devices
from server.records.database import fetch
from server.refusals import Refused, Why
from server.web.requests import read_cookies
from tests.server.inside import PASSWORD, Inside, Jar

pytestmark = pytest.mark.usefixtures("database")
TICK = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def inside() -> Inside:
    return Inside()


def go_to(inside: Inside, instant: datetime) -> None:
    inside.clock.advance(instant - inside.clock.now())


@pytest.mark.parametrize(
    ("granted", "over"),
    [
        ("2026-08-31T10:00:00+02:00", "2027-02-28T10:00:00+01:00"),
        ("2027-08-31T10:00:00+02:00", "2028-02-29T10:00:00+01:00"),
        ("2026-02-28T23:59:59+01:00", "2026-08-28T23:59:59+02:00"),
        ("2026-11-21T12:00:00+01:00", "2027-05-21T12:00:00+02:00"),
    ],
)
async def test_a_trusted_device_is_trusted_six_calendar_months_and_use_extends_nothing(
    inside: Inside, granted: str, over: str
) -> None:
    go_to(inside, datetime.fromisoformat(granted))
    nir, browser = await inside.person(), Jar(inside)
    await browser.log_in(nir, trust=True)
    go_to(inside, datetime.fromisoformat(granted) + timedelta(days=90))
    assert (await browser.enter(nir)).next == "home"
    go_to(inside, datetime.fromisoformat(over) - timedelta(seconds=1))
    assert (await browser.enter(nir)).next == "home"
    go_to(inside, datetime.fromisoformat(over))
    assert (await browser.enter(nir)).next == "code"
    go_to(inside, datetime.fromisoformat(over) + timedelta(seconds=1))
    assert (await browser.enter(nir)).next == "code"


async def test_a_code_is_good_for_15_minutes(inside: Inside) -> None:
    nir, browser = await inside.person(), Jar(inside)
    await browser.enter(nir)
    for late in (timedelta(), TICK):
        sent = await inside.login.send_code(browser.request())
        code = await inside.mailed_code(nir)
        go_to(inside, sent.expires_at + late)
        with pytest.raises(Refused) as refused:
            await browser.give_code(code)
        assert refused.value.why is Why.CODE_EXPIRED
    sent = await inside.login.send_code(browser.request())
    go_to(inside, sent.expires_at - TICK)
    await browser.give_code(await inside.mailed_code(nir))
    assert await browser.signed_in()


async def test_the_same_code_is_sent_for_a_minute_and_no_longer(inside: Inside) -> None:
    nir, browser = await inside.person(), Jar(inside)
    await browser.enter(nir)
    first = await inside.login.send_code(browser.request())
    inside.clock.advance(MINUTE - TICK)
    again = await inside.login.send_code(browser.request())
    inside.clock.advance(TICK)
    new = await inside.login.send_code(browser.request())
    assert (again.again, again.reference, again.expires_at) == (True, first.reference, first.expires_at)
    assert (new.again, new.expires_at) == (False, first.expires_at + MINUTE)


async def test_a_session_ends_after_15_idle_minutes(inside: Inside) -> None:
    nir, browser = await inside.person(), Jar(inside)
    await browser.log_in(nir)
    for _ in range(3):
        inside.clock.advance(15 * MINUTE - timedelta(milliseconds=1))
        assert await browser.signed_in()
    inside.clock.advance(15 * MINUTE)
    assert not await browser.signed_in()
    assert "session" not in browser.came


async def test_a_session_ends_after_8_hours_whatever_happens(inside: Inside) -> None:
    nir, browser = await inside.person(), Jar(inside)
    await browser.log_in(nir)
    for _ in range(47):
        inside.clock.advance(10 * MINUTE)
        assert await browser.signed_in()
    inside.clock.advance(10 * MINUTE - timedelta(milliseconds=1))
    assert await browser.signed_in()
    inside.clock.advance(timedelta(milliseconds=1))
    assert not await browser.signed_in()


async def test_one_instant_on_the_account_ends_sessions_attempts_and_devices(inside: Inside) -> None:
    nir, at_home, half_way = await inside.person(), Jar(inside), Jar(inside)
    await at_home.log_in(nir, trust=True)
    await half_way.enter(nir)
    await inside.login.send_code(half_way.request())
    code = await inside.mailed_code(nir)
    inside.clock.advance(MINUTE)
    ended = "UPDATE account SET ended_at = $2 FROM insured_person p WHERE p.id = account.person AND p.nir = $1"
    await fetch(ended, nir, inside.clock.now())
    assert not await at_home.signed_in()
    with pytest.raises(Refused) as refused:
        await half_way.give_code(code)
    assert refused.value.why is Why.STEP_MISSING
    assert (await at_home.enter(nir)).next == "code"


async def test_two_clicks_with_one_token_are_no_copy(inside: Inside) -> None:
    """Both came in before either was answered; whichever cookie the browser keeps is good."""
    nir, browser = await inside.person(), Jar(inside)
    await browser.log_in(nir, trust=True)
    inside.clock.advance(MINUTE)
    first, second = browser.request(), browser.request()
    kept = []
    for click in (first, second):
        inside.clock.advance(timedelta(seconds=1))
        assert (await inside.login.give_password(click, nir, PASSWORD)).next == "home"
        if change := click.cookies.changes.get("device"):
            kept.append(change[0])
    assert kept
    for cookie in kept:
        inside.clock.advance(MINUTE)
        assert (await Jar(inside, {"device": cookie}).enter(nir)).next == "home"


async def test_a_browser_trusts_eight_accounts_at_most_the_latest(inside: Inside) -> None:
    browser, household = Jar(inside), [await inside.person() for _ in range(9)]
    for nir in household:
        await browser.log_in(nir, trust=True)
    # What we write we read again.
    assert read_cookies(f"portillon-device={browser.came['device']}", secure=False).came == {"device": browser.came["device"]}
    assert (await browser.enter(household[0])).next == "code"
    for nir in household[1:]:
        assert (await browser.enter(nir)).next == "home"


async def test_trust_again_in_the_same_browser_replaces_the_old_device(inside: Inside) -> None:
    nir, browser = await inside.person(), Jar(inside)
    await browser.log_in(nir, trust=True)
    old = dict(browser.came)
    inside.clock.advance(timedelta(days=200))
    await browser.log_in(nir, trust=True)
    assert (await browser.enter(nir)).next == "home"
    assert (await Jar(inside, old).enter(nir)).next == "code"
    live = await fetch(
        "SELECT count(*) AS live FROM trusted_device WHERE ended_at IS NULL AND account = (SELECT a.id FROM account a JOIN insured_person p ON p.id = a.person WHERE p.nir = $1)",
        nir,
    )
    assert live[0]["live"] == 1


async def test_a_kiosk_trusts_no_browser() -> None:
    inside = Inside(kiosk=True)
    nir, browser = await inside.person(), Jar(inside)
    await browser.log_in(nir, trust=True)
    assert await browser.signed_in()
    assert "device" not in browser.came


async def test_of_parallel_rotations_one_wins(inside: Inside) -> None:
    nir, browser = await inside.person(), Jar(inside)
    await browser.log_in(nir, trust=True)
    [row] = await fetch(
        "SELECT d.id, d.token_hash FROM trusted_device d JOIN account a ON a.id = d.account JOIN insured_person p ON p.id = a.person WHERE p.nir = $1",
        nir,
    )
    now = inside.clock.now()
    assert await devices.rotate(row["id"], row["token_hash"], b"new", now, now)
    assert not await devices.rotate(row["id"], row["token_hash"], b"other", now, now)
