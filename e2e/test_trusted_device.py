"""A browser declared one's own: no code there for six months. Source: product page, section 1 (steps 4 and 5) and *Figures*."""

from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, expect

from e2e.kit.plugin import MakePerson
from e2e.kit.space import Inbox, MovableClock, Person
from e2e.login import Login, everywhere
from server import policy

MONTHS = f"P{policy.TRUSTED_DEVICE_MONTHS}M"
A_LITTLE = timedelta(hours=1)


@pytest.fixture
def owner(login: Login, person: MakePerson, inbox: Inbox) -> Person:
    """Somebody who has declared this browser their own, and left."""
    owner = person()
    login.log_in(owner, inbox, remember=True)
    login.log_out()
    return owner


@everywhere
def test_the_next_login_needs_no_code(login: Login, owner: Person, inbox: Inbox) -> None:
    assert login.give(owner).status == 303
    login.is_home(owner)
    expect(login.page.get_by_text("Mot de passe, sur un appareil reconnu")).to_be_visible()
    told = inbox.next(owner, "device-added")
    assert "code" in told.text
    assert [mail.kind for mail in inbox.all(owner)].count("login-code") == 1


def test_where_it_was_not_asked_for_the_code_is(login: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person()
    login.log_in(somebody, inbox)
    login.log_out()
    login.give(somebody)
    expect(login.heading).to_have_text("Un code de sécurité est nécessaire")


def test_another_browser_asks_for_the_code(owner: Person, another_browser: Login) -> None:
    another_browser.give(owner)
    expect(another_browser.heading).to_have_text("Un code de sécurité est nécessaire")


def test_cleared_cookies_ask_for_the_code(login: Login, owner: Person, context: BrowserContext) -> None:
    context.clear_cookies(name="portillon-device")
    login.open().give(owner)
    expect(login.heading).to_have_text("Un code de sécurité est nécessaire")


def test_six_months_to_the_day_whatever_the_use(login: Login, owner: Person, clock: MovableClock) -> None:
    clock.advance(MONTHS)
    clock.advance(-A_LITTLE)
    login.open().give(owner)
    login.is_home(owner)
    login.log_out()
    clock.advance(A_LITTLE)
    login.give(owner)
    expect(login.heading).to_have_text("Un code de sécurité est nécessaire")


def test_after_six_months_it_can_be_declared_again(login: Login, owner: Person, inbox: Inbox, clock: MovableClock) -> None:
    clock.advance(MONTHS)
    login.open().log_in(owner, inbox, remember=True)
    login.log_out()
    login.give(owner)
    login.is_home(owner)


def test_a_household_shares_a_browser(login: Login, owner: Person, person: MakePerson, inbox: Inbox) -> None:
    other = person()
    login.log_in(other, inbox, remember=True)
    login.log_out()
    for somebody in (owner, other):
        login.give(somebody)
        login.is_home(somebody)
        login.log_out()


def test_a_stranger_cannot_shut_the_owner_out_of_it(login: Login, owner: Person, another_browser: Login) -> None:
    for left in ("2 essais", "1 essai"):
        another_browser.give(owner, "au hasard")
        expect(another_browser.refused("invalid-credentials")).to_contain_text(left)
    another_browser.give(owner, "au hasard")
    expect(another_browser.refused("locked")).to_be_visible()
    login.give(owner)
    login.is_home(owner)


def test_it_replaces_the_code_never_the_password(login: Login, owner: Person) -> None:
    assert login.give(owner, "au hasard").status == 401
    expect(login.refused("invalid-credentials")).to_contain_text("Il vous reste 2 essais")
