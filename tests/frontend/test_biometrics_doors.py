"""The HTML door of biometrics: forms as a browser sends them (product page, section 2)."""

import json
import re
from html import unescape
from typing import Any

import pytest

from tests.frontend.owner import ACTIVATION, LOGIN, Owner, another
from tests.frontend.test_login_doors import a_page
from tests.support import Answer, Site

FAILED, EXPIRED = "biometric-failed", "biometric-expired"


@pytest.fixture
async def owner(site: Site) -> Owner:
    return await another(site, await site.person("second-login"))


def signal(answer: Answer) -> Any:
    """What the page tells the browser of its credentials."""
    found = re.search(r"data-signal=\"(\w+)\" data-told='([^']+)'", answer.response.text)
    return (found[1], json.loads(unescape(found[2]))) if found else None


async def test_activated_on_home_and_then_in_with_nothing_else(owner: Owner) -> None:
    home = await owner.log_in()
    assert "La prochaine fois, entrez d’un geste" in home.text
    done = await owner.activate(from_home="true")
    assert owner.first.headers["location"] == "/accueil?activee=true"
    assert 'data-done="activated"' in done.response.text
    name, told = signal(done)
    assert name == "signalAllAcceptedCredentials"
    assert told["rpId"] == "localhost"
    assert len(told["allAcceptedCredentialIds"]) == 1
    await owner.browser.log_out()
    assert (await owner.enter()).next == "home"
    assert owner.first.status_code == 303
    assert "Empreinte ou visage" in (await owner.browser.open("/accueil")).text


@pytest.mark.parametrize(
    "response", ["", "{", "[]", "null", '"id"', "{}", '{"id": 1}', "[" * 20_000, '{"a":' * 5_000, "\udcff", "1e999999"]
)
async def test_what_is_no_response_is_refused_on_the_form(owner: Owner, response: str) -> None:
    sent = {"response": response.encode("utf-8", "surrogateescape").decode("latin-1")}
    await owner.browser.open("/connexion")
    answer = await owner.post(LOGIN, **sent)
    html = a_page(answer.response, 401)
    assert answer.refusal == FAILED
    assert 'name="nir"' in html
    assert signal(answer) is None
    await owner.log_in()
    assert (
        await owner.post(ACTIVATION, response=response.encode("utf-8", "surrogateescape").decode("latin-1"))
    ).refusal == FAILED


async def test_with_cookies_refused_the_page_says_so(owner: Owner) -> None:
    answer = await owner.post(LOGIN, response="{}")
    assert (answer.status, answer.refusal) == (400, "cookies-refused")


async def test_an_unknown_or_revoked_credential_is_told_to_the_browser(owner: Owner) -> None:
    await owner.log_in()
    await owner.activate()
    page = await owner.devices()
    gone = re.search(r'name="kind" value="biometric-credentials">\s*<input type="hidden" name="id" value="([^"]+)"', page)
    assert gone
    await owner.post("/mes-appareils/retrait", kind="biometric-credentials", id=gone[1])
    await owner.browser.log_out()
    answer = await owner.enter()
    assert (answer.status, answer.refusal) == (401, FAILED)
    assert "n’est plus active pour cet appareil" in answer.text
    name, told = signal(answer)
    assert name == "signalUnknownCredential"
    assert told["rpId"] == "localhost"
    assert re.fullmatch(r"[\w-]+", told["credentialId"])
    assert signal(await owner.enter(uv=False)) is None, "a signature that is not good says nothing of its credential"


async def test_after_six_months_the_form_the_date_and_the_offer_again(owner: Owner) -> None:
    await owner.log_in()
    await owner.activate()
    await owner.browser.log_out()
    await owner.site.advance("P6M")
    answer = await owner.enter()
    assert (answer.status, answer.refusal) == (401, EXPIRED)
    assert "Elle a été valable 6 mois" in answer.text
    assert signal(answer)[0] == "signalUnknownCredential"
    assert 'name="password"' in answer.response.text
    assert 'data-needs="authenticator"' in (await owner.log_in()).response.text, "offered again"
    page = await owner.devices()
    assert 'data-state="expired"' in page
    assert "Renouveler sur cet appareil" in page
    assert json.loads(re.findall(r"data-told='([^']+)'", page)[0])["allAcceptedCredentialIds"] == []
    assert 'data-done="activated"' in (await owner.activate()).response.text


