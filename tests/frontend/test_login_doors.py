"""The HTML door of the login: forms as a browser sends them, and what only a browser meets (product page, sections 1 and 10)."""

import re
from typing import Any

import httpx
import pytest

from e2e.kit.process import RunningDemo
from tests.support import PageBrowser, Site, wrong

FORM = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.fixture
async def browser(site: Site) -> PageBrowser:
    browser = await site.browser("pages")
    assert isinstance(browser, PageBrowser)
    return browser


def a_page(response: httpx.Response, *statuses: int) -> str:
    """A whole French page of ours, with its protections."""
    assert response.status_code in statuses, response.text[:500]
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="fr">' in response.text
    assert "<h1" in response.text
    assert "script-src 'self'" in response.headers["content-security-policy"]
    return response.text


async def test_the_first_page_asks_for_number_and_password_and_leads_to_what_helps(browser: PageBrowser) -> None:
    opened = await browser.open("/")
    assert opened.response.url.path == "/connexion"
    html = a_page(opened.response, 200)
    assert re.search(r'<input[^>]*name="nir"[^>]*autocomplete="username webauthn"', html)
    assert re.search(r'<input[^>]*name="password"[^>]*type="password"[^>]*autocomplete="current-password"', html)
    for path in ("/aide/numero", "/mot-de-passe-oublie", "/creer-un-compte"):
        assert f'href="{path}"' in html
        a_page(await browser.http.get(path), 200)


@pytest.mark.parametrize(
    ("nir", "password", "fields"), [("", "", ["nir", "password"]), ("NIR", " ", ["password"]), (" ", "x", ["nir"])]
)
async def test_an_empty_field_is_named_and_the_number_kept(
    site: Site, browser: PageBrowser, nir: str, password: str, fields: list[str]
) -> None:
    person = await site.person()
    answer = await browser.give_password(nir.replace("NIR", person.nir), password)
    html = a_page(answer.response, 400)
    assert re.findall(r'id="(nir|password)-erreur"', html) == fields
    assert (f'value="{person.nir}"' in html) == (nir == "NIR")
    assert (await site.why(person.nir))["refusal"] is None


async def test_a_password_is_never_shown_again_and_what_is_typed_never_becomes_markup(browser: PageBrowser) -> None:
    answer = await browser.give_password('"><script>alert(1)</script>', "Secret-Mot-De-Passe-9")
    html = a_page(answer.response, 400)
    assert "Secret-Mot-De-Passe-9" not in html
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html


async def test_a_wrong_code_is_kept_for_correction_and_so_is_the_tick(site: Site, browser: PageBrowser) -> None:
    person = await site.person()
    await browser.enter(person)
    await browser.send_code()
    typed = wrong(await site.code(person))
    html = a_page((await browser.give_code(typed, trust=True)).response, 401)
    assert f'value="{typed}"' in html
    assert re.search(r'name="trust_device"[^>]* checked', html)
    html = a_page((await browser.give_code(typed)).response, 401)
    assert not re.search(r'name="trust_device"[^>]* checked', html)


async def test_the_code_step_shows_where_the_login_stands_at_each_reload(site: Site, browser: PageBrowser) -> None:
    async def step() -> str:
        found = re.search('data-step="([a-z]+)"', (await browser.open("/connexion/code")).response.text)
        return found[1] if found else ""

    person = await site.person()
    await browser.enter(person)
    assert await step() == "ask"
    await browser.send_code()
    assert await step() == "enter"
    await site.advance("PT15M")
    assert await step() == "expired"
    for _ in range(4):
        await browser.send_code()
    await browser.send_code()
    await site.advance("PT16M")
    assert await step() == "locked"


async def test_what_only_takes_a_button_leads_back_when_reloaded(site: Site, browser: PageBrowser) -> None:
    person = await site.person()
    await browser.enter(person)
    for path in ("/connexion/code/envoi", "/connexion/recommencer", "/deconnexion"):
        assert (await browser.open(path)).next == "code"
    assert await site.mails(person) == []


async def test_a_form_sent_twice_or_from_an_old_page_is_no_error(site: Site, browser: PageBrowser) -> None:
    person = await site.person()
    await browser.enter(person)
    await browser.send_code()
    page, code = browser.page, await site.code(person)
    assert (await browser.give_code(code)).next == "home"
    browser.page = page
    assert (await browser.submit("/connexion/code", code=code)).next == "home"
    browser.page = page
    assert (await browser.submit("/connexion/code/envoi")).next == "home"


