"""Fingerprint and face that do not lead in: each way leads to the password form, with a sentence that says why.

Source: product page, section 2, steps 3 and 4.
"""

import re

from playwright.sync_api import BrowserContext, Route, expect

from e2e.device import Device, sign_in
from e2e.kit.authenticator import Authenticator
from e2e.kit.plugin import MakeContext, MakePerson
from e2e.kit.space import Inbox, MovableClock, Person
from e2e.kit.watch import Watch
from e2e.login import Login, on_devices
from server import policy

PATIENCE_MS = 20_000  # each suggestion that comes to nothing is followed by a longer pause


@on_devices
def test_somebody_elses_finger_then_the_owners(device: Device, owner: Person) -> None:
    device.reader.armed()
    sentence = device.fails(device.by_touch, "not-done")
    expect(sentence).to_contain_text("Réessayez, ou connectez-vous avec votre mot de passe")
    expect(device.number).to_be_visible()
    expect(device.password).to_be_visible()
    # Both ways are ready again, without a reload.
    assert device.touch_in().status == 303
    device.is_home(owner)


def test_a_suggestion_taken_up_by_somebody_else_then_by_the_owner(device: Device, owner: Person) -> None:
    device.reader.refuses()
    device.open()
    device.number.click()
    expect(device.outcome("not-done")).to_be_visible()
    expect(device.number).to_be_focused()
    device.reader.recognises()
    expect(device.heading).to_have_text(f"Bonjour {owner.name}", timeout=PATIENCE_MS)


def test_who_has_done_nothing_is_told_nothing(context: BrowserContext) -> None:
    page = context.new_page()
    login, reader = Login(page), Authenticator(page)
    login.open()
    # A reader without credentials turns a suggestion down by itself, and the page goes on suggesting.
    expect(page.locator("html")).to_have_attribute("data-ceremonies", re.compile("get conditional; get conditional"))
    expect(login.alert).to_have_count(0)
    assert reader.credentials() == ()


def test_a_press_that_nobody_follows_leaves_the_password(device: Device, owner: Person, inbox: Inbox) -> None:
    device.reader.armed()
    device.by_touch.click()
    expect(device.page.locator("html")).to_have_attribute("data-ceremony", "get on-demand")
    device.log_in(owner, inbox)
    expect(device.page.locator("html")).not_to_have_attribute("data-ceremony", re.compile("get"))


def test_a_press_may_follow_a_press(device: Device, owner: Person) -> None:
    device.reader.armed()
    device.by_touch.click()
    expect(device.page.locator("html")).to_have_attribute("data-ceremony", "get on-demand")
    assert device.touch(device.by_touch).status == 303
    device.is_home(owner)
    expect(device.alert).to_have_count(0)


def test_deleted_in_the_devices_settings(device: Device, owner: Person, inbox: Inbox) -> None:
    [credential] = device.reader.credentials()
    device.reader.forget(credential).armed()
    device.reader.recognises()
    device.by_touch.click()
    expect(device.outcome("not-done")).to_be_visible()
    device.reader.is_not_touched()
    device.log_in(owner, inbox)


def test_removed_from_another_device(device: Device, owner: Person, another_browser: Login, inbox: Inbox) -> None:
    ask = another_browser.page.context.request
    sign_in(ask, owner, inbox)
    [credential] = ask.get("/api/v1/devices").json()["biometric_credentials"]
    assert ask.delete(f"/api/v1/devices/biometric-credentials/{credential['id']}").status == 204

    assert device.touch_in().status == 401
    expect(device.refused("biometric-failed")).to_contain_text("n’est plus active pour cet appareil")
    assert device.reader.credentials() == ()
    device.log_in(owner, inbox)
    device.is_offered()
    device.activate()


def test_a_copy_of_the_key_is_refused_and_the_owner_told(
    device: Device, owner: Person, new_context: MakeContext, inbox: Inbox
) -> None:
    page = new_context().new_page()
    thief = Device(page, device.reader.copy_to(page)).open()
    device.touch_in()
    device.is_home(owner)
    assert thief.touch_in().status == 401
    expect(thief.refused("biometric-failed")).to_be_visible()
    inbox.next(owner, "biometric-copied")
    # It locks nothing (security page, *WebAuthn*).
    device.open("/accueil").is_home(owner)
    device.log_out()
    device.touch_in()
    device.is_home(owner)


def test_an_answer_to_a_challenge_that_has_expired(device: Device, owner: Person, clock: MovableClock) -> None:
    device.reader.armed()

    def too_late(route: Route) -> None:
        clock.advance(policy.CEREMONY_LIFE)
        route.continue_()

    device.page.route("**/connexion/biometrie", too_late, times=1)
    assert device.touch_in().status == 401
    expect(device.refused("biometric-failed")).to_contain_text("Cette demande a expiré")
    assert device.touch_in().status == 303
    device.is_home(owner)