async def test_an_activation_that_is_refused_says_so_where_the_button_was(owner: Owner) -> None:
    await owner.log_in()
    for fields, path in (({"from_home": "true"}, "Bonjour"), ({}, "Mes appareils et biométrie")):
        made = owner.reader.create(await owner.options(ACTIVATION), uv=False)
        answer = await owner.post(ACTIVATION, response=json.dumps(made), **fields)
        assert (answer.status, answer.refusal) == (401, FAILED)
        assert path in answer.text
        assert "La biométrie n’a pas été activée" in answer.text


async def test_too_late_to_activate_leads_through_a_full_login(owner: Owner) -> None:
    await owner.browser.log_in(owner.person, trust=True)
    made = owner.reader.create(await owner.options(ACTIVATION))
    await owner.site.advance("PT10M")
    await owner.browser.open("/accueil")
    await owner.site.advance("PT6M")
    answer = await owner.post(ACTIVATION, response=json.dumps(made))
    assert (answer.status, answer.refusal) == (403, "step-missing")
    assert 'action="/mes-appareils/reconnexion"' in answer.response.text
    again = await owner.browser.submit("/mes-appareils/reconnexion")
    assert again.response.url.query == b"complete=true"
    assert "data-complete" in again.response.text
    assert LOGIN not in again.response.text, "no other way in is full"
    wrong = await owner.browser.submit("/connexion", nir=owner.person.nir, password="Faux", with_code="true")
    assert wrong.refusal == "invalid-credentials"
    assert 'name="with_code" value="true"' in wrong.response.text
    asked = await owner.browser.submit("/connexion", nir=owner.person.nir, password=owner.person.password, with_code="true")
    assert asked.next == "code", "on a trusted device too"
    await owner.browser.send_code()
    home = await owner.browser.give_code(await owner.site.code(owner.person))
    assert 'data-needs="authenticator"' in home.response.text
    assert 'data-done="activated"' in (await owner.activate()).response.text


@pytest.mark.parametrize(
    "path", [ACTIVATION, f"{ACTIVATION}/options", "/accueil/biometrie", "/accueil/avis/terms", "/mes-appareils/retrait"]
)
async def test_who_is_not_signed_in_is_led_to_the_login(owner: Owner, path: str) -> None:
    answer = await owner.post(path, response="{}", answer="later", kind="sessions")
    assert answer.next == "login"


@pytest.mark.parametrize("path", [LOGIN, f"{LOGIN}/options", ACTIVATION, f"{ACTIVATION}/options", "/accueil/biometrie"])
async def test_another_site_starts_nothing(owner: Owner, path: str) -> None:
    await owner.log_in()
    said = await owner.browser.http.post(
        path, data={"response": "{}", "answer": "never"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    a_page(said, 403)
    assert "La prochaine fois" in (await owner.browser.open("/accueil")).text


async def test_later_and_never(owner: Owner) -> None:
    async def offered() -> bool:
        return "La prochaine fois" in (await owner.browser.open("/accueil")).text

    await owner.log_in()
    a_page((await owner.post("/accueil/biometrie", answer="perhaps")).response, 400)
    assert await offered()
    assert (await owner.browser.submit("/accueil/biometrie", answer="later")).next == "home"
    assert not await offered()
    await owner.browser.log_out()
    await owner.log_in()
    assert await offered()
    await owner.browser.submit("/accueil/biometrie", answer="never")
    await owner.browser.log_out()
    await owner.log_in()
    assert not await offered()
    assert "data-declined" in await owner.devices()
    await owner.browser.submit("/mes-appareils/proposition")
    assert "data-declined" not in await owner.devices()
    await owner.browser.log_out()
    await owner.log_in()
    assert await offered()


@pytest.mark.parametrize("path", [LOGIN, ACTIVATION, "/accueil/biometrie", "/accueil/avis/terms", "/mes-appareils/retrait"])
async def test_what_only_takes_a_button_leads_back_when_reloaded(owner: Owner, path: str) -> None:
    await owner.log_in()
    a_page((await owner.browser.open(path)).response, 200)
