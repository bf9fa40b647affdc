"""Takes the README's pictures again, from a demo of its own: ``python -m e2e.pictures``."""

import tempfile
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from e2e.chromium import launch_options
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
        page = browser.new_page(viewport={"width": 1280, "height": 800}, base_url=demo.url, reduced_motion="reduce")
        page.context.add_cookies([{"name": "demo-space", "value": _SPACE, "url": demo.url}])
        take(page, demo.url)


if __name__ == "__main__":
    main()