async def test_with_cookies_refused_the_page_says_so_and_counts_nothing(site: Site) -> None:
    person, http = await site.person(), await site.client()
    http.cookies.jar.set_policy(_NoCookies())
    await http.get("/connexion")
    answer = await http.post("/connexion", data={"nir": person.nir, "password": "wrong"}, headers=FORM)
    assert 'data-refusal="cookies-refused"' in a_page(answer, 400)
    assert (await site.why(person.nir))["refusal"] is None


class _NoCookies:
    """A browser whose owner refuses all cookies."""

    netscape, rfc2965, hide_cookie2 = True, False, False

    def __getattr__(self, _: str) -> Any:
        return lambda *_args: False


@pytest.mark.parametrize("value", ["é", "%00", '"', "a b", "x" * 5000, "{}", "<b>", ""])
@pytest.mark.parametrize("name", ["session", "attempt", "device"])
async def test_a_broken_cookie_is_cleared_and_the_login_page_shows(site: Site, name: str, value: str) -> None:
    cookie = f"portillon-{name}={value}; portillon-accepted=yes".encode()
    http = await site.client()
    for path in ("/", "/connexion", "/connexion/code", "/accueil"):
        answer = await http.get(path, headers={b"cookie": cookie}, follow_redirects=True)
        assert answer.url.path == "/connexion"
        assert 'name="password"' in a_page(answer, 200)
        first = [*answer.history, answer][0]
        [cleared] = [line for line in first.headers.get_list("set-cookie") if line.startswith(f"portillon-{name}=")]
        assert "Max-Age=0" in cleared


async def test_a_foreign_session_leads_to_the_login_without_a_loop(browser: PageBrowser) -> None:
    browser.set_cookie("session", "A" * 43)
    assert (await browser.open("/")).next == "login"
    assert browser.cookie("session") is None


async def test_after_logout_the_back_button_shows_nothing_private(site: Site, browser: PageBrowser) -> None:
    person = await site.person()
    await browser.log_in(person)
    home = await browser.open("/accueil")
    assert home.response.headers["cache-control"] == "no-store"
    assert "data-private" in home.response.text
    await browser.log_out()
    assert (await browser.open("/accueil")).next == "login"
    assert (await browser.open("/connexion/code")).next == "login"


async def test_a_signed_in_person_who_opens_the_login_is_led_home(site: Site, browser: PageBrowser) -> None:
    await browser.log_in(await site.person())
    assert (await browser.open("/connexion")).next == "home"
    assert (await browser.open("/")).next == "home"


@pytest.mark.parametrize("cookie", [None, "A" * 43])
async def test_an_htmx_request_whose_session_ended_goes_to_the_whole_login_page(browser: PageBrowser, cookie: str | None) -> None:
    if cookie:
        browser.set_cookie("session", cookie)
    answer = await browser.http.get("/accueil", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"].partition("?")[0] == "/connexion"
    assert b"password" not in answer.content


async def test_nothing_that_names_a_person_stands_in_an_address_a_cookie_or_the_log(site: Site, demo: RunningDemo) -> None:
    person, browser = await site.person(), await site.browser("pages")
    assert isinstance(browser, PageBrowser)
    seen: list[str] = []

    async def note(response: httpx.Response) -> None:
        seen.extend([str(response.url), response.headers.get("location", ""), *response.headers.get_list("set-cookie")])

    browser.http.event_hooks["response"] = [note]
    await browser.enter(person, "Faux-Mot-De-Passe-3")
    await browser.enter(person)
    await browser.send_code()
    code = await site.code(person)
    await browser.give_code(wrong(code))
    await browser.give_code(code, trust=True)
    await browser.log_out()
    await browser.enter(person)
    tokens = [cookie.value for cookie in browser.http.cookies.jar if cookie.name != "portillon-accepted"]
    written = "\n".join(seen)
    logged = demo.log.read_text("utf-8")
    assert not UUID.search(written)
    for secret in (person.nir, person.email, person.known["card_serial"], person.known["last_name"], person.password, code):
        assert str(secret) not in written
    assert "password+code" in logged
    for secret in (person.nir, person.email, person.password, "Faux-Mot-De-Passe-3", person.known["card_serial"], *tokens):
        assert str(secret) not in logged
    assert not re.search(rf"(?<![\d.]){code}(?!\d)", logged)
    assert not re.search(r"(?<!\d)[12]\d{2}(0\d|1[0-2])(\d\d|2[AB])\d{6}(?!\d)", logged), "a number"
