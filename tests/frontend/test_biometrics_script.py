"""The script of biometrics on the stage, with Chromium's virtual authenticator: what it shows, asks and says."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from axe_playwright_python.sync_playwright import Axe
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.sync_api import Page, Request, expect

from e2e.kit.authenticator import Authenticator
from tests.frontend.conftest import MakeTab
from tests.frontend.stage import KNOWN, OPTIONS
from tests.frontend.states import ACCEPTED, UNKNOWN
from tests.frontend.test_in_browser import RULES, SMALL

LOGIN, ACTIVATION = OPTIONS
PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
# A browser as old as WebAuthn allows: our own reading and writing of its JSON.
OLD = """for (const name of ['parseCreationOptionsFromJSON', 'parseRequestOptionsFromJSON', 'signalAllAcceptedCredentials',
    'signalUnknownCredential', 'isConditionalMediationAvailable']) delete PublicKeyCredential[name];
    delete PublicKeyCredential.prototype.toJSON;"""
# Writes on the page what it signals to the browser.
HEARS = """for (const name of ['signalAllAcceptedCredentials', 'signalUnknownCredential'])
    PublicKeyCredential[name] = async (told) => { document.documentElement.dataset.heard = JSON.stringify(told); };"""


def owns(page: Page, credential_id: bytes) -> None:
    """The page's authenticator holds a credential of the stage's person."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    made = session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    held = {
        "credentialId": base64.b64encode(credential_id).decode(),
        "isResidentCredential": True,
        "rpId": "localhost",
        "privateKey": base64.b64encode(key).decode(),
        "userHandle": base64.b64encode(bytes(64)).decode(),
        "signCount": 1,
    }
    session.send("WebAuthn.addCredential", {"authenticatorId": made["authenticatorId"], "credential": held})


def response_of(request: Request) -> dict[str, Any]:
    """What a ceremony's form carried."""
    return dict(json.loads(parse_qs(request.post_data or "")["response"][0]))


