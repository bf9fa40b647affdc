"""Notices: one at a time, before the offer of biometrics, each acknowledged on the account. Source: product page, section 2, step 3."""

from datetime import date

import pytest
from playwright.sync_api import Locator, expect

from e2e.device import Device, sign_in
from e2e.kit.plugin import MakePerson
from e2e.kit.space import Inbox
from e2e.login import Login, everywhere
from server import policy
from server.wording.french import paris_date

TERMS, OVERLAP = "J’accepte ces conditions", "J’ai compris"


def notices(login: Login) -> Locator:
    return login.page.locator("[data-notice]")


@everywhere
def test_the_terms_in_force_are_read_and_accepted(login: Login, another_browser: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person("terms-pending")
    login.log_in(somebody, inbox)
    expect(notices(login)).to_contain_text(paris_date(policy.TERMS_OF_USE))
    login.page.get_by_role("link", name="Lire les conditions d’utilisation").click()
    login.titled("Conditions d’utilisation")
    login.open("/accueil")
    login.press(TERMS)
    login.is_home(somebody)
    expect(notices(login)).to_have_count(0)
    sign_in(another_browser.page.context.request, somebody, inbox)
    another_browser.open("/accueil").is_home(somebody)
    expect(notices(another_browser)).to_have_count(0)


@pytest.mark.parametrize("look", ["phone-without-scripts"], indirect=True)
def test_an_overlap_is_told_until_it_is_acknowledged(login: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person("overlap-pending", overlap_since="2026-03-01")
    login.log_in(somebody, inbox)
    expect(notices(login)).to_contain_text(paris_date(date(2026, 3, 1)))
    login.page.reload()
    expect(notices(login)).to_have_count(1)
    login.press(OVERLAP)
    login.is_home(somebody)
    expect(notices(login)).to_have_count(0)


@pytest.mark.parametrize("look", ["desktop", "phone"], indirect=True)
def test_one_notice_then_the_other_then_the_offer(device: Device, person: MakePerson, inbox: Inbox) -> None:
    somebody = person("terms-pending", overlap_since="2026-03-01")
    device.sign_in(somebody, inbox)
    for notice, button in (("terms", TERMS), ("overlap", OVERLAP)):
        expect(notices(device)).to_have_count(1)
        expect(notices(device)).to_have_attribute("data-notice", notice)
        device.is_not_offered()
        device.press(button)
    device.is_offered()
    expect(notices(device)).to_have_count(0)
    device.activate()
    device.log_out()
    assert device.touch_in().status == 303
    device.is_home(somebody)
