"""The login as somebody at a browser goes through it; locators by what people read."""

from typing import Self

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from e2e.kit.space import Inbox, Person
from server.settings import SiteSettings

# On a desktop with scripts, and on a phone without any.
everywhere = pytest.mark.parametrize("look", ["desktop", "phone-without-scripts"], indirect=True)
# Where somebody has a fingerprint or face reader.
on_devices = pytest.mark.parametrize("look", ["desktop", "phone", "small-phone"], indirect=True)


class Login:
    """The pages of the login in one tab."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.heading = page.get_by_role("heading", level=1)
        self.number = page.get_by_label("Numéro de sécurité sociale")
        self.password = page.get_by_label("Mot de passe", exact=True)
        self.code = page.get_by_label("Code de sécurité", exact=True)
        self.remember = page.get_by_label("Se souvenir de cet appareil")
        self.reference = page.locator(".reference")
        self.alert = page.get_by_role("alert")

    def open(self, path: str = "/connexion") -> Self:
        self.page.goto(path)
        return self

    def press(self, button: str) -> Response:
        """Press a button and give the answer to the form itself, before any redirection; a ceremony's options are no form's."""
        with self.page.expect_response(lambda got: got.request.method == "POST" and not got.url.endswith("/options")) as answer:
            self.page.get_by_role("button", name=button, exact=True).click()
        return answer.value

    def give(self, person: Person, password: str | None = None) -> Response:
        """Number and password."""
        self.number.fill(person.nir)
        self.password.fill(password or person.password)
        return self.press("Se connecter")

    def ask(self) -> Response:
        """For the first code."""
        return self.press("Recevoir le code")

    def enter(self, code: str, *, remember: bool = False) -> Response:
        """The code."""
        self.code.fill(code)
        self.remember.set_checked(remember)
        return self.press("Valider")

    def log_in(self, person: Person, inbox: Inbox, *, remember: bool = False) -> None:
        """All the way home."""
        self.give(person)
        self.ask()
        self.enter(inbox.code(person), remember=remember)
        self.is_home(person)

    def log_out(self) -> None:
        """Back to the first page."""
        self.press("Me déconnecter")
        expect(self.number).to_be_visible()

    def refused(self, slug: str) -> Locator:
        """The message of a refusal."""
        return self.page.locator(f"[data-refusal={slug}]")

    def titled(self, title: str) -> None:
        """Wait for a page's title; the insurer's name follows."""
        expect(self.page).to_have_title(f"{title} – {SiteSettings.insurer_name}")

    def is_home(self, person: Person) -> None:
        """Wait for the home page."""
        expect(self.heading).to_have_text(f"Bonjour {person.name}")


def wrong(code: str) -> str:
    """Another code of as many digits."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"
