"""Removals over real sockets against two worker processes: of two at once one removes, and nobody stays in by what has gone."""

from collections import Counter

import pytest

from tests.burst import Reply, Shot, burst
from tests.server.biometrics.phone import active
from tests.server.test_devices import DOOR, current, ids, json_browser, remove, signed_in
from tests.support import JsonBrowser, Site

RUNS = range(4)


def slugs(replies: list[Reply]) -> Counter[str]:
    return Counter(reply.slug for reply in replies)


def one_and_the_others(replies: list[Reply], others: str) -> None:
    """One removed; a machine too busy for so many at once refuses some, uncounted."""
    found = slugs(replies)
    assert set(found) <= {"204", others, "unavailable"}
    assert found["204"] == 1 or (found["204"] == 0 and found["unavailable"])


def removal(browser: JsonBrowser, path: str) -> Shot:
    return Shot(f"{DOOR}/{path}", cookies=f"portillon-session={browser.cookie('session')}", method="DELETE")


@pytest.mark.parametrize("kind", ["trusted-devices", "biometric-credentials", "sessions"])
async def test_of_many_who_remove_the_same_one_does(site: Site, kind: str) -> None:
    person = await site.person()
    await active(site, person)
    there, owner = await signed_in(site, person, trust=True), await signed_in(site, person)
    [item] = await current(there, "sessions") if kind == "sessions" else await ids(owner, kind)
    replies = await burst(site, [removal(owner, f"{kind}/{item}")] * 16)
    one_and_the_others(replies, "not-found")
    assert item not in await ids(owner, kind)


async def test_of_many_who_end_this_very_session_one_does(site: Site) -> None:
    owner = await signed_in(site, await site.person())
    [item] = await current(owner, "sessions")
    one_and_the_others(await burst(site, [removal(owner, f"sessions/{item}")] * 16), "not-signed-in")
    assert await owner.session() is None


async def test_two_sessions_that_end_each_other_leave_one(site: Site) -> None:
    person = await site.person()
    both = [await signed_in(site, person) for _ in range(2)]
    replies = await burst(site, [removal(browser, "sessions") for browser in both])
    one_and_the_others(replies, "not-signed-in")
    assert [await browser.session() is None for browser in both].count(True) == 1


@pytest.mark.parametrize("run", RUNS)
async def test_nobody_stays_in_by_a_credential_that_goes_meanwhile(site: Site, run: int) -> None:
    person = await site.person()
    mine = await active(site, person, counting=False)
    owner = await signed_in(site, person)
    [item] = await ids(owner, "biometric-credentials")
    responses = [mine.authenticator.get(await mine.login_options()) for _ in range(8)]
    cookie = f"portillon-ceremony={mine.browser.cookie('ceremony')}"
    shots = [Shot("/api/v1/biometrics/login", response, cookie) for response in responses]
    shots.insert(2 * run, removal(owner, f"biometric-credentials/{item}"))
    replies = await burst(site, shots)
    found = slugs(replies)
    assert set(found) <= {"204", "200", "biometric-failed", "unavailable"}
    assert found["204"] == 1 or found["unavailable"]
    if found["204"]:
        await nobody_stays(site, replies)


@pytest.mark.parametrize("run", RUNS)
async def test_nobody_stays_in_by_a_device_that_goes_meanwhile(site: Site, run: int) -> None:
    person = await site.person()
    device, owner = await signed_in(site, person, trust=True), await signed_in(site, person)
    await device.log_out()
    [item] = await ids(owner, "trusted-devices")
    login = Shot("/api/v1/login", {"nir": person.nir, "password": person.password}, f"portillon-device={device.cookie('device')}")
    replies = await burst(site, [login, removal(owner, f"trusted-devices/{item}"), login])
    # Of those who come too late some are asked for a code, some to begin again.
    found = slugs(replies)
    assert set(found) <= {"204", "200", "step-missing", "locked", "unavailable"}
    assert found["204"] == 1 or found["unavailable"]
    if found["204"]:
        await nobody_stays(site, replies)
        assert (await remove(owner, "trusted-devices", item)).refusal == "not-found"
    assert await site.mails(person, "device-ended") == []


async def nobody_stays(site: Site, replies: list[Reply]) -> None:
    for reply in replies:
        if (token := reply.cookie("session")) is not None:
            browser = await json_browser(site)
            browser.set_cookie("session", token)
            assert await browser.session() is None
