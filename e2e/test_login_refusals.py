"""Every refusal of the login: its true status, its name, what it says, and the way onward.

Source: product page, section 1 (*Refusals on the web*), by the numbers it gives them.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from e2e.kit.plugin import MakePerson
from e2e.kit.space import Inbox, MovableClock, Person
from e2e.login import Login, everywhere, wrong
from server import policy
from server.settings import SiteSettings

WRONG = "rien de tel"
JULY_14 = datetime(2027, 7, 14, 21, 20, 5, tzinfo=UTC)


def may_be_asked_for_help(page: Page) -> None:
    """The help line and the fund's address stand in the refusal itself."""
    panel = page.get_by_role("alert")
    expect(panel).to_contain_text(SiteSettings.helpline)
    expect(panel).to_contain_text(SiteSettings.fund_mail)


@pytest.mark.parametrize(
    ("look", "persona"), [("desktop", "no-address"), ("phone-without-scripts", "unconfirmed-address")], indirect=["look"]
)
def test_1_no_validated_address(login: Login, person: MakePerson, persona: str) -> None:
    assert login.give(person(persona)).status == 403
    expect(login.refused("address-missing")).to_contain_text("l’application sur votre téléphone")
    login.titled("Votre adresse mail n’est pas validée")
    may_be_asked_for_help(login.page)
    login.press("Revenir à la première étape")
    expect(login.number).to_be_visible()


@everywhere
def test_1b_account_closed(login: Login, person: MakePerson) -> None:
    assert login.give(person("closed", closed_on="2026-03-01")).status == 403
    expect(login.refused("account-closed")).to_contain_text("fermé le 1er mars 2026")
    expect(login.refused("account-closed")).to_contain_text("coordonnées bancaires")
    login.titled("Votre compte est fermé")
    login.page.get_by_role("link", name="Créer un compte").click()
    expect(login.page).to_have_url("/creer-un-compte")


@everywhere
def test_2_code_not_entered_in_time(login: Login, person: MakePerson, inbox: Inbox, clock: MovableClock) -> None:
    somebody = person()
    login.give(somebody)
    login.ask()
    code = inbox.code(somebody)
    clock.advance(policy.LOGIN_CODE_LIFE)
    assert login.enter(code, remember=True).status == 410
    login.titled("Ce code n’est plus valable")
    expect(login.refused("code-expired")).to_contain_text("15 minutes")
    expect(login.password).to_have_count(0)
    expect(login.page.get_by_role("main").get_by_role("button")).to_have_text(
        ["Recevoir un nouveau code", "Revenir à la première étape"]
    )
    login.press("Recevoir un nouveau code")
    login.enter(inbox.code(somebody))
    login.is_home(somebody)


def test_2_the_page_says_so_when_it_is_reloaded_too(login: Login, person: MakePerson, inbox: Inbox, clock: MovableClock) -> None:
    somebody = person()
    login.give(somebody)
    login.ask()
    expect(login.code).to_be_visible()
    clock.advance(policy.LOGIN_CODE_LIFE)
    login.page.reload()
    expect(login.refused("code-expired")).to_be_visible()


@everywhere
def test_3_quota_of_codes(login: Login, person: MakePerson, inbox: Inbox, clock: MovableClock) -> None:
    somebody = person()
    clock.set(JULY_14)
    login.give(somebody)
    login.ask()
    for left in range(policy.LOGIN_CODES_PER_HOUR.count - 1, 0, -1):
        expect(login.page.get_by_text(f"Encore {left} envoi")).to_be_visible()
        login.press("Recevoir un nouveau code")
    clock.set(JULY_14 + timedelta(minutes=9))
    assert login.press("Recevoir quand même un nouveau code").status == 423
    locked = login.refused("locked")
    expect(locked).to_contain_text("15 juillet 2027 à 0 h 30")
    expect(locked).to_contain_text("courriers indésirables")
    # The code that has come already still serves.
    login.enter(inbox.code(somebody))
    login.is_home(somebody)


def test_3_when_the_lock_is_over_codes_are_sent_again(
    login: Login, person: MakePerson, inbox: Inbox, clock: MovableClock
) -> None:
    somebody = person()
    login.give(somebody)
    login.ask()
    for left in range(policy.LOGIN_CODES_PER_HOUR.count - 1, 0, -1):
        expect(login.page.get_by_text(f"Encore {left} envoi")).to_be_visible()
        login.press("Recevoir un nouveau code")
    login.press("Recevoir quand même un nouveau code")
    expect(login.refused("locked")).to_be_visible()
    clock.advance(policy.LOGIN_CODE_LIFE)
    login.page.reload()
    expect(login.page.locator("[data-step=locked] time")).to_be_visible()

    clock.advance(policy.LOGIN_CODES_PER_HOUR.lock - policy.LOGIN_CODE_LIFE)
    last = inbox.all(somebody)[-1]
    login.open().give(somebody)
    assert login.ask().status == 303
    expect(login.reference).not_to_have_text(last.reference or "")


@everywhere
def test_4_wrong_password_and_unknown_number_are_told_alike(login: Login, person: MakePerson) -> None:
    known, unknown = person(), person("not-created")
    assert login.give(known, WRONG).status == 401
    expect(login.refused("invalid-credentials")).to_contain_text("Il vous reste 2 essais")
    expect(login.refused("invalid-credentials")).to_contain_text("après 3 erreurs")
    login.titled("Erreur : Connexion à votre compte")
    expect(login.number).to_have_value(known.nir)
    expect(login.password).to_have_value("")
    said = login.page.locator("main").inner_text()
    login.open()
    assert login.give(unknown, WRONG).status == 401
    expect(login.refused("invalid-credentials")).to_be_visible()
    assert login.page.locator("main").inner_text() == said


