"""Notices, a remembered number, and « Mes appareils et biométrie » without scripts (product page, sections 2 and 3)."""

import re

import pytest

from server.nir import masked
from tests.frontend.owner import Owner, another
from tests.frontend.test_login_doors import a_page
from tests.support import Answer, Site


@pytest.fixture
async def owner(site: Site) -> Owner:
    return await another(site, await site.person("second-login"))


async def test_notices_come_first_one_at_a_time_and_without_scripts(site: Site) -> None:
    owner = await another(site, await site.person("terms-pending", overlap_since="2026-07-01"))
    home = await owner.log_in()
    assert re.findall('data-notice="(\\w+)"', home.response.text) == ["terms"]
    assert "La prochaine fois" not in home.text
    home = await owner.browser.submit("/accueil/avis/terms")
    assert re.findall('data-notice="(\\w+)"', home.response.text) == ["overlap"]
    assert "1er juillet 2026" in home.text
    home = await owner.browser.submit("/accueil/avis/overlap")
    assert "data-notice" not in home.response.text
    assert "La prochaine fois" in home.text
    a_page((await owner.post("/accueil/avis/autre")).response, 404)


async def test_a_remembered_number_is_masked_and_never_in_the_page_again(site: Site) -> None:
    person = await site.person(first_names="Anne-Laure Marie")
    owner = await another(site, person)
    browser = owner.browser
    await browser.open("/connexion")
    await browser.submit("/connexion", nir=person.nir, password="Faux", remember_number="true")
    assert re.search(r'name="remember_number"[^>]* checked', browser.page.text)
    await browser.submit("/connexion", nir=person.nir, password=person.password, remember_number="true")
    await browser.send_code()
    await browser.give_code(await site.code(person))
    await browser.log_out()

    async def known(answer: Answer) -> None:
        html = answer.response.text
        assert "Bonjour Anne-Laure" in html
        assert masked(person.nir) in html
        assert 'name="remembered" value="true"' in html
        assert 'name="nir"' not in html
        for secret in (person.nir, person.nir[5:], person.known["last_name"], person.email):
            assert str(secret) not in html
        assert all(person.nir not in cookie.value for cookie in browser.http.cookies.jar)

    await known(await browser.open("/connexion"))
    await known(await browser.submit("/connexion", remembered="true", password=""))
    for left in (2, 1, None):
        answer = await browser.submit("/connexion", remembered="true", password="Faux")
        await known(answer)
        assert answer.tries_left == left
    await site.advance("PT16M")
    answer = await browser.submit("/connexion", remembered="true", password=person.password)
    assert answer.next == "code"
    await browser.start_over()
    await known(await browser.open("/connexion"))
    forgotten = await browser.submit("/connexion/autre-personne")
    assert 'name="nir"' in forgotten.response.text
    assert "Anne-Laure" not in forgotten.response.text


async def test_a_number_forgotten_meanwhile_is_asked_for_and_nothing_is_counted(owner: Owner) -> None:
    answer = await owner.post("/connexion", remembered="true", password=owner.person.password)
    owner.browser.set_cookie("accepted", "yes")
    answer = await owner.post("/connexion", remembered="true", password=owner.person.password)
    html = a_page(answer.response, 400)
    assert "ne retient plus votre numéro" in html
    assert 'name="nir"' in html
    assert 'name="password"' in html
    assert (await owner.site.why(owner.person.nir))["refusal"] is None


async def test_devices_are_listed_and_removed_one_or_all(owner: Owner) -> None:
    await owner.browser.log_in(owner.person, trust=True)
    await owner.activate()
    elsewhere = [await another(owner.site, owner.person) for _ in range(2)]
    for one in elsewhere:
        await one.browser.log_in(owner.person, trust=True)
    page = await owner.devices()
    kinds = re.findall('data-item="([a-z-]+)"', page)
    assert [kinds.count(kind) for kind in ("biometric-credentials", "trusted-devices", "sessions")] == [1, 3, 3]
    assert page.count("data-current") == 3
    assert "Activer sur cet appareil" not in page
    assert "à\u00a0" in page, "Paris time"

    ids = re.findall(r'name="kind" value="trusted-devices">\s*<input type="hidden" name="id" value="([^"]+)"', page)
    done = await owner.browser.submit("/mes-appareils/retrait", kind="trusted-devices", id=ids[0])
    assert 'data-done="removed"' in done.response.text
    await owner.browser.submit("/mes-appareils/retrait", kind="trusted-devices", id=ids[0])
    assert owner.browser.hops[0].status_code == 303, "gone already: no more is needed"
    await owner.browser.submit("/mes-appareils/retrait", kind="sessions")
    kinds = re.findall('data-item="([a-z-]+)"', await owner.devices())
    assert (kinds.count("trusted-devices"), kinds.count("sessions")) == (2, 1)
    assert (await elsewhere[0].browser.open("/mes-appareils")).next == "login"
    a_page((await owner.post("/mes-appareils/retrait", kind="sessions", id="no-id")).response, 400)


async def test_another_persons_device_is_nobodys_business(owner: Owner) -> None:
    victim = await another(owner.site, await owner.site.person())
    await victim.log_in()
    [theirs] = re.findall('name="id" value="([^"]+)"', await victim.devices())
    await owner.log_in()
    await owner.devices()
    await owner.browser.submit("/mes-appareils/retrait", kind="sessions", id=theirs)
    assert await victim.browser.session() is not None


async def test_to_remove_what_let_one_in_is_to_leave_and_the_login_says_so(owner: Owner) -> None:
    await owner.log_in()
    await owner.activate()
    await owner.browser.log_out()
    await owner.enter()
    [credential] = re.findall(
        r'name="kind" value="biometric-credentials">\s*<input type="hidden" name="id" value="([^"]+)"', await owner.devices()
    )
    left = await owner.browser.submit("/mes-appareils/retrait", kind="biometric-credentials", id=credential)
    assert left.next == "login"
    assert "data-closed" in left.response.text
    assert await owner.browser.session() is None


async def test_a_phone_is_told_how_to_install_it(site: Site) -> None:
    said = await site.demo.get("/manifest.webmanifest")
    assert said.headers["content-type"] == "application/manifest+json"
    manifest = said.json()
    assert (manifest["start_url"], manifest["scope"], manifest["display"], manifest["lang"]) == ("/", "/", "standalone", "fr")
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    assert "maskable" in {icon.get("purpose") for icon in manifest["icons"]}
    for icon in manifest["icons"]:
        drawn = await site.demo.get(icon["src"])
        width, height = (int.from_bytes(drawn.content[at : at + 4]) for at in (16, 20))  # PNG, IHDR
        assert (drawn.headers["content-type"], f"{width}x{height}") == ("image/png", icon["sizes"])
    html = (await site.demo.get("/connexion")).text
    assert 'rel="manifest" href="/manifest.webmanifest"' in html
    assert "viewport-fit=cover" in html
