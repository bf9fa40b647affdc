"""A device with a fingerprint or face reader, as its owner goes through it; locators by what people read."""

import re

from playwright.sync_api import APIRequestContext, APIResponse, Locator, Page, Response, Route, expect

from e2e.kit.authenticator import Authenticator
from e2e.kit.space import Inbox, Person
from e2e.login import Login

# Where the pages post what the reader said.
_ANSWERS = re.compile("/(connexion|mes-appareils)/biometrie$")


class Device(Login):
    """The pages of one tab, and the reader beside it, which nobody touches until they are told to."""

    def __init__(self, page: Page, reader: Authenticator) -> None:
        super().__init__(page)
        self.reader = reader.is_not_touched()
        self.offer = page.get_by_role("dialog")
        self.by_touch = page.get_by_role("button", name="Entrer avec mon empreinte ou mon visage")
        self.activation = page.get_by_role("button", name=re.compile("^(Activer|Renouveler)"))

    def sign_in(self, person: Person, inbox: Inbox) -> None:
        """All the way home; by the JSON door, which takes less time than the pages."""
        sign_in(self.page.context.request, person, inbox)
        self.open("/accueil").is_home(person)

    def touch(self, button: Locator) -> Response:
        """Press a button with a finger ready, and give the site's answer to what the reader said."""
        expect(button).to_be_visible()
        # The finger is gone before the site answers, or it would take up what the next page suggests.
        self.page.route(_ANSWERS, self._let_go, times=1)
        self.reader.recognises()
        with self.page.expect_response(_ANSWERS) as answer:
            button.click()
        return answer.value

    def _let_go(self, route: Route) -> None:
        self.reader.is_not_touched()
        route.fallback()

    def touch_in(self) -> Response:
        """Log in by the button of the first page."""
        self.reader.armed()
        return self.touch(self.by_touch)

    def fails(self, button: Locator, outcome: str) -> Locator:
        """Press a button with a finger that is not the owner's: the browser says nothing to the site. The page's sentence."""
        expect(button).to_be_visible()
        self.reader.refuses()
        button.click()
        sentence = self.outcome(outcome)
        expect(sentence).to_be_visible()
        self.reader.is_not_touched()
        return sentence

    def outcome(self, name: str) -> Locator:
        """What the page says of a ceremony that ended in the browser."""
        return self.refused(f"biometric-{name}")

    def activate(self) -> None:
        """From the offer or from a page."""
        assert self.touch(self.activation).status == 303
        expect(self.page.locator("[data-done=activated]")).to_be_visible()

    def is_offered(self) -> None:
        """Wait for the offer."""
        expect(self.offer).to_be_visible()
        expect(self.activation).to_be_visible()

    def is_not_offered(self) -> None:
        """What the page finds out about its device has been found out, and there is no offer."""
        self.page.evaluate("PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable()")
        expect(self.page.locator("dialog[open]")).to_have_count(0)


def sign_in(ask: APIRequestContext, person: Person, inbox: Inbox) -> None:
    """A full login by the JSON door."""
    _went(ask.post("/api/v1/login", data={"nir": person.nir, "password": person.password, "with_code": True}))
    _went(ask.post("/api/v1/login/code"))
    _went(ask.post("/api/v1/login/code/check", data={"code": inbox.code(person), "trust_device": False}))


def _went(answer: APIResponse) -> None:
    assert answer.ok, answer.text()
