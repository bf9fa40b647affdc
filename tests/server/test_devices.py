"""My devices and biometrics over JSON (contract, *Biometrics*; product page, section 3)."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.server.biometrics.phone import active, phone
from tests.support import Answer, JsonBrowser, Person, Site

DOOR = "/api/v1/devices"
KINDS = {"trusted-devices": "trusted_devices", "biometric-credentials": "biometric_credentials", "sessions": "sessions"}


async def json_browser(site: Site, **headers: str) -> JsonBrowser:
    browser = await site.browser("json", **headers)
    assert isinstance(browser, JsonBrowser)
    return browser


async def signed_in(site: Site, person: Person, *, trust: bool = False, **headers: str) -> JsonBrowser:
    browser = await json_browser(site, **headers)
    await browser.log_in(person, trust=trust)
    return browser


async def listed(browser: JsonBrowser, kind: str) -> list[dict[str, Any]]:
    found = await browser.http.get(DOOR)
    assert found.status_code == 200, found.text
    return list(found.json()[KINDS[kind]])


async def remove(browser: JsonBrowser, kind: str, item: str | None = None) -> Answer:
    response = await browser.http.delete(
        f"{DOOR}/{kind}" + (f"/{item}" if item else ""), headers={"Sec-Fetch-Site": "same-origin"}
    )
    return browser._read(response)


async def ids(browser: JsonBrowser, kind: str) -> list[str]:
    return [one["id"] for one in await listed(browser, kind)]


async def current(browser: JsonBrowser, kind: str) -> list[str]:
    return [one["id"] for one in await listed(browser, kind) if one["current"]]


async def test_nobody_sees_or_removes_without_a_session(site: Site) -> None:
    browser = await json_browser(site)
    assert browser._read(await browser.http.get(DOOR)).refusal == "not-signed-in"
    for kind in (*KINDS, "nonsense"):
        for item in (None, str(uuid4())):
            assert (await remove(browser, kind, item)).refusal == "not-signed-in"


async def test_each_is_listed_with_its_dates_and_whose_it_is(site: Site) -> None:
    person = await site.person()
    mine, other = await phone(site), await signed_in(site, person, trust=True)
    await mine.browser.log_in(person, trust=True)
    before = await site.now()
    made = (await mine.activate()).response.json()
    [credential] = await listed(mine.browser, "biometric-credentials")
    assert {name: credential[name] for name in made} == made
    assert (credential["last_used_at"], credential["current"]) == (None, True)
    assert before <= datetime.fromisoformat(credential["created_at"]) <= await site.now()
    for kind in ("trusted-devices", "sessions"):
        found = await listed(mine.browser, kind)
        assert [one["current"] for one in found].count(True) == 1
        assert len(found) == 2
        assert all(set(one) == {"id", "label", "created_at", "last_used_at", "expires_at", "current"} for one in found)
        assert await current(other, kind) != await current(mine.browser, kind)
    assert await current(other, "biometric-credentials") == []


async def test_labels_come_from_the_browser(site: Site) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    browser = await signed_in(site, await site.person(), trust=True, **{"User-Agent": firefox})
    for kind in ("trusted-devices", "sessions"):
        assert [one["label"] for one in await listed(browser, kind)] == ["Firefox sur Linux"]


async def test_looking_is_no_use_of_another_session(site: Site) -> None:
    person = await site.person()
    here, there = await signed_in(site, person), await signed_in(site, person)
    there_id = (await current(there, "sessions"))[0]
    used = {one["id"]: one["last_used_at"] for one in await listed(here, "sessions")}[there_id]
    await site.advance("PT5M")
    assert {one["id"]: one["last_used_at"] for one in await listed(here, "sessions")}[there_id] == used
    await site.advance("PT10M")
    assert there_id not in await ids(here, "sessions"), "idle for as long as a session may be"
    assert await there.session() is None


async def test_a_device_or_a_credential_that_let_in_shows_when(site: Site) -> None:
    person = await site.person()
    mine = await active(site, person)
    await site.advance("P1D")
    assert (await mine.enter()).next == "home"
    [credential] = await listed(mine.browser, "biometric-credentials")
    assert credential["current"]
    assert datetime.fromisoformat(credential["last_used_at"]) > datetime.fromisoformat(credential["created_at"])


async def test_a_credential_that_let_in_is_current_in_a_browser_that_did_not_activate_it(site: Site) -> None:
    mine, copy = await active(site, await site.person()), await phone(site)
    copy.authenticator = mine.authenticator
    await copy.enter()
    assert len(await current(copy.browser, "biometric-credentials")) == 1


async def test_of_the_many_devices_the_one_here_is_current(site: Site) -> None:
    person = await site.person("many-devices")
    browser = await json_browser(site)
    browser.set_cookie("device", person.known["trusted_devices"][1]["cookie"])
    assert (await browser.enter(person)).next == "home"
    found = await listed(browser, "trusted-devices")
    assert len(found) == len(person.known["trusted_devices"])
    assert [one["label"] for one in found if one["current"]] == [person.known["trusted_devices"][1]["label"]]
    forged = await signed_in(site, person)
    forged.set_cookie("device", person.known["trusted_devices"][0]["cookie"][:-43] + "A" * 43)
    assert await current(forged, "trusted-devices") == [], "the secret counts, not the name"


async def test_a_removed_device_asks_for_the_code_again(site: Site) -> None:
    person = await site.person()
    owner, device = await signed_in(site, person), await signed_in(site, person, trust=True)
    await device.log_out()
    [item] = await ids(owner, "trusted-devices")
    assert (await remove(owner, "trusted-devices", item)).status == 204
    assert await ids(owner, "trusted-devices") == []
    assert (await device.enter(person)).next == "code"
    assert await site.mails(person, "device-ended") == [], "the owner's own act, and no theft"


async def test_a_removed_credential_lets_nobody_in(site: Site) -> None:
    person = await site.person()
    mine, owner = await active(site, person), await signed_in(site, person)
    [item] = await ids(owner, "biometric-credentials")
    assert (await remove(owner, "biometric-credentials", item)).status == 204
    assert await ids(owner, "biometric-credentials") == []
    assert (await mine.enter()).refusal == "biometric-failed"
    await mine.browser.log_in(person)
    assert (await mine.activate()).status == 201, "and it may be activated again"


async def test_what_it_let_in_goes_with_it_and_nothing_else(site: Site) -> None:
    person = await site.person()
    mine, device, owner = await active(site, person), await signed_in(site, person, trust=True), await signed_in(site, person)
    await mine.enter()
    await device.log_out()
    await device.enter(person)
    for browser, kind in ((mine.browser, "biometric-credentials"), (device, "trusted-devices")):
        assert await browser.session() is not None
        [item] = await ids(owner, kind)
        answer = await remove(owner, kind, item)
        assert (answer.status, answer.response.headers.get("clear-site-data")) == (204, None)
        assert await browser.session() is None
    assert await owner.session() is not None


@pytest.mark.parametrize("everything", [False, True])
async def test_removing_what_let_this_very_session_in_signs_out_and_says_so(site: Site, everything: bool) -> None:
    person = await site.person()
    mine = await active(site, person)
    await mine.enter()
    copy = await json_browser(site)
    copy.set_cookie("session", str(mine.browser.cookie("session")))
    [item] = await ids(mine.browser, "biometric-credentials")
    answer = await remove(mine.browser, "biometric-credentials", None if everything else item)
    assert answer.status == 204
    assert '"cache"' in answer.response.headers["clear-site-data"]
    assert mine.browser.cookie("session") is None
    assert await copy.session() is None


async def test_a_device_trusted_in_this_full_login_may_go_without_ending_it(site: Site) -> None:
    person, neighbour = await site.person(), await site.person()
    browser = await signed_in(site, neighbour, trust=True)
    await browser.log_out()
    await browser.log_in(person, trust=True)
    [item] = await current(browser, "trusted-devices")
    answer = await remove(browser, "trusted-devices", item)
    assert (answer.status, answer.response.headers.get("clear-site-data")) == (204, None)
    assert await browser.session() is not None
    assert item.replace("-", "") not in str(browser.cookie("device")), "a household needs the room"
    await browser.log_out()
    assert (await browser.enter(person)).next == "code"
    assert (await browser.enter(neighbour)).next == "home"


async def test_the_last_device_takes_its_cookie_along(site: Site) -> None:
    browser = await signed_in(site, await site.person(), trust=True)
    await remove(browser, "trusted-devices")
    assert browser.cookie("device") is None


async def test_another_session_is_ended_and_its_browser_logs_in_again(site: Site) -> None:
    person = await site.person()
    here, there = await signed_in(site, person), await signed_in(site, person)
    [item] = await current(there, "sessions")
    answer = await remove(here, "sessions", item)
    assert (answer.status, answer.response.headers.get("clear-site-data")) == (204, None)
    assert await there.session() is None
    assert await ids(here, "sessions") == await current(here, "sessions")
    await there.log_in(person)


async def test_ending_this_session_signs_out(site: Site) -> None:
    browser = await signed_in(site, await site.person(), trust=True)
    [item] = await current(browser, "sessions")
    answer = await remove(browser, "sessions", item)
    assert answer.status == 204
    assert '"cache"' in answer.response.headers["clear-site-data"]
    assert browser.cookie("session") is None
    assert browser.cookie("device") is not None, "trust outlives a session"
    assert await browser.session() is None


async def test_all_sessions_but_this_one(site: Site) -> None:
    person = await site.person()
    here, others = await signed_in(site, person), [await signed_in(site, person) for _ in range(3)]
    assert (await remove(here, "sessions")).status == 204
    assert [await other.session() for other in others] == [None] * 3
    assert await ids(here, "sessions") == await current(here, "sessions")
    assert (await remove(here, "sessions")).status == 204, "nothing left to end is no error"


@pytest.mark.parametrize("kind", ["trusted-devices", "biometric-credentials"])
async def test_all_of_a_kind_and_of_no_other(site: Site, kind: str) -> None:
    person = await site.person("many-devices")
    for _ in range(2):
        await active(site, person)
    owner = await signed_in(site, person)
    [other] = KINDS.keys() - {kind, "sessions"}
    kept = await ids(owner, other)
    assert kept
    assert (await remove(owner, kind)).status == 204
    assert await ids(owner, kind) == []
    assert await ids(owner, other) == kept
    assert (await remove(owner, kind)).status == 204
    assert await owner.session() is not None


async def test_unknown_foreign_and_gone_are_refused_alike(site: Site) -> None:
    person, stranger = await site.person("many-devices"), await site.person("many-devices")
    for one in (person, stranger):
        await active(site, one)
    mine, theirs = await signed_in(site, person), await signed_in(site, stranger)
    answers = [await remove(mine, "nonsense", str(uuid4())), await remove(mine, "nonsense")]
    for kind in KINDS:
        foreign, own = (await ids(theirs, kind))[0], (await ids(mine, kind))[-1]
        answers += [await remove(mine, kind, item) for item in (str(uuid4()), foreign, "not-an-id")]
        wrong_kind = next(name for name in KINDS if name != kind)
        answers.append(await remove(mine, wrong_kind, own))
        assert foreign in await ids(theirs, kind)
        if kind != "sessions":
            await remove(mine, kind, own)
            answers.append(await remove(mine, kind, own))
    assert {answer.refusal for answer in answers} == {"not-found"}
    assert len({answer.response.text for answer in answers}) == 1
    assert await theirs.session() is not None


async def test_an_expired_credential_is_listed_until_it_is_removed_and_an_expired_device_is_not(site: Site) -> None:
    person = await site.person()
    mine = await active(site, person)
    await signed_in(site, person, trust=True)
    await site.advance("P6M")
    owner = await signed_in(site, person)
    assert await ids(owner, "trusted-devices") == []
    [credential] = await listed(owner, "biometric-credentials")
    assert datetime.fromisoformat(credential["expires_at"]) <= await site.now()
    assert (await mine.enter()).refusal == "biometric-expired"
    assert (await remove(owner, "biometric-credentials", credential["id"])).status == 204
    assert (await mine.enter()).refusal == "biometric-failed"
    assert await ids(owner, "biometric-credentials") == []


async def test_another_site_cannot_have_it_removed(site: Site) -> None:
    browser = await signed_in(site, await site.person(), trust=True)
    [item] = await ids(browser, "trusted-devices")
    crossed = await browser.http.delete(f"{DOOR}/trusted-devices/{item}", headers={"Sec-Fetch-Site": "cross-site"})
    assert browser._read(crossed).refusal == "cross-origin"
    assert await ids(browser, "trusted-devices") == [item]