def test_without_webauthn_nothing_of_it_shows_and_nothing_is_asked(tab: MakeTab) -> None:
    page = tab("delete window.PublicKeyCredential;", **PHONE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    for state, button in (("number", "Entrer avec"), ("home-offered", "Activer"), ("devices-none", "Activer")):
        page.goto(f"/state/{state}", wait_until="networkidle")
        expect(page.get_by_role("button", name=button)).to_have_count(0)
        expect(page.get_by_role("dialog")).to_have_count(0)
    assert "POST" not in asked


@pytest.mark.parametrize("look", [{}, PHONE], ids=["desktop", "phone"])
def test_the_offer_opens_where_the_device_can_and_is_accessible(tab: MakeTab, look: dict[str, Any]) -> None:
    page = tab(**look)
    Authenticator(page)
    page.goto("/state/home-offered")
    expect(page.get_by_role("dialog", name="La prochaine fois, entrez d’un geste")).to_be_visible()
    expect(page.locator("dialog[open] h2")).to_be_focused()
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")
    found = Axe().run(page, options={"runOnly": RULES}).response
    assert [broken["id"] for broken in found["violations"]] == []
    assert page.evaluate(SMALL) == []
    assert page.evaluate("document.querySelector('dialog[open]').scrollWidth <= innerWidth")
    stops = []
    for _ in range(3):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.textContent.trim()"))
    assert stops == ["Activer", "Plus tard", "Ne plus me le proposer ici"]


def test_escape_says_later(tab: MakeTab) -> None:
    page = tab()
    Authenticator(page)
    page.goto("/state/home-offered")
    expect(page.get_by_role("dialog")).to_be_visible()
    with page.expect_request("**/accueil/biometrie") as said:
        page.keyboard.press("Escape")
    assert said.value.post_data == "answer=later"
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_phone_where_nothing_is_set_up_is_told_how_and_a_desktop_without_a_reader_nothing(tab: MakeTab) -> None:
    page = tab(**PHONE)
    Authenticator(page, present=False)
    page.goto("/state/home-offered")
    expect(page.get_by_role("dialog")).to_contain_text("Face ID")
    expect(page.get_by_role("button", name="Activer")).to_have_count(0)
    found = Axe().run(page, options={"runOnly": RULES}).response
    assert [broken["id"] for broken in found["violations"]] == []
    desktop = tab()
    Authenticator(desktop, present=False)
    desktop.goto("/state/home-offered")
    desktop.evaluate("PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable()")
    expect(desktop.get_by_role("dialog")).to_have_count(0)


def test_without_a_reader_a_press_says_so_and_never_starts_a_ceremony(tab: MakeTab) -> None:
    page = tab()
    reader = Authenticator(page, present=False)
    page.goto("/state/devices-none")
    page.get_by_role("button", name="Activer sur cet appareil").click()
    expect(page.locator("[data-refusal=biometric-no-authenticator]")).to_be_focused()
    assert reader.asked() == []


def test_activation_posts_what_the_browser_made(tab: MakeTab) -> None:
    for script in ("", OLD):
        page = tab(script)
        Authenticator(page)
        page.goto("/state/home-offered")
        with page.expect_request("**/mes-appareils/biometrie") as sent:
            page.get_by_role("button", name="Activer").click()
        expect(page.locator("[data-done=activated]")).to_be_visible()
        said = response_of(sent.value)
        assert said["type"] == "public-key"
        assert said["id"] == said["rawId"]
        assert said["response"]["attestationObject"]
        assert said["response"]["transports"] == ["internal"]
        told = json.loads(base64.urlsafe_b64decode(said["response"]["clientDataJSON"] + "=="))
        assert (told["type"], told["challenge"]) == ("webauthn.create", "A" * 43)
        assert "from_home=true" in (sent.value.post_data or "")


def test_a_press_logs_in_with_what_the_browser_signed(tab: MakeTab) -> None:
    page = tab(OLD)  # without autofill, which would be quicker than the press
    owns(page, b"mine")
    page.goto("/state/number")
    with page.expect_request("**/connexion/biometrie") as sent:
        page.get_by_role("button", name="Entrer avec mon empreinte ou mon visage").click()
    said = response_of(sent.value)
    assert base64.urlsafe_b64decode(said["id"] + "==") == b"mine"
    assert said["response"].keys() >= {"authenticatorData", "clientDataJSON", "signature", "userHandle"}
    expect(page.locator("[data-refusal=biometric-failed]")).to_be_focused()


def _press_to_activate(page: Page) -> None:
    page.goto("/state/devices-none")
    page.get_by_role("button", name="Activer sur cet appareil").click()


def test_a_failed_fingerprint_a_known_credential_and_a_foreign_address_are_told_apart(tab: MakeTab) -> None:
    page = tab()
    Authenticator(page).refuses()
    _press_to_activate(page)
    expect(page.locator("[data-refusal=biometric-not-done]")).to_be_focused()
    page = tab()
    owns(page, KNOWN)
    _press_to_activate(page)
    expect(page.locator("[data-refusal=biometric-already-active]")).to_be_visible()
    page = tab()
    Authenticator(page)
    foreign = json.dumps(OPTIONS[ACTIVATION] | {"rp": {"id": "example.org", "name": "Ailleurs"}})
    page.route(f"**{ACTIVATION}", lambda route: route.fulfill(body=foreign, content_type="application/json"))
    _press_to_activate(page)
    expect(page.locator("[data-refusal=biometric-wrong-address]")).to_be_visible()


@pytest.mark.parametrize(("status", "outcome"), [(0, "no-answer"), (503, "no-answer"), (403, "no-full-login")])
def test_options_that_do_not_come_are_told(tab: MakeTab, status: int, outcome: str) -> None:
    page = tab()
    reader = Authenticator(page)
    page.route(f"**{ACTIVATION}", lambda route: route.fulfill(status=status) if status else route.abort())
    _press_to_activate(page)
    expect(page.locator(f"[data-refusal=biometric-{outcome}]")).to_be_focused()
    assert reader.asked() == []


@pytest.mark.parametrize(("state", "button"), [("devices-none", "Activer sur cet appareil"), ("home-offered", "Activer")])
def test_a_session_that_ended_leads_to_the_login_which_says_so(tab: MakeTab, state: str, button: str) -> None:
    page = tab()
    reader = Authenticator(page)
    page.route(f"**{ACTIVATION}", lambda route: route.fulfill(status=303, headers={"location": "/state/number-interrupted"}))
    page.goto(f"/state/{state}")
    page.get_by_role("button", name=button).click()
    expect(page.locator("[data-interrupted]")).to_be_visible()
    assert page.url.endswith("/state/number-interrupted")
    assert reader.asked() == []


@pytest.mark.parametrize("height", [568, 256], ids=["small phone", "400 % zoom"])
@pytest.mark.parametrize(("state", "button"), [("home-offered", "Activer"), ("home-renewable", "Renouveler")])
def test_the_answers_to_the_offer_are_in_sight_however_small_the_window(
    tab: MakeTab, state: str, button: str, height: int
) -> None:
    page = tab(viewport={"width": 320, "height": height})
    Authenticator(page)
    page.goto(f"/state/{state}")
    for name in (button, "Plus tard"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.querySelector('dialog[open]').scrollTop") == 0
    last = page.get_by_role("button", name="Ne plus me le proposer ici")
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport(ratio=0.95)
    page.evaluate("document.activeElement.blur(); document.querySelector('dialog[open]').scrollTo(0, 10_000)")
    expect(last).to_be_in_viewport(ratio=0.95)
    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("number-biometric-unknown", UNKNOWN),
        ("number-biometric-expired", UNKNOWN),
        ("devices", ACCEPTED),
        ("home-activated", ACCEPTED),
    ],
)
def test_the_browser_is_told_what_is_still_good(tab: MakeTab, state: str, told: dict[str, Any]) -> None:
    page = tab(HEARS)
    Authenticator(page).is_not_touched()
    page.goto(f"/state/{state}")
    expect(page.locator("html")).to_have_attribute("data-heard", json.dumps(told, separators=(",", ":")))
    old = tab(OLD)  # and is not asked what it does not know
    Authenticator(old).is_not_touched()
    faults: list[str] = []
    old.on("pageerror", lambda error: faults.append(str(error)))
    old.goto(f"/state/{state}", wait_until="networkidle")
    assert faults == []
