"""The login with number, password and a mailed code. Source: product page, section 1."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, expect

from e2e.kit.plugin import MakePerson
from e2e.kit.space import Inbox, MovableClock
from e2e.login import Login, everywhere, wrong
from server import policy
from server.wording.masking import masked_email


@pytest.mark.parametrize("look", ["desktop", "phone", "phone-without-scripts"], indirect=True)
def test_number_password_and_mailed_code_lead_home(login: Login, person: MakePerson, inbox: Inbox) -> None:
    victor = person(email=f"victor.{uuid4().hex}@yvelines.example.fr")
    page = login.page
    login.titled("Connexion à votre compte")
    assert login.give(victor).status == 303

    expect(login.heading).to_have_text("Un code de sécurité est nécessaire")
    login.titled("Un code de sécurité est nécessaire")
    expect(page.locator(".address")).to_have_text("v***@y***.fr")
    expect(page.get_by_text("Cette boîte n’est plus la vôtre ?")).to_be_visible()
    assert login.ask().status == 303

    expect(login.heading).to_have_text("Saisissez votre code de sécurité")
    login.titled("Saisissez votre code de sécurité")
    mail = inbox.next(victor)
    assert mail.to == victor.email
    assert mail.reference is not None
    assert mail.code is not None
    expect(login.reference).to_have_text(mail.reference)
    assert page.locator("main time").inner_text() in mail.text
    expect(page.get_by_text("courriers indésirables")).to_be_visible()
    assert login.enter(mail.code).status == 303

    login.is_home(victor)
    login.titled(f"Bonjour {victor.name}")
    expect(page).to_have_url("/accueil")
    expect(page.get_by_text("c’est votre première connexion")).to_be_visible()
    expect(page.get_by_text("Mot de passe et code par mail")).to_be_visible()


def test_the_home_page_says_when_the_last_login_was(login: Login, person: MakePerson, inbox: Inbox, clock: MovableClock) -> None:
    somebody = person()
    clock.set(datetime(2027, 7, 14, 22, 30, 1, tzinfo=UTC))
    login.log_in(somebody, inbox)
    login.log_out()
    clock.advance(timedelta(days=3))
    login.log_in(somebody, inbox)
    expect(login.page.get_by_role("term").filter(has_text="Dernière connexion")).to_be_visible()
    expect(login.page.locator("main time").first).to_have_text("15 juillet 2027 à 0 h 30")


def test_the_number_may_be_typed_as_the_card_has_it(login: Login, person: MakePerson) -> None:
    somebody = person()
    nir = somebody.nir
    login.number.fill(f"{nir[0]} {nir[1:3]} {nir[3:5]} {nir[5:7]} {nir[7:10]} {nir[10:]} {somebody.nir_key}")
    login.password.fill(somebody.password)
    login.press("Se connecter")
    expect(login.page.locator(".address")).to_have_text(masked_email(somebody.email or ""))


def test_the_password_is_shown_and_hidden(login: Login) -> None:
    login.password.fill("Galet-Etoile")
    login.page.get_by_role("button", name="Afficher le mot de passe").click()
    expect(login.password).to_have_attribute("type", "text")
    expect(login.password).to_have_value("Galet-Etoile")
    login.page.get_by_role("button", name="Masquer le mot de passe").click()
    expect(login.password).to_have_attribute("type", "password")
    expect(login.page.get_by_role("button", name="Afficher le mot de passe")).to_be_visible()


@everywhere
def test_asked_again_within_a_minute_it_is_the_same_code(
    login: Login, person: MakePerson, inbox: Inbox, clock: MovableClock
) -> None:
    somebody = person()
    login.give(somebody)
    login.ask()
    first = inbox.next(somebody)
    valid_until = login.page.locator("main time").inner_text()
    clock.advance(policy.LOGIN_CODE_REPEAT - timedelta(seconds=20))
    login.press("Recevoir un nouveau code")
    again = inbox.next(somebody)
    expect(login.page.get_by_role("status")).to_contain_text("Le mail vient de repartir")
    assert (again.code, again.reference) == (first.code, first.reference)
    expect(login.page.locator("main time")).to_have_text(valid_until)

    clock.advance(timedelta(seconds=20))
    login.press("Recevoir un nouveau code")
    newer = inbox.next(somebody)
    assert newer.reference != first.reference
    expect(login.reference).to_have_text(newer.reference or "")
    assert login.enter(newer.code or "").status == 303
    login.is_home(somebody)


def test_the_code_of_an_older_mail_is_refused_and_the_newest_serves(
    login: Login, person: MakePerson, inbox: Inbox, clock: MovableClock
) -> None:
    somebody = person()
    login.give(somebody)
    login.ask()
    old = inbox.code(somebody)
    clock.advance(policy.LOGIN_CODE_REPEAT)
    reference = login.reference.inner_text()
    login.press("Recevoir un nouveau code")
    new = inbox.code(somebody)
    expect(login.reference).not_to_have_text(reference)  # the new form stands, and keeps what is typed
    assert login.enter(old).status == 410
    expect(login.refused("code-expired")).to_be_visible()
    login.enter(new)
    login.is_home(somebody)


@everywhere
def test_a_wrong_code_then_the_right_one(login: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person()
    login.give(somebody)
    login.ask()
    code = inbox.code(somebody)
    login.enter(wrong(code))
    expect(login.refused("invalid-code")).to_be_visible()
    login.enter(code)
    login.is_home(somebody)


def test_a_code_pasted_with_its_spaces_is_taken_and_never_sends_itself(login: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person()
    login.give(somebody)
    login.ask()
    code = inbox.code(somebody)
    login.code.focus()
    login.page.keyboard.insert_text(f"{code[:3]} {code[3:]}")
    expect(login.code).to_have_value(code)
    expect(login.page).to_have_url("/connexion/code")
    login.press("Valider")
    login.is_home(somebody)


def test_two_clicks_are_one_login(login: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person()
    login.number.fill(somebody.nir)
    login.password.fill(somebody.password)
    login.page.get_by_role("button", name="Se connecter").dblclick()
    login.page.get_by_role("button", name="Recevoir le code").dblclick()
    login.code.fill(inbox.code(somebody))
    login.page.get_by_role("button", name="Valider").dblclick()
    login.is_home(somebody)
    # A second login would show the first one's hour.
    expect(login.page.get_by_text("c’est votre première connexion")).to_be_visible()
    assert [mail.kind for mail in inbox.all(somebody)] == ["login-code"]


def test_two_clicks_on_a_wrong_password_are_one_try(login: Login, person: MakePerson) -> None:
    login.number.fill(person().nir)
    login.password.fill("rien de tel")
    login.page.get_by_role("button", name="Se connecter").dblclick()
    expect(login.refused("invalid-credentials")).to_contain_text("Il vous reste 2 essais")


def test_two_tabs_of_one_browser_share_the_login(login: Login, context: BrowserContext, person: MakePerson, inbox: Inbox) -> None:
    somebody = person()
    other = Login(context.new_page()).open()
    login.give(somebody)
    login.ask()
    other.give(somebody)
    code = inbox.code(somebody)
    other.open("/connexion/code").enter(code)
    other.is_home(somebody)
    login.page.reload()
    login.is_home(somebody)


@everywhere
def test_the_first_step_can_be_returned_to(login: Login, person: MakePerson, inbox: Inbox) -> None:
    mistaken, somebody = person(), person()
    login.give(mistaken)
    login.press("Revenir à la première étape")
    expect(login.page).to_have_url("/connexion")
    login.log_in(somebody, inbox)


def test_a_reload_shows_where_the_login_stands(login: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person()
    login.give(somebody)
    expect(login.heading).to_have_text("Un code de sécurité est nécessaire")
    login.page.reload()
    expect(login.heading).to_have_text("Un code de sécurité est nécessaire")
    login.ask()
    mail = inbox.next(somebody)
    expect(login.heading).to_have_text("Saisissez votre code de sécurité")
    login.page.reload()
    expect(login.reference).to_have_text(mail.reference or "")
    login.enter(mail.code or "")
    login.is_home(somebody)
    login.page.reload()
    login.is_home(somebody)
