"""Trusted devices (product page, section 1; security page, *Sessions and devices*), through both doors."""

from tests.support import Browser, Person, Site


async def trusting(site: Site, door: str, person: Person) -> Browser:
    """A browser that the person has declared their own, and left."""
    browser = await site.browser(door)
    await browser.log_in(person, trust=True)
    await browser.log_out()
    return browser


async def by(browser: Browser) -> list[str]:
    session = await browser.session()
    assert session is not None
    return list(session["authenticated_by"])


async def test_a_trusted_device_needs_no_code_and_changes_its_token_at_each_use(site: Site, door: str) -> None:
    person = await site.person()
    browser = await trusting(site, door, person)
    tokens = {browser.cookie("device")}
    for _ in range(2):
        assert (await browser.enter(person)).next == "home"
        assert await by(browser) == ["password", "trusted-device"]
        tokens.add(browser.cookie("device"))
        await browser.log_out()
    assert len(tokens) == 3
    mail = await site.mail(person, "device-added")
    assert mail["code"] is None


async def test_who_does_not_ask_for_it_is_asked_for_a_code_each_time(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    await browser.log_in(person)
    await browser.log_out()
    assert browser.cookie("device") is None
    assert (await browser.enter(person)).next == "code"
    assert await site.mails(person, "device-added") == []


async def test_another_browser_a_private_window_or_cleared_cookies_are_asked_for_a_code(site: Site, door: str) -> None:
    person = await site.person()
    browser = await trusting(site, door, person)
    assert (await (await site.browser(door)).enter(person)).next == "code"
    browser.drop_cookie("device")
    assert (await browser.enter(person)).next == "code"


async def test_it_replaces_the_code_and_never_the_password(site: Site, door: str) -> None:
    person, other = await site.person(), await site.person()
    browser = await trusting(site, door, person)
    assert (await browser.enter(person, "not the password")).refusal == "invalid-credentials"
    # One account's device is nothing to another.
    assert (await browser.enter(other)).next == "code"


async def test_a_household_shares_a_browser(site: Site, door: str) -> None:
    one, two = await site.person(), await site.person()
    browser = await trusting(site, door, one)
    await browser.log_in(two, trust=True)
    await browser.log_out()
    for person in (one, two, one):
        assert (await browser.enter(person)).next == "home"
        await browser.log_out()


async def test_an_old_token_that_comes_back_ends_the_device_and_its_owner_is_told(site: Site, door: str) -> None:
    person = await site.person()
    owner, thief = await trusting(site, door, person), await site.browser(door)
    copied = str(owner.cookie("device"))
    assert (await owner.enter(person)).next == "home"
    await owner.log_out()
    thief.set_cookie("device", copied)
    assert (await thief.enter(person)).next == "code"
    mail = await site.mail(person, "device-ended")
    assert mail["to"] == person.email
    assert (await owner.enter(person)).next == "code"
    assert len(await site.mails(person, "device-ended")) == 1


async def test_what_a_copied_token_let_in_ends_when_the_copy_is_noticed(site: Site, door: str) -> None:
    person = await site.person()
    owner, thief = await trusting(site, door, person), await site.browser(door)
    thief.set_cookie("device", str(owner.cookie("device")))
    assert (await thief.enter(person)).next == "home"
    assert await thief.session() is not None
    # The owner's own token is the old one now.
    assert (await owner.enter(person)).next == "code"
    assert await thief.session() is None


async def test_a_strangers_wrong_passwords_do_not_shut_the_owner_out_of_the_owners_device(site: Site, door: str) -> None:
    person = await site.person()
    owner, stranger = await trusting(site, door, person), await site.browser(door)
    for _ in range(3):
        refused = await stranger.enter(person, "not the password")
    assert refused.refusal == "locked"
    assert (await owner.enter(person)).next == "home"
    await owner.log_out()
    # Nor does the owner's login open the door to the stranger again.
    assert (await stranger.enter(person)).refusal == "locked"


async def test_the_owners_device_has_its_own_three_tries(site: Site, door: str) -> None:
    person = await site.person()
    owner, other = await trusting(site, door, person), await site.browser(door)
    for tries_left in (2, 1):
        assert (await owner.enter(person, "not the password")).tries_left == tries_left
    assert (await owner.enter(person, "not the password")).refusal == "locked"
    assert (await owner.enter(person)).refusal == "locked"
    assert (await other.enter(person)).next == "code"
    await site.advance("PT15M")
    assert (await owner.enter(person)).next == "home"


async def test_a_lock_on_codes_does_not_stop_a_device_that_needs_none(site: Site, door: str) -> None:
    person = await site.person()
    owner, stranger = await trusting(site, door, person), await site.browser(door)
    await stranger.enter(person)
    await stranger.send_code()
    code = await site.code(person)
    for _ in range(3):
        refused = await stranger.give_code("000000" if code != "000000" else "111111")
    assert refused.refusal == "locked"
    assert (await owner.enter(person)).next == "home"


async def test_six_months_later_the_code_is_asked_for_again(site: Site, door: str) -> None:
    person = await site.person()
    browser = await trusting(site, door, person)
    await site.advance("P6M")
    await site.advance("-PT1M")
    assert (await browser.enter(person)).next == "home"
    await browser.log_out()
    await site.advance("PT1M")
    assert (await browser.enter(person)).next == "code"


async def test_a_device_cookie_of_many_is_known_and_a_foreign_one_is_not(site: Site, door: str) -> None:
    person = await site.person("many-devices")
    browser = await site.browser(door)
    browser.set_cookie("device", "A" * 43 + "." + person.known["trusted_devices"][2]["cookie"])
    assert (await browser.enter(person)).next == "home"
    foreign = await site.browser(door)
    foreign.set_cookie("device", "A" * 43)
    assert (await foreign.enter(person)).next == "code"
