"""Browsers that lack WebAuthn, or the newer parts of it. Source: issue 3, *The phone* (with a fallback where missing)."""

import re

from playwright.sync_api import Page, expect

from e2e.device import Device
from e2e.kit.authenticator import Authenticator
from e2e.kit.plugin import MakePerson
from e2e.kit.space import Inbox
from e2e.login import Login

NO_WEBAUTHN = "delete window.PublicKeyCredential;"
NO_JSON = """
delete PublicKeyCredential.parseCreationOptionsFromJSON;
delete PublicKeyCredential.parseRequestOptionsFromJSON;
delete PublicKeyCredential.prototype.toJSON;
"""
NO_SIGNALS = "for (const name of ['UnknownCredential', 'AllAcceptedCredentials']) delete PublicKeyCredential[`signal${name}`];"
NO_AUTOFILL = "delete PublicKeyCredential.isConditionalMediationAvailable;"


def without(page: Page, parts: str) -> Page:
    page.add_init_script(parts)
    return page


def test_without_webauthn_nothing_of_it_shows(page: Page, person: MakePerson, inbox: Inbox) -> None:
    login, somebody = Login(without(page, NO_WEBAUTHN)).open(), person("second-login")
    assert page.evaluate("'PublicKeyCredential' in window") is False
    expect(page.get_by_role("button", name="empreinte")).to_have_count(0)
    login.log_in(somebody, inbox)
    expect(page.get_by_role("dialog")).to_have_count(0)
    login.open("/mes-appareils")
    expect(page.get_by_role("button", name=re.compile("^Activer"))).to_have_count(0)
    expect(page.get_by_text("Ce navigateur ne sait pas se servir d’une empreinte")).to_be_visible()


def test_without_its_newer_parts_it_works_all_the_same(page: Page, person: MakePerson, inbox: Inbox) -> None:
    device = Device(without(page, NO_JSON + NO_SIGNALS), Authenticator(page)).open()
    somebody = person("second-login")
    device.sign_in(somebody, inbox)
    device.activate()
    device.log_out()
    assert device.touch_in().status == 303
    device.is_home(somebody)
    device.log_out()
    device.reader.recognises()
    device.open().is_home(somebody)
    device.reader.is_not_touched()
    device.open("/mes-appareils").page.get_by_role("button", name=re.compile("^Désactiver")).click()
    expect(device.page.locator("[data-closed]")).to_be_visible()


def test_without_autofill_the_button_is_there(page: Page, person: MakePerson, inbox: Inbox) -> None:
    device = Device(without(page, NO_AUTOFILL), Authenticator(page)).open()
    somebody = person("second-login")
    device.sign_in(somebody, inbox)
    device.activate()
    device.log_out()
    assert device.touch(device.by_touch).status == 303
    device.is_home(somebody)
    assert device.reader.asked() in (["create on-demand", "get on-demand"], ["get on-demand"])
