"""Somebody at a browser of theirs, without scripts, and a reader of fingerprints whose answers are posted by hand."""

import json
from typing import Any

from tests.authenticator import SoftwareAuthenticator
from tests.frontend.test_login_doors import FORM
from tests.support import Answer, PageBrowser, Person, Site

LOGIN, ACTIVATION = "/connexion/biometrie", "/mes-appareils/biometrie"


class Owner:
    """Posts what the page's script would post."""

    def __init__(self, site: Site, person: Person, browser: PageBrowser) -> None:
        self.site, self.person, self.browser = site, person, browser
        self.reader = SoftwareAuthenticator(site.url)

    async def options(self, action: str) -> dict[str, Any]:
        said = await self.browser.http.post(f"{action}/options", headers=FORM)
        assert said.status_code == 200, said.text
        assert said.headers["content-type"].startswith("application/json")
        return dict(said.json())

    async def post(self, action: str, **fields: str) -> Answer:
        """A form of a page that was open; its answer before any redirection is `self.first`."""
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": self.site.url}
        self.first = await self.browser.http.post(action, data=fields, headers=headers)
        return self.browser._read(await self.browser._follow(self.first))

    async def activate(self, **fields: str) -> Answer:
        made = self.reader.create(await self.options(ACTIVATION))
        return await self.post(ACTIVATION, response=json.dumps(made), **fields)

    async def enter(self, **how: Any) -> Answer:
        signed = self.reader.get(await self.options(LOGIN), **how)
        return await self.post(LOGIN, response=json.dumps(signed))

    async def log_in(self) -> Answer:
        return await self.browser.log_in(self.person)

    async def devices(self) -> str:
        return (await self.browser.open("/mes-appareils")).response.text


async def another(site: Site, person: Person) -> Owner:
    browser = await site.browser("pages")
    assert isinstance(browser, PageBrowser)
    return Owner(site, person, browser)
