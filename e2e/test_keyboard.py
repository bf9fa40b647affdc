"""The login with the keyboard alone, and where the focus is led. Source: WCAG 2.2, guidelines 2.1 and 2.4."""

import re

from playwright.sync_api import Locator, Page, expect

from e2e.device import Device
from e2e.kit.plugin import MakePerson
from e2e.kit.space import Inbox
from e2e.login import Login, wrong

OUTLINE = """element => {
    const style = getComputedStyle(element);
    return style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth);
}"""


def tab_to(place: Locator) -> list[str]:
    """Press Tab until this has the focus; every stop on the way must be seen. The names of the stops."""
    page, stops = place.page, []
    focus = page.locator(":focus")
    while not place.evaluate("element => element === document.activeElement"):
        page.keyboard.press("Tab")
        stop = focus.evaluate("element => element.outerHTML")
        assert stop not in stops, f"{place} is no stop of the keyboard"
        assert focus.evaluate(OUTLINE) >= 2, stop
        expect(focus).to_be_in_viewport()
        stops.append(stop)
    return stops


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def test_the_whole_login_without_a_mouse(login: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person()
    page, keys = login.page, login.page.keyboard
    stops = tab_to(login.number)
    assert 'class="skip"' in stops[0]
    keys.type(somebody.nir)
    tab_to(login.password)
    keys.type(somebody.password)
    tab_to(button(page, "Afficher le mot de passe"))
    keys.press("Space")
    expect(login.password).to_have_attribute("type", "text")
    tab_to(button(page, "Se connecter"))
    keys.press("Enter")

    expect(login.heading).to_have_text("Un code de sécurité est nécessaire")
    expect(login.heading).to_be_focused()
    tab_to(button(page, "Recevoir le code"))
    keys.press("Space")

    expect(login.heading).to_have_text("Saisissez votre code de sécurité")
    expect(login.heading).to_be_focused()
    code = inbox.code(somebody)
    tab_to(login.code)
    keys.type(wrong(code))
    keys.press("Enter")

    expect(login.refused("invalid-code")).to_be_visible()
    expect(login.code).to_be_focused()
    keys.press("Control+A")
    keys.type(code)
    tab_to(login.remember)
    keys.press("Space")
    tab_to(button(page, "Valider"))
    keys.press("Enter")

    login.is_home(somebody)
    expect(login.heading).to_be_focused()
    tab_to(button(page, "Me déconnecter"))
    keys.press("Enter")
    expect(login.heading).to_have_text("Connexion à votre compte")
    expect(login.heading).to_be_focused()


def test_biometrics_without_a_mouse(device: Device, person: MakePerson, inbox: Inbox) -> None:
    somebody = person("second-login")
    page, keys = device.page, device.page.keyboard
    device.sign_in(somebody, inbox)
    device.is_offered()
    expect(device.offer.get_by_role("heading")).to_be_focused()
    # What lies behind is out of reach.
    for name in ("Activer", "Plus tard", "Ne plus me le proposer ici"):
        keys.press("Tab")
        expect(button(page, name)).to_be_focused()
    keys.press("Escape")
    expect(device.offer).to_be_hidden()
    device.is_home(somebody)

    device.open("/mes-appareils")
    tab_to(device.activation)
    device.reader.recognises()
    keys.press("Enter")
    expect(page.locator("[data-done=activated]")).to_be_visible()
    device.reader.is_not_touched()
    tab_to(button(page, "Me déconnecter"))
    keys.press("Enter")
    expect(device.by_touch).to_be_visible()
    device.reader.armed().recognises()
    tab_to(device.by_touch)
    keys.press("Enter")
    device.is_home(somebody)
    expect(device.heading).to_be_focused()


def test_escape_from_the_offer_is_later(device: Device, person: MakePerson, inbox: Inbox) -> None:
    somebody = person("second-login")
    device.sign_in(somebody, inbox)
    device.is_offered()
    with device.page.expect_response("**/accueil/biometrie"):
        device.page.keyboard.press("Escape")
    expect(device.offer).to_be_hidden()
    expect(device.heading).to_be_focused()
    device.open("/accueil")
    device.is_not_offered()
    device.log_out()
    device.sign_in(somebody, inbox)
    device.is_offered()


def test_the_skip_link_leads_into_the_page(login: Login) -> None:
    login.page.keyboard.press("Tab")
    expect(login.page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    expect(login.page.get_by_role("link", name="Aller au contenu")).to_be_in_viewport()
    login.page.keyboard.press("Enter")
    login.page.keyboard.press("Tab")
    expect(login.number).to_be_focused()


def test_enter_in_a_field_sends_the_form(login: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person()
    login.number.fill(somebody.nir)
    login.password.fill(somebody.password)
    login.password.press("Enter")
    login.ask()
    login.code.fill(inbox.code(somebody))
    login.code.press("Enter")
    login.is_home(somebody)


def test_the_focus_is_led_to_what_was_refused(login: Login, person: MakePerson) -> None:
    login.page.set_viewport_size({"width": 640, "height": 400})
    login.press("Se connecter")
    expect(login.number).to_be_focused()
    expect(login.number).to_be_in_viewport(ratio=1)
    login.give(person(), "rien de tel")
    expect(login.refused("invalid-credentials")).to_be_visible()
    expect(login.number).to_be_focused()
    expect(login.number).to_be_in_viewport(ratio=1)
    expect(login.number).to_have_accessible_description(re.compile(r"Il vous reste 2\sessais"))
    login.give(person("closed"))
    expect(login.refused("account-closed")).to_be_focused()


def test_help_can_be_read_and_left_without_a_mouse(login: Login) -> None:
    link = login.page.get_by_role("link", name="Où trouver mon numéro")
    tab_to(link)
    login.page.keyboard.press("Enter")
    expect(login.heading).to_have_text(re.compile("numéro"))
    tab_to(login.page.get_by_role("banner").get_by_role("link").first)
    login.page.keyboard.press("Enter")
    expect(login.number).to_be_visible()
