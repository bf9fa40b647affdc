"""Takes the README's pictures again, from a demo of its own: ``python -m e2e.pictures``."""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from e2e.chromium import launch_options
from e2e.device import Device
from e2e.kit.authenticator import Authenticator
from e2e.kit.process import running_demo
from e2e.kit.space import Inbox, MovableClock, Space
from e2e.login import Login
from server.clock import PARIS

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
MORNING = datetime(2027, 4, 12, 9, 41, tzinfo=PARIS)
OTHERS = (("Lucie", "Marchand"), ("Adrien", "Colas"), ("Noémie", "Vasseur"))
_SPACE = "photographe"
MOST_BYTES = 150_000


def take(page: Page, url: str) -> None:
    """The first page, the code's page, and the mailbox."""
    with Space(url, _SPACE) as space:
        clock, inbox, login = MovableClock(space), Inbox(space), Login(page)
        for minutes, (first, last) in enumerate(OTHERS):
            clock.set(MORNING.replace(minute=MORNING.minute - 9 + 3 * minutes))
            login.open().give(space.person(first_names=first, last_name=last, email=f"{last.lower()}@boite.example"))
            login.ask()
            expect(login.code).to_be_visible()
            page.context.clear_cookies(name="portillon-attempt")
        clock.set(MORNING)
        login.open()
        _save(page, "login")
        camille = space.person(first_names="Camille", last_name="Ferrand", email="camille.ferrand@boite.example")
        login.give(camille)
        login.ask()
        login.code.fill(inbox.code(camille))
        login.remember.check()
        _save(page, "code")
        login.open("/demo/boite")
        _save(page, "mailbox")


def take_biometrics(page: Page, url: str) -> None:
    """On a phone: the offer, the devices, and the first page afterwards."""
    with Space(url, _SPACE) as space:
        clock, inbox = MovableClock(space), Inbox(space)
        clock.set(MORNING)
        device = Device(page, Authenticator(page))
        camille = space.person("second-login", first_names="Camille", last_name="Ferrand", email="camille@boite.example")
        device.open().page.get_by_label("Retenir mon numéro").check()
        device.log_in(camille, inbox, remember=True)
        device.is_offered()
        _save(page, "offer")
        device.activate()
        clock.set(MORNING + timedelta(days=3))
        device.sign_in(camille, inbox)
        device.open("/mes-appareils").heading.evaluate("heading => heading.scrollIntoView()")
        _save(page, "devices")
        device.press("Me déconnecter")
        device.reader.armed()
        _save(page, "biometrics")


def _save(page: Page, name: str) -> None:
    picture = page.screenshot(path=FOLDER / f"{name}.png")
    assert len(picture) < MOST_BYTES, f"{name}.png takes {len(picture)} bytes"


def main() -> None:
    """Take them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        running_demo(Path(data) / "demo") as demo,
        sync_playwright() as playwright,
        playwright.chromium.launch(**launch_options()) as browser,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 920}, base_url=demo.url, reduced_motion="reduce")
        page.context.add_cookies([cookie := {"name": "demo-space", "value": _SPACE, "url": demo.url}])
        take(page, demo.url)
        in_hand = playwright.devices["Pixel 7"] | {"device_scale_factor": 1.5, "base_url": demo.url, "reduced_motion": "reduce"}
        phone = browser.new_page(**in_hand)
        phone.context.add_cookies([cookie])
        take_biometrics(phone, demo.url)


if __name__ == "__main__":
    main()
