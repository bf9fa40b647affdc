"""How each state of the pages of biometrics, devices and notices is reached, for real (e2e/states.py has the others)."""

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import expect

from e2e.device import Device, sign_in
from e2e.kit.authenticator import Authenticator
from e2e.states import Stage
from server import policy


def device(stage: Stage) -> Device:
    """The stage's page, with a reader beside it."""
    return Device(stage.login.page, Authenticator(stage.login.page)).open()


def offered(stage: Stage) -> Device:
    """The pop-up."""
    here = device(stage)
    here.sign_in(stage.person("second-login"), stage.inbox)
    here.is_offered()
    return here


def set_up(stage: Stage) -> None:
    """The pop-up of a phone where no finger is known."""
    page = stage.login.page
    Authenticator(page, present=False)
    page.context.new_cdp_session(page).send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    sign_in(page.context.request, stage.person("second-login"), stage.inbox)
    stage.login.open("/accueil")
    expect(page.get_by_role("dialog")).to_be_visible()


def activated(stage: Stage) -> Device:
    """It is done."""
    here = offered(stage)
    here.activate()
    return here


def ready(stage: Stage) -> Device:
    """The first page of a device that can."""
    here = activated(stage)
    here.log_out()
    expect(here.by_touch).to_be_visible()
    return here


def failed_in_the_browser(stage: Stage) -> None:
    """Somebody else's finger."""
    here = ready(stage)
    here.reader.armed()
    here.fails(here.by_touch, "not-done")


def expired(stage: Stage) -> None:
    """After six months."""
    here = ready(stage)
    stage.clock.advance(f"P{policy.BIOMETRIC_MONTHS}M")
    here.open().touch_in()
    expect(here.refused("biometric-expired")).to_be_visible()


def devices(stage: Stage) -> None:
    """One of each, and a second of some."""
    person = stage.person("many-devices")
    here = device(stage)
    here.sign_in(person, stage.inbox)
    here.activate()
    stage.clock.advance(f"P{policy.BIOMETRIC_MONTHS}M")
    here.sign_in(person, stage.inbox)
    here.open("/mes-appareils")
    expect(here.page.get_by_text("Expirée", exact=True)).to_be_visible()


def renewable(stage: Stage) -> None:
    """Near its end."""
    person = stage.person("second-login")
    here = device(stage)
    here.sign_in(person, stage.inbox)
    here.activate()
    stage.clock.advance(f"P{policy.BIOMETRIC_MONTHS}M")
    stage.clock.advance(-min(policy.REMINDERS_BEFORE_EXPIRY) + timedelta(hours=1))
    here.sign_in(person, stage.inbox)
    here.press("Ne plus me le proposer ici")
    here.open("/mes-appareils")
    expect(here.page.get_by_text("À renouveler bientôt")).to_be_visible()


def no_reader(stage: Stage) -> None:
    """Activating where there is nothing to activate with."""
    page = stage.login.page
    Authenticator(page, present=False)
    sign_in(page.context.request, stage.person(), stage.inbox)
    stage.login.open("/mes-appareils")
    page.get_by_role("button", name="Activer sur cet appareil").click()
    expect(stage.login.refused("biometric-no-authenticator")).to_be_visible()


def full_login_asked(stage: Stage) -> None:
    """On the way to activating."""
    here = device(stage)
    here.log_in(stage.person(), stage.inbox, remember=True)
    here.log_out()
    here.open("/connexion?complete=true")
    expect(here.page.locator("[data-complete]")).to_be_visible()


def remembered(stage: Stage) -> None:
    """Greeted by name, and refused."""
    somebody = stage.person()
    stage.login.page.get_by_label("Retenir mon numéro").check()
    stage.login.log_in(somebody, stage.inbox)
    stage.login.press("Me déconnecter")
    expect(stage.login.page.get_by_role("button", name="Ce n’est pas moi")).to_be_visible()
    stage.login.password.fill("au hasard")
    stage.login.press("Se connecter")
    expect(stage.login.refused("invalid-credentials")).to_be_visible()


def notice(stage: Stage, persona: str) -> None:
    """One that waits."""
    sign_in(stage.context.request, stage.person(persona), stage.inbox)
    stage.login.open("/accueil")
    expect(stage.login.page.locator("[data-notice]")).to_be_visible()


BIOMETRIC_STATES: dict[str, Callable[[Stage], object]] = {
    "biometrics-offer": offered,
    "biometrics-set-up": set_up,
    "biometrics-activated": activated,
    "biometrics-activation-failed": lambda stage: (here := offered(stage)).fails(here.activation, "not-done"),
    "biometrics-not-done": failed_in_the_browser,
    "biometrics-expired": expired,
    "biometrics-no-reader": no_reader,
    "devices": devices,
    "devices-renewable": renewable,
    "number-full-login": full_login_asked,
    "number-remembered": remembered,
    "notice-terms": lambda stage: notice(stage, "terms-pending"),
    "notice-overlap": lambda stage: notice(stage, "overlap-pending"),
}
