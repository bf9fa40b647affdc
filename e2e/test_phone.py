"""On a phone: narrow, installable, without hover; a remembered number, a device where no finger is known. Source: product page, section 2."""

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from e2e.device import Device, sign_in
from e2e.kit.authenticator import Authenticator
from e2e.kit.plugin import MakePerson
from e2e.kit.space import Inbox, Person
from e2e.login import Login
from server.nir import masked
from server.policy import LOGIN_CODE_DIGITS
from server.settings import SiteSettings

phones = pytest.mark.parametrize("look", ["phone", "small-phone"], indirect=True)
phones_and_no_scripts = pytest.mark.parametrize("look", ["phone", "phone-without-scripts"], indirect=True)
LEAST_TARGET = 44
SMALL_TARGETS = f"""() => [...document.querySelectorAll('button, input:not([type=hidden]), select, .button')]
    .filter(part => part.checkVisibility())
    .map(part => part.type === 'checkbox' ? part.parentElement : part)
    .filter(part => part.getBoundingClientRect().height < {LEAST_TARGET})
    .map(part => part.outerHTML.slice(0, 120))"""
SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"


@pytest.fixture
def remembered(login: Login, person: MakePerson, inbox: Inbox) -> Person:
    """Somebody whose number this device keeps, at its first page again."""
    somebody = person()
    login.page.get_by_label("Retenir mon numéro").check()
    login.log_in(somebody, inbox)
    login.press("Me déconnecter")
    expect(login.heading).to_have_text(f"Bonjour {somebody.name.split()[0]}")
    return somebody


@phones_and_no_scripts
def test_a_remembered_number_leaves_the_password_to_give(login: Login, remembered: Person, inbox: Inbox) -> None:
    expect(login.number).to_have_count(0)
    expect(login.page.get_by_text(masked(remembered.nir))).to_be_visible()
    login.password.fill("au hasard")
    login.press("Se connecter")
    expect(login.refused("invalid-credentials")).to_contain_text("2 essais")
    expect(login.number).to_have_count(0)
    login.password.fill(remembered.password)
    login.press("Se connecter")
    login.ask()
    login.enter(inbox.code(remembered))
    login.is_home(remembered)


def test_a_remembered_number_is_nowhere_in_the_browser(login: Login, remembered: Person, context: BrowserContext) -> None:
    kept = [login.page.content(), login.page.url, *(cookie["value"] for cookie in context.cookies())]
    kept.append(str(context.storage_state(indexed_db=True)["origins"]))
    assert not any(part in text for text in kept for part in (remembered.nir, remembered.nir[:7], remembered.nir[3:10]))


@phones_and_no_scripts
def test_not_me_forgets_the_number(login: Login, remembered: Person, inbox: Inbox, person: MakePerson) -> None:
    login.press("Ce n’est pas moi")
    expect(login.number).to_have_value("")
    assert remembered.name.split()[0] not in login.page.locator("main").inner_text()
    login.open().log_in(person(), inbox)


def test_a_number_forgotten_in_another_tab_is_asked_for(login: Login, remembered: Person, context: BrowserContext) -> None:
    Login(context.new_page()).open().press("Ce n’est pas moi")
    login.password.fill(remembered.password)
    assert login.press("Se connecter").status == 400
    expect(login.number).to_be_visible()
    expect(login.number).to_have_attribute("aria-invalid", "true")


def test_a_remembered_number_and_biometrics(device: Device, person: MakePerson, inbox: Inbox) -> None:
    somebody = person("second-login")
    device.page.get_by_label("Retenir mon numéro").check()
    device.log_in(somebody, inbox)
    device.activate()
    device.press("Me déconnecter")
    expect(device.password).to_have_attribute("autocomplete", "current-password webauthn")
    assert device.touch_in().status == 303
    device.is_home(somebody)


@phones
def test_a_phone_where_no_finger_is_known_tells_how(login: Login, person: MakePerson, inbox: Inbox) -> None:
    reader = Authenticator(login.page, present=False)
    somebody = person("second-login")
    login.open()
    expect(login.page.get_by_role("button", name="empreinte")).to_have_count(0)
    login.log_in(somebody, inbox)
    offer = login.page.get_by_role("dialog")
    expect(offer).to_contain_text("n’est encore enregistré sur cet appareil")
    expect(offer).to_contain_text("Réglages")
    expect(offer.get_by_role("button", name=re.compile("^Activer"))).to_have_count(0)
    login.press("Plus tard")
    login.is_home(somebody)
    expect(offer).to_be_hidden()
    # Once one is known, the same device is offered it.
    reader.arrives()
    login.log_out()
    sign_in(login.page.context.request, somebody, inbox)
    login.open("/accueil")
    expect(offer.get_by_role("button", name=re.compile("^Activer"))).to_be_visible()


