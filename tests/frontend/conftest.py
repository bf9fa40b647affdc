"""Tabs of a browser on the stage, for the tests of the pages' scripts."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from e2e.chromium import launch_options
from tests.frontend.stage import stage

MakeTab = Callable[..., Page]


# Of one module only: an open sync Playwright keeps an event loop running, which asyncio's own tests cannot share.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright, playwright.chromium.launch(**launch_options()) as browser:
        yield browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with stage() as address:
        yield address


@pytest.fixture
def tab(chromium: Browser, address: str) -> Iterator[MakeTab]:
    """Makes a tab of a device; `script` runs before those of the pages."""
    opened = []

    def make(script: str = "", **look: Any) -> Page:
        opened.append(chromium.new_context(base_url=address, locale="fr-FR", **look))
        page = opened[-1].new_page()
        if script:
            page.add_init_script(script)
        return page

    yield make
    for context in opened:
        context.close()
