"""What the pages of an account claim is so, whatever the address says; and what leaves with a session."""

import json

import pytest

from tests.frontend.owner import ACTIVATION, Owner, another
from tests.support import Site


@pytest.fixture
async def owner(site: Site) -> Owner:
    owner = await another(site, await site.person("second-login"))
    await owner.log_in()
    return owner


@pytest.mark.parametrize("page", ["/accueil", "/mes-appareils"])
async def test_an_address_alone_activates_nothing(owner: Owner, page: str) -> None:
    claimed = await owner.browser.open(f"{page}?activee=true")
    assert claimed.status == 200
    assert "data-done" not in claimed.response.text
    odd = await owner.browser.open(f"{page}?activee=%3Cb%3E")
    assert odd.status == 200
    await owner.activate()
    assert 'data-done="activated"' in (await owner.browser.open(f"{page}?activee=true")).response.text


async def test_a_key_made_in_vain_is_forgotten_by_the_browser(owner: Owner) -> None:
    made = owner.reader.create(await owner.options(ACTIVATION), uv=False)
    answer = await owner.post(ACTIVATION, response=json.dumps(made))
    assert answer.refusal == "biometric-failed"
    html = answer.response.text
    assert 'data-signal="signalUnknownCredential"' in html
    assert made["id"] in html
    late = owner.reader.create(await owner.options(ACTIVATION))
    await owner.site.advance("PT10M")
    await owner.browser.open("/accueil")
    await owner.site.advance("PT6M")
    answer = await owner.post(ACTIVATION, response=json.dumps(late), from_home="true")
    assert answer.status == 403
    assert 'data-signal="signalUnknownCredential"' in answer.response.text
    assert late["id"] in answer.response.text


@pytest.mark.parametrize("fields", [{}, {"from_home": "true"}], ids=["devices", "home"])
async def test_a_good_key_is_kept_where_the_browser_sent_it_twice(owner: Owner, fields: dict[str, str]) -> None:
    made = json.dumps(owner.reader.create(await owner.options(ACTIVATION)))
    await owner.post(ACTIVATION, response=made)
    again = await owner.post(ACTIVATION, response=made, **fields)
    assert again.refusal == "biometric-failed"
    assert "signalUnknownCredential" not in again.response.text


async def test_a_key_without_a_name_is_told_to_nobody(owner: Owner) -> None:
    for response in ('{"id": 1}', '{"id": ""}', "{}", "no JSON"):
        answer = await owner.post(ACTIVATION, response=response)
        assert answer.refusal == "biometric-failed"
        assert "signalUnknownCredential" not in answer.response.text


async def test_a_notice_is_accepted_as_it_was_shown(site: Site) -> None:
    owner = await another(site, await site.person("overlap-pending", overlap_since="2026-07-01"))
    home = await owner.log_in()
    assert 'name="dated" value="2026-07-01"' in home.response.text
    # The page was left open; the registry tells of another overlap since.
    again = await owner.post("/accueil/avis/overlap", dated="2026-06-01")
    assert 'data-notice="overlap"' in again.response.text
    read = await owner.post("/accueil/avis/overlap", dated="2026-07-01")
    assert "data-notice" not in read.response.text


async def test_the_offer_of_a_renewal_says_so_and_until_when(owner: Owner) -> None:
    await owner.activate()
    await owner.browser.log_out()
    await owner.site.advance("P6M")
    for move, words in (("-P10D", "n’ouvrira plus votre compte à partir du"), ("P11D", "n’ouvre plus votre compte depuis le")):
        await owner.site.advance(move)
        home = await owner.log_in()
        assert words in home.text
        assert "La prochaine fois" not in home.text
        await owner.browser.log_out()


@pytest.mark.parametrize("way", ["closing this session", "logging in again"])
async def test_signing_out_here_clears_the_site_too(owner: Owner, way: str) -> None:
    if way == "logging in again":
        await owner.post("/mes-appareils/reconnexion")
    else:
        [session] = (await owner.browser.http.get("/api/v1/devices")).json()["sessions"]
        await owner.post("/mes-appareils/retrait", kind="sessions", id=session["id"])
    assert "storage" in owner.first.headers["clear-site-data"]
    assert await owner.browser.session() is None
