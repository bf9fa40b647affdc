"""The login with password and code (product page, section 1), each scenario through both doors of a demo with two workers."""

from datetime import timedelta

import pytest

from tests.support import Site, wrong

LIFE = timedelta(minutes=15)


async def test_number_password_and_a_mailed_code_lead_home(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    entered = await browser.enter(person)
    assert (entered.status, entered.next) == (200, "code")
    name, _, domain = person.email.partition("@")
    assert entered.address == f"{name[0]}***@{domain[0]}***.example"

    before = await site.now()
    sent = await browser.send_code()
    assert sent.expires_at is not None
    assert before <= sent.expires_at - LIFE <= await site.now()
    assert sent.requests_left == 4
    assert sent.address == entered.address
    mail = await site.mail(person, "login-code")
    assert sent.reference
    assert sent.reference in mail["text"]
    assert sent.reference in mail["html"]
    assert await browser.session() is None

    assert (await browser.give_code(mail["code"])).next == "home"
    session = await browser.session()
    assert session is not None
    assert session["authenticated_by"] == ["password", "code"]
    assert session["last_login_at"] is None
    assert session["name"].endswith(person.known["last_name"])
    assert person.nir not in str(session)


async def test_home_tells_of_the_login_before(site: Site, door: str) -> None:
    person = await site.person("second-login")
    await (await site.browser(door)).log_in(person)
    first = await site.now()
    await site.advance("PT2H")
    browser = await site.browser(door)
    await browser.log_in(person)
    session = await browser.session()
    assert session is not None
    assert session["last_login_at"][:15] == first.isoformat()[:15]


@pytest.mark.parametrize("typed", ["{} {}", " {}{} ", "{}\u00a0{}", "{}\t{}"])
async def test_a_code_may_be_typed_with_spaces(site: Site, door: str, typed: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    await browser.enter(person)
    await browser.send_code()
    code = await site.code(person)
    assert (await browser.give_code(typed.format(code[:3], code[3:]))).next == "home"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "-12345", "12345\x00"])
async def test_what_is_no_code_is_not_counted(site: Site, door: str, typed: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    await browser.enter(person)
    await browser.send_code()
    refused = await browser.give_code(typed)
    assert (refused.status, refused.refusal) == (400, "invalid-request")
    assert (await site.why(person.nir))["counters"]["login-code"]["used"] == 0
    assert (await browser.give_code(await site.code(person))).next == "home"


async def test_asking_again_within_a_minute_sends_the_same_code_with_no_new_life_and_no_new_tries(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    await browser.enter(person)
    first = await browser.send_code()
    code = await site.code(person)
    assert (await browser.give_code(wrong(code))).tries_left == 2
    await site.advance("PT30S")
    again = await browser.send_code()
    assert (again.reference, again.expires_at) == (first.reference, first.expires_at)
    assert await site.code(person) == code
    assert (await browser.give_code(wrong(code))).tries_left == 1
    assert (await browser.give_code(code)).next == "home"


async def test_a_newer_code_voids_the_older(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    await browser.enter(person)
    first = await browser.send_code()
    older = await site.code(person)
    await site.advance("PT61S")
    second = await browser.send_code()
    newer = await site.code(person)
    assert first.expires_at is not None
    assert second.expires_at is not None
    assert second.reference != first.reference
    assert second.expires_at > first.expires_at + timedelta(seconds=60)
    refused = await browser.give_code(older)
    assert (refused.status, refused.refusal) == (410, "code-expired")
    assert (await browser.give_code(newer)).next == "home"


async def test_a_fresh_code_gives_no_fresh_tries(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    await browser.enter(person)
    for tries_left in (2, 1):
        await browser.send_code()
        assert (await browser.give_code(wrong(await site.code(person)))).tries_left == tries_left
        await site.advance("PT61S")
    await browser.send_code()
    refused = await browser.give_code(wrong(await site.code(person)))
    assert (refused.status, refused.refusal) == (423, "locked")


async def test_an_expired_code_says_so_and_a_new_one_needs_no_password(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    await browser.enter(person)
    await browser.send_code()
    code = await site.code(person)
    await site.advance("PT15M")
    refused = await browser.give_code(code)
    assert (refused.status, refused.refusal) == (410, "code-expired")
    assert (await site.why(person.nir))["counters"]["login-code"]["used"] == 0
    await browser.send_code()
    assert (await browser.give_code(await site.code(person))).next == "home"


async def test_a_code_is_good_in_the_attempt_it_was_sent_to_only(site: Site, door: str) -> None:
    person, here, there = await site.person(), await site.browser(door), await site.browser(door)
    await here.enter(person)
    await here.send_code()
    sent_here = await site.code(person)
    await there.enter(person)
    # No code was asked for there yet: the one that was sent here opens nothing.
    assert (await there.give_code(sent_here)).next == "code"
    assert await there.session() is None
    await there.send_code()
    sent_there = await site.code(person)
    assert (await there.give_code(sent_here)).refusal == "invalid-code"
    for code in (sent_here, sent_there):
        assert (await here.give_code(code)).refusal == "code-expired"
    assert (await there.give_code(sent_there)).next == "home"
    assert await here.session() is None


async def test_a_code_is_used_once(site: Site, door: str) -> None:
    person, browser, copy = await site.person(), await site.browser(door), await site.browser(door)
    await browser.enter(person)
    await browser.send_code()
    copy.set_cookie("attempt", str(browser.cookie("attempt")))
    code = await site.code(person)
    assert (await browser.give_code(code)).next == "home"
    assert (await copy.give_code(code)).next == "login"
    assert await copy.session() is None


async def test_two_tabs_share_the_code(site: Site, door: str) -> None:
    """The second tab's password makes a new attempt, and the code that the first tab was sent stays good."""
    person, browser = await site.person(), await site.browser(door)
    await browser.enter(person)
    await browser.send_code()
    first_id = browser.cookie("attempt")
    if door == "pages":
        await browser.open("/connexion")  # type: ignore[attr-defined]
    await browser.enter(person)
    assert browser.cookie("attempt") != first_id
    assert (await browser.give_code(await site.code(person))).next == "home"


async def test_without_a_password_there_is_no_code_step(site: Site, door: str) -> None:
    browser = await site.browser(door)
    for answer in (await browser.send_code(), await browser.give_code("123456")):
        assert answer.next == "login"
    if door == "json":
        assert (answer.status, answer.refusal) == (409, "step-missing")


async def test_an_attempt_lives_an_hour_and_no_longer(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    await browser.enter(person)
    await site.advance("PT59M")
    assert (await browser.send_code()).reference
    await site.advance("PT2M")
    assert (await browser.give_code(await site.code(person))).next == "login"


async def test_a_login_in_another_space_lives_by_another_clock(site: Site, demo_site: str, door: str) -> None:
    """What the other tests rest on: moving one's own clock moves nobody else's."""
    person, browser = await site.person(), await site.browser(door)
    await browser.enter(person)
    await browser.send_code()
    async with Site(demo_site) as other:
        await other.advance("P1D")
    assert (await browser.give_code(await site.code(person))).next == "home"
