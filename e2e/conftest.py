"""The browser tests: Debian's Chromium, the looks a page is seen in, and the kit's fixtures on a demo of their own.

``--base-url`` takes a demo that already runs. The browser lives as long as this package: an open sync Playwright keeps an event loop
running, which the asyncio tests of other packages cannot share.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, Playwright, sync_playwright

from e2e.chromium import launch_options
from e2e.device import Device
from e2e.kit.authenticator import Authenticator
from e2e.kit.plugin import *  # noqa: F403 - the names it exports are this suite's fixtures
from e2e.kit.plugin import MakeContext, MakePerson
from e2e.kit.space import Inbox, Person
from e2e.login import Login


@pytest.fixture(scope="session")
def base_url(request: pytest.FixtureRequest) -> str:
    """The demo under test."""
    return str(request.config.getoption("--base-url") or request.getfixturevalue("demo_site"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return browser_type_launch_args | launch_options()


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser_type(playwright: Playwright) -> BrowserType:
    return playwright.chromium


@pytest.fixture(scope="package")
def launch_browser(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Callable[..., Browser]:
    return lambda **options: browser_type.launch(**browser_type_launch_args | options)


@pytest.fixture(scope="package")
def browser(launch_browser: Callable[..., Browser]) -> Iterator[Browser]:
    with launch_browser() as browser:
        yield browser


@pytest.fixture(scope="package")
def browser_context_args(base_url: str) -> dict[str, Any]:
    """Far from Paris: the hours on a page are Paris time wherever its reader is."""
    return {"base_url": base_url, "locale": "fr-FR", "timezone_id": "America/Martinique"}


@pytest.fixture
def look(request: pytest.FixtureRequest, playwright: Playwright) -> dict[str, Any]:
    """How the page is seen; `everywhere` (e2e/login.py) asks for each."""
    looks: dict[str, dict[str, Any]] = {
        "desktop": {"viewport": {"width": 1280, "height": 800}},
        "phone": playwright.devices["Pixel 7"],
        "small-phone": playwright.devices["iPhone SE"],
        "phone-without-scripts": playwright.devices["Pixel 7"] | {"java_script_enabled": False},
    }
    return looks[getattr(request, "param", "desktop")]


@pytest.fixture
def context(new_context: MakeContext, look: dict[str, Any]) -> BrowserContext:
    return new_context(**look)


@pytest.fixture
def login(page: Page) -> Login:
    """The login, open at its first page."""
    return Login(page).open()


@pytest.fixture
def device(page: Page, authenticator: Authenticator) -> Device:
    """The same, on a device with a fingerprint or face reader."""
    return Device(page, authenticator).open()


@pytest.fixture
def owner(device: Device, person: MakePerson, inbox: Inbox) -> Person:
    """Somebody who has activated biometrics on this device, and left."""
    owner = person("second-login")
    device.sign_in(owner, inbox)
    device.activate()
    device.log_out()
    return owner


@pytest.fixture
def another_browser(new_context: MakeContext, look: dict[str, Any]) -> Login:
    """The login in a browser that shares nothing with the first."""
    return Login(new_context(**look).new_page()).open()
