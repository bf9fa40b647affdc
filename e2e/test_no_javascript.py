"""The login where no script runs. Source: design, *Parts* (everything but WebAuthn works without JavaScript)."""

import re

import pytest
from playwright.sync_api import expect

from e2e.kit.plugin import MakePerson
from e2e.kit.space import Inbox
from e2e.login import Login

pytestmark = pytest.mark.parametrize("look", ["phone-without-scripts"], indirect=True)


def test_what_needs_scripts_is_not_offered(login: Login) -> None:
    expect(login.page.locator("button:visible")).to_have_text(["Se connecter"])
    expect(login.password).to_have_attribute("type", "password")


def test_a_device_is_remembered_and_left(login: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person()
    login.log_in(somebody, inbox, remember=True)
    login.log_out()
    login.give(somebody)
    login.is_home(somebody)


def test_two_clicks_go_on_as_one(login: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person()
    login.number.fill(somebody.nir)
    login.password.fill(somebody.password)
    login.page.get_by_role("button", name="Se connecter").dblclick()
    login.page.get_by_role("button", name="Recevoir le code").dblclick()
    login.enter(inbox.code(somebody))
    login.is_home(somebody)
    expect(login.page.get_by_text("c’est votre première connexion")).to_be_visible()


def test_two_clicks_on_the_last_button_are_one_login_at_most(login: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person()
    login.give(somebody)
    login.ask()
    login.code.fill(inbox.code(somebody))
    login.page.get_by_role("button", name="Valider").dblclick()
    # A browser gives up the first press for the second: where its answer was already on the way, the session is lost with it.
    expect(login.heading).to_have_text(re.compile("Bonjour|Connexion à votre compte"))
    expect(login.alert).to_have_count(0)


def test_going_back_and_sending_again_is_harmless(login: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person()
    login.give(somebody)
    login.ask()
    login.page.go_back()
    expect(login.code).to_be_visible()
    login.page.go_back()
    login.give(somebody)
    login.open("/connexion/code").enter(inbox.code(somebody))
    login.is_home(somebody)
    login.page.go_back()
    login.is_home(somebody)


def test_a_persona_of_the_demo_logs_in_at_a_press(login: Login) -> None:
    login.open("/demo")
    login.page.get_by_role("button", name="Me connecter : Compte en règle").click()
    expect(login.heading).to_have_text("Un code de sécurité est nécessaire")