def test_a_network_that_fails_is_not_the_fingers_fault(
    device: Device, owner: Person, context: BrowserContext, watch: Watch
) -> None:
    device.reader.armed()
    context.set_offline(offline=True)
    device.by_touch.click()
    expect(device.outcome("no-answer")).to_contain_text("Vérifiez votre connexion à internet")
    context.set_offline(offline=False)
    assert all("ERR_INTERNET_DISCONNECTED" in complaint for complaint in watch.complaints)
    watch.complaints.clear()
    assert device.touch(device.by_touch).status == 303
    device.is_home(owner)


@on_devices
def test_a_cancelled_activation_is_said_at_home_and_offered_at_the_next_login(
    device: Device, person: MakePerson, inbox: Inbox
) -> None:
    somebody = person("second-login")
    device.sign_in(somebody, inbox)
    device.is_offered()
    sentence = device.fails(device.activation, "not-done")
    expect(sentence).to_contain_text("Nous vous le proposerons de nouveau à la prochaine connexion")
    expect(sentence).to_be_focused()
    expect(device.page).to_have_url("/accueil")
    expect(device.offer).to_be_hidden()
    device.open("/accueil")
    device.is_not_offered()
    assert device.reader.credentials() == ()
    device.log_out()
    device.sign_in(somebody, inbox)
    device.is_offered()
    device.activate()


def test_a_failed_activation_can_be_tried_again_at_once(device: Device, person: MakePerson, inbox: Inbox) -> None:
    device.sign_in(person("second-login"), inbox)
    device.open("/mes-appareils")
    device.fails(device.activation, "not-done")
    device.activate()


def test_an_activation_that_nobody_follows_is_put_off(device: Device, person: MakePerson, inbox: Inbox) -> None:
    somebody = person("second-login")
    device.sign_in(somebody, inbox)
    device.is_offered()
    device.activation.click()
    expect(device.page.locator("html")).to_have_attribute("data-ceremony", "create on-demand")
    device.press("Plus tard")
    device.is_home(somebody)
    expect(device.offer).to_be_hidden()
    expect(device.page.locator("html")).not_to_have_attribute("data-ceremony", re.compile("create"))
    assert device.reader.credentials() == ()


def test_a_device_that_holds_one_makes_no_second(device: Device, owner: Person, context: BrowserContext, inbox: Inbox) -> None:
    context.clear_cookies(name="portillon-browser")
    device.sign_in(owner, inbox)
    device.is_offered()
    device.reader.recognises()
    device.activation.click()
    expect(device.outcome("already-active")).to_be_visible()
    assert len(device.reader.credentials()) == 1


def test_an_activation_too_long_after_the_login_asks_for_another(
    device: Device, person: MakePerson, inbox: Inbox, clock: MovableClock
) -> None:
    somebody = person("second-login")
    device.sign_in(somebody, inbox)
    device.open("/mes-appareils")
    expect(device.activation).to_be_visible()
    for _ in range(2):
        clock.advance(policy.RECENT_LOGIN / 2)
        assert device.page.context.request.get("/api/v1/session").ok
    device.activation.click()
    expect(device.outcome("no-full-login")).to_be_visible()
    device.press("Me reconnecter avec un code")
    expect(device.page).to_have_url("/connexion?complete=true")
    device.log_in(somebody, inbox)
    device.is_offered()
    device.activate()


def test_a_session_that_ended_under_the_offer_is_told(
    device: Device, person: MakePerson, inbox: Inbox, clock: MovableClock
) -> None:
    device.sign_in(person("second-login"), inbox)
    device.is_offered()
    clock.advance(policy.SESSION_IDLE)
    device.activation.click()
    expect(device.page.locator("[data-interrupted]")).to_be_visible()
    assert device.reader.credentials() == ()


def test_a_trusted_device_is_asked_for_the_code_before_it_is_activated(device: Device, person: MakePerson, inbox: Inbox) -> None:
    somebody = person("second-login")
    device.log_in(somebody, inbox, remember=True)
    device.press("Plus tard")
    device.log_out()
    device.give(somebody)
    device.is_home(somebody)
    device.is_not_offered()
    device.open("/mes-appareils")
    device.press("Activer sur cet appareil")
    expect(device.page.locator("[data-complete]")).to_contain_text("un code reçu par mail")
    expect(device.by_touch).to_be_hidden()
    device.log_in(somebody, inbox)
    device.is_offered()
    device.activate()
    device.log_out()
    assert device.touch_in().status == 303
