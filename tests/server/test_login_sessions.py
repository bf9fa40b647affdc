"""Sessions (security page, *Sessions and devices*), through both doors."""

import pytest

from tests.support import Browser, Site

MADE_UP = "A" * 43


async def copy_of(site: Site, browser: Browser, name: str) -> Browser:
    """Another browser with the same cookie."""
    copy = await site.browser(browser.door)
    copy.set_cookie(name, str(browser.cookie(name)))
    return copy


async def test_logout_ends_the_session_for_every_copy_of_it_and_empties_the_browser(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    await browser.log_in(person, trust=True)
    copy = await copy_of(site, browser, "session")
    assert await copy.session() is not None
    left = await browser.log_out()
    answers = browser.hops if door == "pages" else [left.response]  # type: ignore[attr-defined]
    assert '"cache"' in answers[0].headers["clear-site-data"]
    assert '"cookies"' not in answers[0].headers["clear-site-data"], "trust outlives a session"
    assert browser.cookie("session") is None
    assert browser.cookie("device") is not None
    assert await browser.session() is None
    assert await copy.session() is None


async def test_logging_out_of_nothing_is_no_error(site: Site) -> None:
    browser = await site.browser("json")
    assert (await browser.log_out()).status == 204


async def test_each_change_of_level_has_a_new_id_and_the_old_one_is_dead(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    await browser.log_in(person)
    first = await copy_of(site, browser, "session")
    if door == "pages":
        await browser.log_out()  # the page leads a signed-in person home, not to the form
    await browser.enter(person)
    assert await first.session() is None
    attempt = await copy_of(site, browser, "attempt")
    await browser.send_code()
    await browser.give_code(await site.code(person))
    ids = {first.cookie("session"), attempt.cookie("attempt"), browser.cookie("session")}
    assert len(ids) == 3
    assert browser.cookie("attempt") is None
    assert (await attempt.send_code()).next == "login"


@pytest.mark.parametrize("name", ["session", "attempt"])
async def test_an_id_that_we_did_not_issue_is_ignored_and_never_taken_up(site: Site, door: str, name: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    browser.set_cookie(name, MADE_UP)
    assert await browser.session() is None
    assert (await browser.send_code()).next == "login"
    await browser.log_in(person)
    assert MADE_UP not in {browser.cookie("session"), browser.cookie("attempt")}
    stranger = await site.browser(door)
    stranger.set_cookie(name, MADE_UP)
    assert await stranger.session() is None
    assert (await stranger.send_code()).next == "login"


async def test_a_login_under_way_is_no_session_and_a_session_no_login_under_way(site: Site, door: str) -> None:
    person, browser, crossed = await site.person(), await site.browser(door), await site.browser(door)
    await browser.enter(person)
    crossed.set_cookie("session", str(browser.cookie("attempt")))
    assert await crossed.session() is None
    await browser.send_code()
    await browser.give_code(await site.code(person))
    crossed.set_cookie("attempt", str(browser.cookie("session")))
    assert (await crossed.send_code()).next == "login"


async def test_an_idle_session_ends_and_its_cookie_is_cleared(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    await browser.log_in(person)
    await site.advance("PT14M")
    assert await browser.session() is not None
    await site.advance("PT14M")
    assert await browser.session() is not None
    await site.advance("PT15M")
    if door == "pages":
        assert (await browser.open("/accueil")).next == "login"  # type: ignore[attr-defined]
    else:
        refused = await browser.http.get("/api/v1/session")
        assert (refused.status_code, refused.json()["type"]) == (401, "/problems/not-signed-in")
    assert browser.cookie("session") is None


async def test_a_session_in_use_ends_after_8_hours(site: Site) -> None:
    person, browser = await site.person(), await site.browser("json")
    await browser.log_in(person)
    for _ in range(34):
        await site.advance("PT14M")
        assert await browser.session() is not None
    await site.advance("PT4M")
    assert await browser.session() is None


async def test_cookies_are_kept_from_scripts_and_other_sites(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    await browser.enter(person)
    await browser.send_code()
    if door == "pages":
        await browser.give_code(await site.code(person), trust=True)
        response = browser.hops[0]  # type: ignore[attr-defined]
    else:
        response = (await browser.give_code(await site.code(person), trust=True)).response
    written = {cookie.partition("=")[0]: cookie.split("; ") for cookie in response.headers.get_list("set-cookie")}
    assert set(written) == {"portillon-session", "portillon-device", "portillon-attempt"}
    for parts in written.values():
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(parts)
    assert not any(part.startswith("Max-Age") for part in written["portillon-session"])
    age = next(int(part.removeprefix("Max-Age=")) for part in written["portillon-device"] if part.startswith("Max-Age="))
    assert 180 * 86400 < age < 185 * 86400


async def test_an_anonymous_visit_stores_nothing(site: Site) -> None:
    visitor = await site.client()
    for path in ("/", "/connexion", "/aide", "/connexion/code", "/accueil", "/api/v1/session", "/nulle-part"):
        await visitor.get(path)
    # This one carries nothing: that it comes back says that the browser takes cookies.
    assert {cookie.name: cookie.value for cookie in visitor.cookies.jar} == {"portillon-accepted": "yes"}


async def test_two_people_in_one_browser_have_one_session_each_in_turn(site: Site) -> None:
    one, two, browser = await site.person(), await site.person(), await site.browser("json")
    await browser.log_in(one)
    first = await copy_of(site, browser, "session")
    await browser.log_in(two)
    session = await browser.session()
    assert session is not None
    assert session["name"].endswith(two.known["last_name"])
    assert await first.session() is None
