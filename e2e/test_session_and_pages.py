"""Sessions that end, cookies that are refused or broken, addresses that are wrong. Source: product page, sections 1 and 10."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect

from e2e.kit.plugin import MakeContext, MakePerson
from e2e.kit.space import Inbox, MovableClock, Person, Space
from e2e.kit.watch import Watch
from e2e.login import Login, everywhere
from server import policy

LANDMARKS: tuple[Literal["main", "banner", "contentinfo"], ...] = ("main", "banner", "contentinfo")


@pytest.fixture
def signed_in(login: Login, person: MakePerson, inbox: Inbox) -> Person:
    """Somebody at their home page."""
    somebody = person()
    login.log_in(somebody, inbox)
    return somebody


@everywhere
def test_a_logout_ends_the_session_everywhere(login: Login, signed_in: Person, context: BrowserContext) -> None:
    other = Login(context.new_page()).open("/accueil")
    other.is_home(signed_in)
    login.log_out()
    expect(login.page).to_have_url(re.compile(r"/connexion(\?interrompue=true)?$"))
    other.page.reload()
    expect(other.page).to_have_url(re.compile(r"/connexion(\?interrompue=true)?$"))
    login.open("/accueil")
    expect(login.number).to_have_value("")


@pytest.fixture
def remembering_browser(launch_browser: Callable[..., Browser]) -> Iterator[Browser]:
    """With the memory of pages for the Back button, which Playwright switches off."""
    with launch_browser(ignore_default_args=["--disable-back-forward-cache"]) as browser:
        yield browser


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_after_a_logout_the_back_button_shows_nothing_private(
    remembering_browser: Browser, base_url: str, space: Space, person: MakePerson, inbox: Inbox, *, scripts: bool
) -> None:
    somebody = person()
    headers = {"X-Demo-Space": space.name}
    with remembering_browser.new_context(base_url=base_url, java_script_enabled=scripts, extra_http_headers=headers) as context:
        login = Login(context.new_page()).open()
        login.log_in(somebody, inbox)
        login.open("/aide").open("/accueil").log_out()
        # The browser shows nothing that it remembers: it asks, and is sent to the login.
        with login.page.expect_response(lambda answer: answer.url.endswith("/accueil")) as answer:
            login.page.evaluate("history.back()")
        assert answer.value.status == 303
        expect(login.number).to_be_visible()
        assert somebody.name not in login.page.content()


@everywhere
def test_an_idle_session_leads_to_the_login(login: Login, signed_in: Person, clock: MovableClock) -> None:
    clock.advance(policy.SESSION_IDLE - timedelta(seconds=30))
    login.page.reload()
    login.is_home(signed_in)
    clock.advance(policy.SESSION_IDLE)
    login.page.reload()
    expect(login.page).to_have_url(re.compile(r"/connexion(\?interrompue=true)?$"))
    expect(login.number).to_be_visible()


def test_a_press_after_the_session_ended_leads_to_the_whole_login_page(
    login: Login, signed_in: Person, clock: MovableClock
) -> None:
    clock.advance(policy.SESSION_IDLE)
    login.press("Me déconnecter")
    _is_the_whole_login_page(login.page)


def test_a_fragment_asked_for_after_the_session_ended_is_the_whole_login_page(
    login: Login, signed_in: Person, clock: MovableClock
) -> None:
    clock.advance(policy.SESSION_IDLE)
    login.page.evaluate("htmx.ajax('GET', '/accueil', {target: 'h1', select: 'h1'})")
    _is_the_whole_login_page(login.page, interrupted=True)


@everywhere
def test_a_press_after_the_login_under_way_ended_leads_to_its_start(
    login: Login, person: MakePerson, clock: MovableClock
) -> None:
    login.give(person())
    expect(login.heading).to_have_text("Un code de sécurité est nécessaire")
    clock.advance(policy.LOGIN_ATTEMPT_LIFE)
    login.ask()
    _is_the_whole_login_page(login.page, interrupted=True)


def test_who_is_signed_in_has_no_login_page(login: Login, signed_in: Person) -> None:
    for path in ("/", "/connexion"):
        login.open(path)
        login.is_home(signed_in)


def test_without_a_session_home_is_the_login(login: Login) -> None:
    for path in ("/", "/accueil", "/connexion/code", "/connexion/code/envoi", "/deconnexion"):
        login.open(path)
        _is_the_whole_login_page(login.page)


@pytest.fixture
def refusing_context(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    browser_context_args: dict[str, Any],
    space: Space,
    watch: Watch,
    tmp_path: Path,
) -> Iterator[BrowserContext]:
    """A Chromium whose owner has set it to refuse all cookies."""
    (tmp_path / "Default").mkdir()
    refuse = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(refuse))
    options = browser_type_launch_args | browser_context_args | {"extra_http_headers": {"X-Demo-Space": space.name}}
    with browser_type.launch_persistent_context(tmp_path, **options) as context:
        watch.over(context)
        yield context


def test_a_browser_that_refuses_cookies_is_told_so(refusing_context: BrowserContext, person: MakePerson, space: Space) -> None:
    somebody = person()
    login = Login(refusing_context.new_page()).open()
    assert login.give(somebody).status == 400
    expect(login.refused("cookies-refused")).to_be_visible()
    login.titled("Votre navigateur refuse les cookies")
    assert refusing_context.cookies() == []
    login.page.get_by_role("link", name="Recommencer").click()
    expect(login.number).to_be_visible()
    assert space.why(somebody) == "This number has not been refused."


GARBLED = {
    "unreadable": "%00%ffé=\"'<script>",
    "oversized": "x" * 3800,
    "never issued": "A" * 43,
    "empty": "",
}


@pytest.mark.parametrize("value", GARBLED.values(), ids=GARBLED)
def test_a_broken_cookie_never_breaks_a_page(
    login: Login, context: BrowserContext, base_url: str, person: MakePerson, inbox: Inbox, value: str
) -> None:
    names = ("session", "attempt", "device", "accepted")
    context.add_cookies([{"name": f"portillon-{name}", "value": value, "url": base_url} for name in names])
    for path in ("/", "/accueil", "/connexion/code", "/aide", "/connexion"):
        answer = login.page.goto(path)
        assert answer is not None
        assert answer.status == 200
    expect(login.number).to_be_visible()
    assert value not in {cookie["value"] for cookie in context.cookies() if cookie["name"] == "portillon-session"}
    login.log_in(person(), inbox)


def test_a_neighbours_cookies_are_let_be(
    login: Login, context: BrowserContext, base_url: str, person: MakePerson, inbox: Inbox
) -> None:
    neighbours = {"_ga": "GA1.1.1234", "session": "other", "portillon-session-x": "é~", "theme": '"Path=/'}
    context.add_cookies([{"name": name, "value": value, "url": base_url} for name, value in neighbours.items()])
    login.log_in(person(), inbox)
    kept = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
    assert neighbours.items() <= kept.items()


def test_our_cookies_are_out_of_scripts_and_of_other_sites(context: BrowserContext, signed_in: Person) -> None:
    ours = [cookie for cookie in context.cookies() if cookie["name"].startswith("portillon-")]
    assert ours
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Lax" and cookie["path"] == "/" for cookie in ours)
    assert not any(part in cookie["value"] for cookie in ours for part in (signed_in.nir, signed_in.nir[:10]))


@everywhere
@pytest.mark.parametrize(
    ("path", "status", "title"),
    [("/nulle-part", 404, "Page introuvable"), ("/aide/rien", 404, "Page introuvable"), ("/connexion/recommencer", 200, None)],
)
def test_a_wrong_address_is_told_in_french(login: Login, path: str, status: int, title: str | None) -> None:
    answer = login.page.goto(path)
    assert answer is not None
    assert answer.status == status
    if title is None:
        _is_the_whole_login_page(login.page)
        return
    login.titled(title)
    expect(login.page.get_by_text(f"Erreur {status}")).to_be_visible()
    login.page.get_by_role("link", name="Aller à la connexion").click()
    expect(login.number).to_be_visible()


def test_a_form_sent_to_a_page_that_takes_none_is_told_in_french(login: Login) -> None:
    login.page.evaluate("""() => {
        const form = Object.assign(document.createElement('form'), {method: 'post', action: '/aide'});
        document.body.append(form);
        form.submit();
    }""")
    login.titled("Demande refusée")
    expect(login.page.get_by_text("Erreur 405")).to_be_visible()


def test_the_watch_is_awake(new_context: MakeContext, watch: Watch, base_url: str) -> None:
    page = new_context().new_page()
    page.goto("/connexion")
    page.evaluate("""() => {
        document.body.insertAdjacentHTML('beforeend', '<p style="color: red">x</p>');
        document.body.append(Object.assign(new Image(), {src: 'http://example.test/x.png'}));
        document.body.append(Object.assign(new Image(), {src: '/static/none.png'}));
        setTimeout(() => { throw new Error('ours') });
    }""")
    page.evaluate("new Promise(done => setTimeout(done))")
    page.goto(f"{base_url.replace('localhost', '127.0.0.1')}/aide")
    said = "\n".join(watch.complaints)
    assert all(word in said for word in ("inline style", "example.test", "none.png", "ours", "another site: http://127")), said
    watch.complaints.clear()


def _is_the_whole_login_page(page: Page, *, interrupted: bool = False) -> None:
    """Nothing nested in a fragment; and it says so where something was interrupted."""
    expect(page).to_have_url(re.compile(r"/connexion(\?.*)?$"))
    expect(page.get_by_label("Numéro de sécurité sociale")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="s’est interrompue")).to_have_count(int(interrupted))
    for landmark in LANDMARKS:
        expect(page.get_by_role(landmark)).to_have_count(1)
