"""The script of biometrics and the browser's autofill: armed, taken over by a press, renewed, and over when its page is."""

import re

from playwright.sync_api import expect

from e2e.kit.authenticator import Authenticator
from server import policy
from tests.frontend.conftest import MakeTab
from tests.frontend.stage import OPTIONS

LOGIN, _ = OPTIONS


def test_a_press_takes_over_from_autofill_and_a_failure_arms_it_again(tab: MakeTab) -> None:
    page = tab()
    reader = Authenticator(page).is_not_touched()
    page.goto("/state/number")
    reader.armed()
    reader.refuses()
    page.get_by_role("button", name="Entrer avec mon empreinte ou mon visage").click()
    expect(page.locator("[data-refusal=biometric-not-done]")).to_be_focused()
    reader.is_not_touched().armed()
    assert reader.asked()[:3] == ["get conditional", "get on-demand", "get conditional"]


def test_autofill_is_renewed_before_its_challenge_ends(tab: MakeTab) -> None:
    page = tab()
    page.clock.install()
    reader = Authenticator(page).is_not_touched()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith(LOGIN) else None)
    page.goto("/state/number")
    page.clock.run_for(1)
    reader.armed()
    assert len(asked) == 1
    page.clock.run_for(int(policy.CEREMONY_LIFE.total_seconds() * 950))
    page.clock.run_for(1)
    expect(page.locator("html")).to_have_attribute("data-ceremonies", re.compile("(.*;){2}"))
    reader.armed()
    assert len(asked) == 2


def test_autofill_that_fails_is_told_to_who_is_in_the_field_and_disturbs_nobody(tab: MakeTab) -> None:
    page = tab()
    reader = Authenticator(page).refuses()
    page.goto("/state/number")
    expect(page.locator("html")).to_have_attribute("data-ceremonies", re.compile("(.*;){2}"))
    expect(page.locator("[data-refusal]")).to_have_count(0)
    page.locator("#nir").focus()
    expect(page.locator("[data-refusal=biometric-not-done]")).to_be_visible()
    expect(page.locator("#nir")).to_be_focused()
    assert set(reader.asked()) == {"get conditional"}


def test_no_ceremony_outlives_its_page(tab: MakeTab) -> None:
    page = tab()
    reader = Authenticator(page).is_not_touched()
    page.goto("/state/number")
    reader.armed()
    page.get_by_role("button", name="Se connecter", exact=True).click()  # by htmx: the refused form comes back in place
    expect(page.locator("[data-refusal=invalid-credentials]")).to_be_visible()
    # Armed anew; that the first one was armed says nothing of the second.
    expect(page.locator("html")).to_have_attribute("data-ceremonies", re.compile("get conditional.*get conditional"))
    assert reader.asked() == ["get conditional", "get conditional"]
    page.evaluate("htmx.ajax('GET', '/aide', {target: 'main', select: 'main', swap: 'outerHTML'})")
    expect(page.get_by_role("heading", level=1)).to_have_text("Aide")
    expect(page.locator("html")).not_to_have_attribute("data-ceremony", "get conditional")
