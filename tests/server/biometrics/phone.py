"""A phone: a browser at the JSON door, and an authenticator that recognises its owner."""

from typing import Any

from tests.authenticator import SoftwareAuthenticator
from tests.support import Answer, JsonBrowser, Person, Site

DOOR = "/biometrics"


class Phone:
    """One browser and its authenticator; ``how`` is as the authenticator takes it."""

    def __init__(self, site: Site, browser: JsonBrowser, authenticator: SoftwareAuthenticator | None = None) -> None:
        self.site = site
        self.browser = browser
        self.authenticator = authenticator or SoftwareAuthenticator(site.url)

    async def registration_options(self) -> dict[str, Any]:
        return _said(await self.browser.post(f"{DOOR}/registration/options"))

    async def login_options(self) -> dict[str, Any]:
        return _said(await self.browser.post(f"{DOOR}/login/options"))

    async def activate(self, **how: Any) -> Answer:
        """From the options to the answer; the login must be recent and full."""
        return await self.register(self.authenticator.create(await self.registration_options(), **how))

    async def register(self, response: Any) -> Answer:
        return await self.browser.post(f"{DOOR}/registration", response)

    async def enter(self, **how: Any) -> Answer:
        """From the options to the answer, with nothing else."""
        return await self.present(self.authenticator.get(await self.login_options(), **how))

    async def present(self, response: Any) -> Answer:
        return await self.browser.post(f"{DOOR}/login", response)

    async def answer_offer(self, answer: str) -> Answer:
        return await self.browser.post(f"{DOOR}/offer", {"answer": answer})

    async def offered(self) -> bool:
        session = await self.browser.session()
        assert session is not None
        return bool(session["offer_biometrics"])


async def phone(site: Site, **authenticator: Any) -> Phone:
    """A new one, of nobody yet."""
    browser = await site.browser("json")
    assert isinstance(browser, JsonBrowser)
    return Phone(site, browser, SoftwareAuthenticator(site.url, **authenticator))


async def active(site: Site, person: Person, **authenticator: Any) -> Phone:
    """A phone whose owner has activated biometrics and logged out."""
    mine = await phone(site, **authenticator)
    await mine.browser.log_in(person)
    assert (await mine.activate()).status == 201
    await mine.browser.log_out()
    return mine


def _said(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer
    return dict(answer.response.json())