@everywhere
def test_5_wrong_code(login: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person()
    login.give(somebody)
    login.ask()
    typed = wrong(inbox.code(somebody))
    assert login.enter(typed, remember=True).status == 401
    expect(login.refused("invalid-code")).to_contain_text("Il vous reste 2 essais")
    expect(login.refused("invalid-code")).to_contain_text("bloquée pendant 15 minutes")
    login.titled("Erreur : Saisissez votre code de sécurité")
    expect(login.code).to_have_value(typed)
    expect(login.remember).to_be_checked()


@everywhere
def test_6_third_wrong_code(login: Login, person: MakePerson, inbox: Inbox, clock: MovableClock) -> None:
    somebody = person()
    clock.set(JULY_14)
    login.give(somebody)
    login.ask()
    code = inbox.code(somebody)
    login.enter(wrong(code))
    expect(login.refused("invalid-code")).to_contain_text("2 essais")
    # A fresh code gives no fresh tries.
    clock.advance(policy.LOGIN_CODE_REPEAT)
    login.press("Recevoir un nouveau code")
    code = inbox.code(somebody)
    expect(login.alert).to_have_count(0)
    login.enter(wrong(code))
    expect(login.refused("invalid-code")).to_contain_text("1 essai")
    clock.set(JULY_14 + timedelta(minutes=9))
    assert login.enter(wrong(code)).status == 423
    expect(login.refused("locked")).to_contain_text("14 juillet 2027 à 23 h 45")

    # The login under way is dead, and nothing is judged before the end.
    login.open().give(somebody)
    expect(login.refused("locked")).to_contain_text("14 juillet 2027 à 23 h 45")
    clock.advance(policy.CODE_TRIES.length)
    login.open().log_in(somebody, inbox)


@everywhere
def test_7_third_wrong_password(login: Login, person: MakePerson, inbox: Inbox, clock: MovableClock) -> None:
    somebody = person()
    clock.set(JULY_14)
    _fail(login, somebody)
    expect(login.refused("locked")).to_contain_text("14 juillet 2027 à 23 h 36")
    login.titled("Erreur : Connexion à votre compte")
    # Nothing tried meanwhile is judged, counted or lengthens it.
    clock.set(JULY_14 + timedelta(minutes=14))
    assert login.give(somebody).status == 423
    expect(login.refused("locked")).to_contain_text("14 juillet 2027 à 23 h 36")
    login.refused("locked").get_by_role("link", name="J’ai oublié mon mot de passe").click()
    expect(login.page).to_have_url("/mot-de-passe-oublie")

    clock.advance(timedelta(minutes=1, seconds=30))
    login.open().log_in(somebody, inbox)


def test_7_an_unknown_number_locks_alike(login: Login, person: MakePerson) -> None:
    _fail(login, person("not-created"))
    expect(login.refused("locked")).to_be_visible()


def test_7_it_locks_in_every_browser(login: Login, another_browser: Login, person: MakePerson) -> None:
    somebody = person()
    _fail(login, somebody)
    assert another_browser.give(somebody).status == 423
    expect(another_browser.refused("locked")).to_be_visible()


@everywhere
def test_8_no_fund(login: Login, person: MakePerson) -> None:
    assert login.give(person("no-fund")).status == 403
    expect(login.refused("file-update-needed")).to_be_visible()
    login.titled("Votre dossier doit être mis à jour")
    may_be_asked_for_help(login.page)


@everywhere
def test_9_being_attached(login: Login, person: MakePerson) -> None:
    assert login.give(person("attachment-pending")).status == 403
    expect(login.refused("attachment-pending")).to_contain_text("bientôt")
    login.titled("Votre rattachement est en cours")


@pytest.mark.parametrize("persona", ["no-address", "closed", "no-fund", "attachment-pending"])
def test_what_an_account_is_shows_only_after_the_right_password(login: Login, person: MakePerson, persona: str) -> None:
    assert login.give(person(persona), WRONG).status == 401
    expect(login.refused("invalid-credentials")).to_be_visible()


@everywhere
def test_a_number_that_is_none_is_told_beside_its_field(login: Login) -> None:
    for number in ("", "185", "1 85 05 78 006 084 00", "185057800608①", "1850578006084; --"):
        login.number.fill(number)
        login.password.fill(WRONG)
        assert login.press("Se connecter").status == 400
        expect(login.refused("invalid-request")).to_be_visible()
        expect(login.number).to_have_attribute("aria-invalid", "true")
        expect(login.number).to_have_value(number)
        expect(login.number).to_have_accessible_description(re.compile("Remplissez ce champ|Ce numéro n’est pas reconnu"))
        login.open()


@everywhere
def test_a_code_that_is_none_costs_no_try(login: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person()
    login.give(somebody)
    login.ask()
    for typed in ("", "12 34", "abcdef", "1234567"):
        assert login.enter(typed).status == 400
        expect(login.refused("invalid-request")).to_be_visible()
        login.open("/connexion/code")
    login.enter(wrong(inbox.code(somebody)))
    expect(login.refused("invalid-code")).to_contain_text("Il vous reste 2 essais")


def test_a_password_is_never_in_a_page_or_an_address(login: Login, person: MakePerson) -> None:
    login.give(person(), "Tout-Sauf-Cela-1")
    expect(login.refused("invalid-credentials")).to_be_visible()
    assert "Tout-Sauf-Cela-1" not in login.page.content()
    assert login.page.url.endswith("/connexion")


def _fail(login: Login, somebody: Person) -> None:
    """Three wrong passwords, each answered before the next."""
    for said in ("2 essais", "1 essai"):
        assert login.give(somebody, WRONG).status == 401
        expect(login.refused("invalid-credentials")).to_contain_text(said)
    assert login.give(somebody, WRONG).status == 423
