"""« Mes appareils et biométrie »: what opens the account, and how it is removed. Source: product page, section 3."""

import re

import pytest
from playwright.sync_api import Locator, expect

from e2e.device import Device, sign_in
from e2e.kit.plugin import MakePerson
from e2e.kit.space import Inbox, MovableClock, Person
from e2e.login import Login, everywhere
from server import policy
from server.wording.french import paris_date

PATH = "/mes-appareils"
without_scripts = pytest.mark.parametrize("look", ["phone-without-scripts"], indirect=True)
BIOMETRICS, TRUSTED, SESSIONS = "Empreinte et visage", "Appareils reconnus", "Sessions ouvertes"


def listed(login: Login, name: str) -> Locator:
    """The lines of one list."""
    return login.page.get_by_role("region", name=name).locator("li.item")


def end(line: Locator, name: str) -> None:
    line.get_by_role("button", name=re.compile(f"^{name}")).click()


def removed(login: Login) -> None:
    expect(login.page.locator("[data-done=removed]")).to_be_visible()


def end_all(login: Login, name: str, kind: str, count: int) -> None:
    """Asked once more: the first press removes nothing."""
    login.page.locator("summary", has_text=name).click()
    expect(listed(login, kind)).to_have_count(count)
    login.press(f"Oui, {name.lower()}")
    removed(login)


@pytest.fixture
def at_home(device: Device, owner: Person, inbox: Inbox) -> Person:
    """The owner, with a credential and a full login, on the page."""
    device.sign_in(owner, inbox)
    device.open(PATH)
    return owner


def test_each_thing_that_opens_the_account_is_told(device: Device, owner: Person, inbox: Inbox, clock: MovableClock) -> None:
    device.log_in(owner, inbox, remember=True)
    device.open("/accueil").page.get_by_role("link", name="Voir mes appareils").click()
    device.titled("Mes appareils et biométrie")
    for name, tag in ((BIOMETRICS, "Cet appareil"), (TRUSTED, "Cet appareil"), (SESSIONS, "Cette session")):
        line = listed(device, name)
        expect(line).to_have_count(1)
        expect(line.get_by_role("heading")).to_have_text("HeadlessChrome sur Linux")
        expect(line).to_contain_text(tag)
        expect(line).to_contain_text(paris_date(clock.now()))


def test_a_credential_is_removed_here_and_in_the_reader(device: Device, at_home: Person) -> None:
    expect(device.activation).to_have_count(0)
    end(listed(device, BIOMETRICS), "Désactiver")
    removed(device)
    expect(listed(device, BIOMETRICS)).to_have_count(0)
    expect(device.activation).to_be_visible()
    assert device.reader.credentials() == ()
    device.activate()
    expect(listed(device, BIOMETRICS)).to_have_count(1)
    device.log_out()
    assert device.touch_in().status == 303
    device.is_home(at_home)


def test_what_a_credential_let_in_ends_with_it(device: Device, owner: Person) -> None:
    device.touch_in()
    device.is_home(owner)
    device.open(PATH)
    end(listed(device, BIOMETRICS), "Désactiver")
    expect(device.page.locator("[data-closed]")).to_be_visible()
    assert device.touch_in().status == 401
    expect(device.refused("biometric-failed")).to_contain_text("n’est plus active")
    assert device.reader.credentials() == ()


def test_an_expired_credential_is_told_and_renewed(device: Device, owner: Person, inbox: Inbox, clock: MovableClock) -> None:
    clock.advance(f"P{policy.BIOMETRIC_MONTHS}M")
    device.sign_in(owner, inbox)
    device.press("Plus tard")
    device.open(PATH)
    expect(listed(device, BIOMETRICS)).to_contain_text("Expirée")
    assert device.touch(device.page.get_by_role("button", name="Renouveler sur cet appareil")).status == 303
    expect(listed(device, BIOMETRICS)).to_have_count(1)
    expect(listed(device, BIOMETRICS)).not_to_contain_text("Expirée")


@everywhere
def test_a_trusted_device_that_is_removed_asks_for_the_code(login: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person()
    login.log_in(somebody, inbox, remember=True)
    login.open(PATH)
    end(listed(login, TRUSTED), "Retirer")
    removed(login)
    expect(listed(login, TRUSTED)).to_have_count(0)
    login.log_out()
    login.give(somebody)
    expect(login.heading).to_have_text("Un code de sécurité est nécessaire")


@without_scripts
def test_all_of_a_kind_are_removed_at_once(login: Login, person: MakePerson, inbox: Inbox) -> None:
    sign_in(login.page.context.request, person("many-devices"), inbox)
    login.open(PATH)
    expect(listed(login, TRUSTED)).to_have_count(4)
    end_all(login, "Tout retirer", TRUSTED, 4)
    expect(listed(login, TRUSTED)).to_have_count(0)
    expect(listed(login, SESSIONS)).to_have_count(1)


def test_the_other_sessions_are_closed_and_this_one_stays(
    login: Login, another_browser: Login, person: MakePerson, inbox: Inbox
) -> None:
    somebody = person()
    for browser in (another_browser, login):
        sign_in(browser.page.context.request, somebody, inbox)
        browser.open(PATH)
    expect(listed(login, SESSIONS)).to_have_count(2)
    end_all(login, "Fermer toutes les autres", SESSIONS, 2)
    expect(listed(login, SESSIONS)).to_have_count(1)
    another_browser.open(PATH)
    expect(another_browser.number).to_be_visible()


@without_scripts
def test_to_close_this_session_is_to_leave(login: Login, person: MakePerson, inbox: Inbox) -> None:
    sign_in(login.page.context.request, person(), inbox)
    login.open(PATH)
    end(listed(login, SESSIONS), "Fermer")
    expect(login.page.locator("[data-closed]")).to_be_visible()
    login.open("/accueil")
    expect(login.number).to_be_visible()


def test_two_tabs_remove_the_same(device: Device, at_home: Person) -> None:
    other = Login(device.page.context.new_page()).open(PATH)
    for tab in (device, other):
        end(listed(tab, BIOMETRICS), "Désactiver")
        removed(tab)
        expect(listed(tab, BIOMETRICS)).to_have_count(0)


@without_scripts
def test_without_scripts_nothing_is_offered_that_needs_them(login: Login, person: MakePerson, inbox: Inbox) -> None:
    sign_in(login.page.context.request, person("second-login"), inbox)
    login.open("/accueil")
    expect(login.page.get_by_role("dialog")).to_have_count(0)
    login.open(PATH)
    expect(login.page.get_by_role("button", name=re.compile("^Activer"))).to_have_count(0)
    expect(login.page.get_by_text("Ce navigateur ne sait pas se servir d’une empreinte")).to_be_visible()


def test_the_list_is_its_owners(login: Login) -> None:
    login.open(PATH)
    expect(login.number).to_be_visible()
