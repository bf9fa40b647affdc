"""Every state of every page, reached for real: seen by axe by day and by night, and kept within narrow windows.

Source: WCAG 2.2 AA; 1.4.10 (reflow) asks for 320 × 256 CSS pixels, which is 1280 × 1024 at 400 %.
"""

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from e2e.biometric_states import BIOMETRIC_STATES, offered
from e2e.kit.plugin import MakeContext, MakePerson
from e2e.kit.space import Inbox, MovableClock
from e2e.login import Login
from e2e.states import READING, STATES, Stage

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
NARROW: ViewportSize = {"width": 320, "height": 256}
TOO_WIDE = """() => [...document.querySelectorAll('main *')]
    .filter(element => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth + 1
        && !element.closest('.enclosure, .sr-only, pre'))
    .map(element => element.outerHTML.slice(0, 120))"""


@pytest.fixture
def look() -> dict[str, Any]:
    """Colours change at once where motion is reduced, so that none is seen half-way."""
    return {"reduced_motion": "reduce", "color_scheme": "light", "viewport": DESKTOP}


@pytest.fixture
def stage(login: Login, context: BrowserContext, person: MakePerson, inbox: Inbox, clock: MovableClock) -> Stage:
    return Stage(login, context, person, inbox, clock)


def violations(page: Page, rules: list[str] = RULES) -> list[tuple[str, str]]:
    """What axe finds wrong: rule and place."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate(
        """async rules => {
            const {violations, passes} = await axe.run({runOnly: rules, resultTypes: ['violations']});
            return {
                violations: violations.flatMap(({id, nodes}) => nodes.map(({html}) => [id, html])),
                passes: passes.map(({id}) => id),
            };
        }""",
        rules,
    )
    # Under an open dialog there is nothing else to look at.
    whole = {"document-title", "html-has-lang"} if page.locator("dialog[open]").count() == 0 else set()
    assert {"color-contrast"} | whole <= set(found["passes"])
    return [(rule, place) for rule, place in found["violations"]]


def usable_by_everybody(page: Page) -> None:
    """By day on a desktop, by night on a phone, and without sideways scrolling in the narrowest window."""
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert violations(page) == []
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(TOO_WIDE) == []


@pytest.mark.parametrize("state", STATES | BIOMETRIC_STATES)
def test_a_state_can_be_used_by_everybody(stage: Stage, state: str) -> None:
    (STATES | BIOMETRIC_STATES)[state](stage)
    usable_by_everybody(stage.login.page)


def test_every_page_to_read_can_be_read_by_everybody(page: Page) -> None:
    for path in READING:
        page.set_viewport_size(DESKTOP)
        page.emulate_media(color_scheme="light")
        page.goto(path)
        usable_by_everybody(page)


def test_the_mail_can_be_read_by_everybody(stage: Stage) -> None:
    somebody = stage.asked()
    stage.login.ask()
    page = stage.context.new_page()
    page.set_content(stage.inbox.next(somebody).html)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert violations(page, [rule for rule in RULES if rule.startswith("wcag")]) == []


def test_axe_is_awake(stage: Stage) -> None:
    stage.login.page.evaluate("document.querySelector('label').removeAttribute('for')")
    assert "label" in [rule for rule, _ in violations(stage.login.page)]


def test_nothing_moves_where_motion_is_reduced(new_context: MakeContext) -> None:
    moving = "() => [...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration !== '0s').length"
    calm, lively = (new_context(reduced_motion=wanted).new_page() for wanted in ("reduce", "no-preference"))
    for page in (calm, lively):
        page.goto("/connexion")
    assert calm.evaluate(moving) == 0
    assert lively.evaluate(moving) > 0
    assert calm.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_the_offer_does_not_move_where_motion_is_reduced(stage: Stage) -> None:
    offered(stage)
    assert stage.login.page.evaluate("document.getAnimations({subtree: true}).length") == 0
