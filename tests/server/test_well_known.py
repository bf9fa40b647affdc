"""The addresses that browsers and password managers look for (contract, *Operations*)."""

import httpx

from tests.support import JsonBrowser, Site


async def test_passkey_endpoints_lead_to_my_devices(demo_site: str) -> None:
    async with httpx.AsyncClient(base_url=demo_site) as http:
        told = await http.get("/.well-known/passkey-endpoints")
        assert (told.status_code, told.headers["content-type"]) == (200, "application/json")
        assert told.json() == {"enroll": f"{demo_site}/mes-appareils", "manage": f"{demo_site}/mes-appareils"}


async def test_they_open_for_whoever_is_signed_in_and_lead_others_to_the_login(site: Site) -> None:
    browser = await site.browser("json")
    assert isinstance(browser, JsonBrowser)
    page = (await browser.http.get("/.well-known/passkey-endpoints")).json()["manage"]
    assert (await browser.http.get(page, follow_redirects=True)).url.path == "/connexion"
    await browser.log_in(await site.person())
    assert (await browser.http.get(page)).status_code == 200


async def test_change_password_leads_to_a_page(demo_site: str) -> None:
    async with httpx.AsyncClient(base_url=demo_site) as http:
        leads = await http.get("/.well-known/change-password")
        assert (leads.status_code, leads.headers["location"]) == (303, "/mot-de-passe-oublie")
        assert (await http.get(leads.headers["location"])).status_code == 200
        # By this a browser knows that the answer above can be relied on (section 2 of that specification).
        unknown = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200"
        assert (await http.get(unknown)).status_code == 404