def test_a_desktop_without_a_reader_is_offered_nothing(login: Login, person: MakePerson, inbox: Inbox) -> None:
    reader = Authenticator(login.page, present=False)
    sign_in(login.page.context.request, person("second-login"), inbox)
    login.open("/accueil")
    expect(login.heading).to_contain_text("Bonjour")
    expect(login.page.locator("dialog[open]")).to_have_count(0)
    login.open("/mes-appareils")
    login.page.get_by_role("button", name=re.compile("^Activer")).click()
    expect(login.refused("biometric-no-authenticator")).to_contain_text("réglages")
    # Without a reader, create() would hang until its time is over.
    assert reader.asked() == []


@phones
def test_the_code_is_one_field_that_a_phone_can_fill(login: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person()
    login.give(somebody)
    login.ask()
    expect(login.code).to_have_count(1)
    for name, value in (("autocomplete", "one-time-code"), ("inputmode", "numeric")):
        expect(login.code).to_have_attribute(name, value)
    code = inbox.code(somebody)
    login.code.focus()
    login.page.keyboard.insert_text(f" {code[:2]} {code[2:4]} {code[4:]} ")
    expect(login.code).to_have_value(code)
    assert len(code) == LOGIN_CODE_DIGITS
    # Full, and not sent: that takes a press.
    expect(login.heading).to_have_text("Saisissez votre code de sécurité")
    login.press("Valider")
    login.is_home(somebody)


@phones
def test_every_target_suits_a_thumb(device: Device, person: MakePerson, inbox: Inbox) -> None:
    somebody = person("second-login")
    expect(device.by_touch).to_be_visible()
    assert fits_a_phone(device.page)
    device.give(somebody)
    expect(device.heading).to_have_text("Un code de sécurité est nécessaire")
    assert fits_a_phone(device.page)
    device.ask()
    expect(device.code).to_be_visible()
    assert fits_a_phone(device.page)
    device.enter(inbox.code(somebody))
    device.is_offered()
    assert fits_a_phone(device.page)
    device.activate()
    assert fits_a_phone(device.page)
    device.open("/mes-appareils")
    assert fits_a_phone(device.page)


def fits_a_phone(page: Page) -> bool:
    """Nothing small, nothing sideways."""
    assert page.evaluate(SMALL_TARGETS) == []
    return not page.evaluate(SIDEWAYS)


@pytest.mark.parametrize("look", ["phone"], indirect=True)
def test_nothing_is_under_the_notch(login: Login) -> None:
    def ends(place: Locator) -> tuple[float, float]:
        box = place.bounding_box()
        assert box is not None
        return box["x"], box["x"] + box["width"]

    width = login.page.viewport_size["width"] if login.page.viewport_size else 0
    notch = 60
    session = login.page.context.new_cdp_session(login.page)
    session.send("Emulation.setSafeAreaInsetsOverride", {"insets": {"left": notch, "right": notch, "bottom": notch}})
    for place in (login.heading, login.password, login.page.get_by_role("contentinfo").get_by_role("paragraph")):
        left, right = ends(place)
        assert left >= notch
        assert right <= width - notch


def test_it_can_be_installed(login: Login, context: BrowserContext) -> None:
    session = context.new_cdp_session(login.page)
    manifest = session.send("Page.getAppManifest")
    assert manifest["url"].endswith("/manifest.webmanifest")
    assert manifest["errors"] == []
    assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] in (
        [],
        [{"errorId": "in-incognito", "errorArguments": []}],
    )
    told = context.request.get(manifest["url"])
    assert told.headers["content-type"].partition(";")[0] == "application/manifest+json"
    app = told.json()
    assert (app["start_url"], app["display"]) == ("/", "standalone")
    assert SiteSettings.service_name in (app["name"], app["short_name"])
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in app["icons"]}
    assert "maskable" in {icon.get("purpose") for icon in app["icons"]}
    for icon in app["icons"]:
        assert picture(login, icon["src"]) == icon["sizes"]
    assert picture(login, login.page.locator("link[rel=apple-touch-icon]").get_attribute("href") or "") == "180x180"


def picture(login: Login, url: str) -> str:
    """The size of a picture, as the browser decodes it."""
    size: Any = login.page.evaluate(
        """async url => {
            const picture = Object.assign(new Image(), {src: url});
            await picture.decode();
            return `${picture.naturalWidth}x${picture.naturalHeight}`;
        }""",
        url,
    )
    return str(size)
