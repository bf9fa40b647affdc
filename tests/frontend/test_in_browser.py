"""Pages in a real browser: seen by axe, kept within narrow windows, driven with scripts and without."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.frontend.stage import stage
from tests.frontend.states import STATES

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
LOOKS: dict[str, dict[str, Any]] = {
    "wide-light": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"},
    "narrow-dark": {"viewport": {"width": 320, "height": 256}, "color_scheme": "dark"},  # 1280 × 1024 at 400 %
}
# Controls that stand alone must be 44 px high; a link inside a sentence is exempt (WCAG 2.5.8).
SMALL = """[...document.querySelectorAll("button, .button, summary, .input, .foot nav a, .top a, .field .after a, .onward a, .page-list a, .link-list a")]
  .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"""


# Of this module only: an open sync Playwright keeps an event loop running, which asyncio's own tests cannot share.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with stage() as address:
        yield address


@pytest.fixture
def tab(chromium: Browser, address: str) -> Iterator[Page]:
    with chromium.new_context(base_url=address, locale="fr-FR") as context:
        yield context.new_page()


@pytest.fixture(scope="module", params=LOOKS)
def look(request: pytest.FixtureRequest, chromium: Browser, address: str) -> Iterator[Page]:
    with chromium.new_context(base_url=address, locale="fr-FR", **LOOKS[request.param]) as context:
        yield context.new_page()


@pytest.mark.parametrize("name", STATES)
def test_a_state_is_accessible_and_fits(look: Page, name: str) -> None:
    said: list[str] = []
    look.on("console", lambda message: said.append(message.text))
    look.on("pageerror", lambda error: said.append(str(error)))
    look.goto(f"/state/{name}")
    found = Axe().run(look, options={"runOnly": RULES}).response
    assert [(broken["id"], [node["html"] for node in broken["nodes"]]) for broken in found["violations"]] == []
    assert {"color-contrast", "document-title", "target-size"} <= {rule["id"] for rule in found["passes"]}
    assert look.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert look.evaluate(SMALL) == []
    assert said == []


def test_text_at_twice_its_size_still_fits_a_phone(tab: Page) -> None:
    tab.set_viewport_size({"width": 390, "height": 844})
    too_wide = []
    for name in STATES:
        tab.goto(f"/state/{name}")
        tab.evaluate("document.documentElement.style.fontSize = '200%'")
        if tab.evaluate("document.documentElement.scrollWidth > innerWidth"):
            too_wide.append(name)
    assert too_wide == []


def test_axe_is_awake(tab: Page) -> None:
    tab.goto("/state/number")
    tab.evaluate("document.querySelector('label').removeAttribute('for')")
    found = Axe().run(tab, options={"runOnly": RULES}).response
    assert "label" in [broken["id"] for broken in found["violations"]]


def test_every_stop_of_the_keyboard_is_seen(tab: Page) -> None:
    tab.goto("/state/code-enter")
    stops = []
    while True:
        tab.keyboard.press("Tab")
        stop = tab.evaluate("document.activeElement.outerHTML")
        if stop in stops or stop.startswith("<body"):
            break
        stops.append(stop)
        assert tab.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 3, stop
    assert stops[0].startswith('<a class="skip"')
    assert len(stops) > 10


def test_the_password_shows_and_hides_and_leaves_as_a_password(tab: Page) -> None:
    tab.goto("/connexion")
    tab.get_by_label("Mot de passe", exact=True).fill("s3cret")
    tab.get_by_role("button", name="Afficher le mot de passe").click()
    expect(tab.locator("#password")).to_have_attribute("type", "text")
    tab.get_by_role("button", name="Masquer le mot de passe").click()
    expect(tab.locator("#password")).to_have_attribute("type", "password")
    tab.get_by_role("button", name="Afficher le mot de passe").click()
    tab.evaluate("""document.addEventListener('htmx:configRequest', () => {
        window.kind = document.querySelector('#password').type }, {once: true})""")
    tab.get_by_role("button", name="Se connecter").click()
    expect(tab.get_by_role("alert")).to_be_visible()
    assert tab.evaluate("window.kind") == "password"


def test_a_refused_form_comes_back_in_place(tab: Page) -> None:
    tab.goto("/connexion")
    tab.evaluate("window.same = true")
    steps = tab.evaluate("history.length")
    for _ in range(2):
        tab.get_by_role("button", name="Se connecter").click()
        expect(tab.locator("[data-refusal=invalid-credentials]")).to_be_visible()
        expect(tab.locator("#nir")).to_be_focused()
    expect(tab).to_have_title("Erreur\u00a0: Connexion à votre compte – Caisse des Deux Rives")
    assert tab.evaluate("window.same")
    assert tab.evaluate("history.length") == steps


def test_a_step_forward_has_its_own_address_and_leads_to_its_heading(tab: Page) -> None:
    tab.goto("/state/code-ask")
    tab.get_by_role("button", name="Recevoir le code").click()
    expect(tab.get_by_role("heading", level=1)).to_be_focused()
    expect(tab).to_have_title("Saisissez votre code de sécurité – Caisse des Deux Rives")
    assert tab.url.endswith("/connexion/code")
    tab.go_back()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Un code de sécurité est nécessaire")


@pytest.mark.parametrize(("state", "button"), [("code-enter", "Valider"), ("home", "Me déconnecter")])
def test_no_answer_or_a_foreign_one_keeps_the_form(tab: Page, state: str, button: str) -> None:
    tab.goto(f"/state/{state}")
    expect(tab.locator("[data-no-answer]")).to_be_hidden()
    tab.get_by_role("button", name=button).click()
    expect(tab.locator("[data-no-answer]")).to_be_visible()
    expect(tab.get_by_role("button", name=button)).to_be_enabled()
    expect(tab.locator("main")).not_to_have_attribute("aria-busy", "true")


def test_a_pasted_code_loses_its_spaces(tab: Page) -> None:
    tab.goto("/state/code-enter")
    tab.locator("#code").focus()
    tab.keyboard.insert_text("123\u00a0456")
    expect(tab.locator("#code")).to_have_value("123456")


def test_a_private_page_is_asked_for_again_when_the_browser_brings_it_back(tab: Page) -> None:
    brought_back: Callable[[], None] = lambda: tab.evaluate(  # noqa: E731
        "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
    )
    tab.goto("/accueil")
    with tab.expect_navigation():
        brought_back()
    tab.goto("/aide")
    tab.evaluate("window.same = true")
    brought_back()
    assert tab.evaluate("window.same")


def test_everything_works_without_scripts(chromium: Browser, address: str) -> None:
    with chromium.new_context(base_url=address, java_script_enabled=False) as context:
        tab = context.new_page()
        tab.goto("/connexion")
        expect(tab.locator(".reveal-button")).to_be_hidden()
        tab.get_by_role("button", name="Se connecter").click()
        expect(tab.locator("[data-refusal=invalid-credentials]")).to_be_visible()
        tab.goto("/state/code-ask")
        tab.get_by_role("button", name="Recevoir le code").click()
        expect(tab.locator("#code")).to_be_visible()
        assert tab.url.endswith("/connexion/code")
