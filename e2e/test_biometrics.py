"""Fingerprint and face: activated from the offer, then the only thing asked for. Source: product page, section 2, steps 3 and 4."""

import re
from datetime import datetime, timedelta

from playwright.sync_api import BrowserContext, expect

from e2e.device import Device
from e2e.kit.plugin import MakePerson
from e2e.kit.space import Inbox, MovableClock, Person
from e2e.login import on_devices
from server import policy
from server.wording.french import paris_date

A_LITTLE = timedelta(minutes=5)


@on_devices
def test_from_the_offer_to_a_login_with_nothing_else(device: Device, person: MakePerson, inbox: Inbox) -> None:
    somebody = person("second-login")
    device.log_in(somebody, inbox)
    device.is_offered()
    device.activate()
    assert len(device.reader.credentials()) == 1
    inbox.next(somebody, "biometric-added")
    device.log_out()
    assert device.touch_in().status == 303
    device.is_home(somebody)
    expect(device.page.get_by_text("Empreinte ou visage", exact=True)).to_be_visible()
    device.is_not_offered()
    assert [mail.kind for mail in inbox.all(somebody)] == ["login-code", "biometric-added"]


@on_devices
def test_the_browser_suggests_it_in_the_field(device: Device, owner: Person) -> None:
    expect(device.number).to_have_attribute("autocomplete", "username webauthn")
    device.reader.recognises()
    device.open().is_home(owner)


def test_six_months_to_the_day_then_refused_and_offered_again(
    device: Device, owner: Person, inbox: Inbox, clock: MovableClock
) -> None:
    device.touch_in()
    device.is_home(owner)
    until = ends_at(device)
    device.log_out()

    clock.set(until - A_LITTLE)
    device.open()
    assert device.touch_in().status == 303
    device.is_home(owner)
    device.log_out()

    clock.set(until)
    device.open()
    assert device.touch_in().status == 401
    expect(device.refused("biometric-expired")).to_contain_text(paris_date(until))
    expect(device.refused("biometric-expired")).to_contain_text("vous pourrez ensuite l’activer de nouveau")
    expect(device.password).to_be_visible()
    # The browser was told to forget what opens nothing any more.
    assert device.reader.credentials() == ()

    device.log_in(owner, inbox)
    device.is_offered()
    expect(device.offer).to_contain_text(f"n’ouvre plus votre compte depuis le {paris_date(until)}")
    device.activate()
    device.log_out()
    assert device.touch_in().status == 303
    device.is_home(owner)


def test_what_is_about_to_end_is_offered_again_and_replaced(
    device: Device, owner: Person, inbox: Inbox, clock: MovableClock
) -> None:
    clock.advance(f"P{policy.BIOMETRIC_MONTHS}M")
    clock.advance(-policy.REMINDERS_BEFORE_EXPIRY[-1])
    device.sign_in(owner, inbox)
    device.is_offered()
    expect(device.offer).to_contain_text("n’ouvrira plus votre compte à partir du")
    device.activate()
    assert len(device.reader.credentials()) == 1
    assert ends_at(device) > clock.now() + policy.REMINDERS_BEFORE_EXPIRY[0]
    device.log_out()
    assert device.touch_in().status == 303
    device.is_home(owner)


def test_a_first_login_is_not_asked_for_more(device: Device, person: MakePerson, inbox: Inbox) -> None:
    device.sign_in(person(), inbox)
    device.is_not_offered()


def test_later_is_until_the_next_login(device: Device, person: MakePerson, inbox: Inbox) -> None:
    somebody = person("second-login")
    device.sign_in(somebody, inbox)
    device.is_offered()
    device.press("Plus tard")
    device.is_home(somebody)
    device.is_not_offered()
    device.open("/accueil")
    device.is_not_offered()
    device.log_out()
    device.sign_in(somebody, inbox)
    device.is_offered()


def test_never_is_for_this_device_and_can_be_taken_back(device: Device, person: MakePerson, inbox: Inbox) -> None:
    somebody = person("second-login")
    device.sign_in(somebody, inbox)
    device.is_offered()
    device.press("Ne plus me le proposer ici")
    device.is_home(somebody)
    device.log_out()
    device.sign_in(somebody, inbox)
    device.is_not_offered()
    device.open("/mes-appareils")
    expect(device.activation).to_be_visible()
    device.press("Me le proposer de nouveau")
    device.log_out()
    device.sign_in(somebody, inbox)
    device.is_offered()


def test_a_browser_where_never_was_said_is_not_asked(
    device: Device, person: MakePerson, context: BrowserContext, base_url: str, inbox: Inbox
) -> None:
    somebody = person("biometric-never")
    context.add_cookies([{"name": "portillon-browser", "value": somebody.browser_cookie, "url": base_url}])
    device.sign_in(somebody, inbox)
    device.is_not_offered()
    context.clear_cookies(name="portillon-browser")
    device.open("/accueil")
    device.is_offered()


def test_a_ceremony_begins_with_a_press(device: Device, person: MakePerson, inbox: Inbox) -> None:
    device.reader.armed()
    assert set(device.reader.asked()) == {"get conditional"}
    device.sign_in(person("second-login"), inbox)
    device.is_offered()
    assert device.reader.asked() == []
    device.open("/mes-appareils")
    expect(device.activation).to_be_visible()
    expect(device.page.get_by_text("Ce navigateur ne sait pas")).to_be_hidden()
    assert device.reader.asked() == []
    device.activate()
    assert device.reader.asked() == ["create on-demand"]


def test_a_suggestion_gets_a_fresh_challenge_in_time(device: Device, owner: Person, clock: MovableClock) -> None:
    device.page.clock.install()
    device.open().reader.armed()
    clock.advance(policy.CEREMONY_LIFE)
    # Who takes up the suggestion now answers the challenge that came in the old one's place.
    device.reader.recognises()
    device.page.clock.fast_forward(int(policy.CEREMONY_LIFE.total_seconds() * 1000) - 1)
    device.is_home(owner)


def test_a_household_shares_a_device(device: Device, owner: Person, person: MakePerson, inbox: Inbox) -> None:
    other = person("second-login")
    device.sign_in(other, inbox)
    device.is_offered()
    device.activate()
    assert len(device.reader.credentials()) == 2
    device.log_out()
    # Whose it is, the reader asks; this one gives the newest.
    device.touch_in()
    expect(device.heading).to_have_text(re.compile(f"Bonjour ({owner.name}|{other.name})"))


def test_two_tabs_of_one_device(device: Device, owner: Person, context: BrowserContext) -> None:
    page = context.new_page()
    other = Device(page, device.reader.copy_to(page)).open()
    expect(other.by_touch).to_be_visible()
    assert device.touch_in().status == 303
    device.is_home(owner)
    # The counters of a real device's tabs are one.
    other.reader.remove()
    other.reader = device.reader.copy_to(page)
    assert other.touch_in().status == 303
    other.is_home(owner)
    device.open("/accueil").is_home(owner)


def ends_at(device: Device) -> datetime:
    """Until when the one credential is good."""
    [credential] = device.page.context.request.get("/api/v1/devices").json()["biometric_credentials"]
    return datetime.fromisoformat(credential["expires_at"])
