"""Reminders on a running demo: whoever moves a space's clock has those of that space sent."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from server import policy
from server.wording.french import paris_date
from tests.burst import Shot, burst
from tests.server.biometrics.phone import phone
from tests.server.test_devices import listed, remove
from tests.support import JsonBrowser, Person, Site

FAR, NEAR = policy.REMINDERS_BEFORE_EXPIRY
KINDS = {"biometric-credentials": "biometric-expiring", "trusted-devices": "device-expiring"}
SECOND = timedelta(seconds=1)


async def with_both(site: Site) -> tuple[Person, JsonBrowser, dict[str, datetime]]:
    """Somebody whose browser is trusted and has biometrics, and until when."""
    person, mine = await site.person(), await phone(site)
    await mine.browser.log_in(person, trust=True)
    assert (await mine.activate()).status == 201
    ends = {kind: datetime.fromisoformat((await listed(mine.browser, kind))[0]["expires_at"]) for kind in KINDS}
    return person, mine.browser, ends


async def with_a_neighbour(site: Site) -> tuple[Person, JsonBrowser, dict[str, datetime], Person, datetime]:
    """Also somebody whose reminders follow ten minutes later: once they have come, all before them have."""
    person, browser, ends = await with_both(site)
    await site.advance("PT10M")
    neighbour, _, later = await with_both(site)
    return person, browser, ends, neighbour, max(later.values())


async def all_have_come(site: Site, neighbour: Person) -> None:
    for kind in KINDS.values():
        await site.mail(neighbour, kind)


async def reminders(site: Site, person: Person, *, wait: int = 0) -> dict[str, list[dict[str, Any]]]:
    return {kind: await site.mails(person, kind, wait=wait) for kind in KINDS.values()}


async def test_thirty_and_seven_days_before_each_once(site: Site) -> None:
    person, _, ends = await with_both(site)
    last = max(ends.values())
    for left, sent in ((FAR, 1), (NEAR, 2)):
        await site.set_clock(min(ends.values()) - left - SECOND)
        assert {kind: len(found) for kind, found in (await reminders(site, person)).items()} == dict.fromkeys(
            KINDS.values(), sent - 1
        )
        await site.set_clock(last - left)
        for kind in KINDS.values():
            await site.mail(person, kind)
        await site.advance("PT1H")
    for kind, mail in KINDS.items():
        found = await site.mails(person, mail)
        assert len(found) == 2
        assert all(paris_date(ends[kind]) in one["subject"] for one in found)
        assert datetime.fromisoformat(found[0]["sent_at"]) >= ends[kind] - NEAR


async def test_by_the_clocks_page_too(site: Site) -> None:
    person, _, ends = await with_both(site)
    await site.set_clock(ends["trusted-devices"] - FAR - timedelta(hours=48))
    moved = await site.demo.post("/demo/horloge", data={"avance": "PT48H"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert moved.status_code == 303
    assert await site.mail(person, "device-expiring")


async def test_of_what_was_removed_nobody_hears(site: Site) -> None:
    person, browser, _, neighbour, last = await with_a_neighbour(site)
    assert (await remove(browser, "biometric-credentials")).status == 204
    await site.set_clock(last - NEAR)
    await site.mail(person, "device-expiring")
    await all_have_come(site, neighbour)
    assert await site.mails(person, "biometric-expiring") == []


async def test_another_space_lives_by_its_own_clock(site: Site, demo_site: str) -> None:
    person, _, ends = await with_both(site)
    async with Site(demo_site) as elsewhere:
        await elsewhere.set_clock(max(ends.values()) - NEAR)
        other, _, _ = await with_both(elsewhere)
        await elsewhere.advance("P5M10D")
        await elsewhere.mail(other, "biometric-expiring")
    assert await reminders(site, person) == {kind: [] for kind in KINDS.values()}


@pytest.mark.parametrize("run", range(3))
async def test_two_workers_at_once_send_no_mail_twice(site: Site, run: int) -> None:
    person, _, ends, neighbour, last = await with_a_neighbour(site)
    there = (max(ends.values()) - FAR).isoformat()
    replies = await burst(site, [Shot("/api/demo/clock", {"now": there})] * 12)
    assert {reply.status for reply in replies} == {200}
    await site.set_clock(last - FAR)
    await all_have_come(site, neighbour)
    assert {kind: len(found) for kind, found in (await reminders(site, person)).items()} == dict.fromkeys(KINDS.values(), 1)


async def test_renewal_is_what_the_mail_says(site: Site) -> None:
    """A full login on that device, then one press; the old credential is told of no more."""
    person, mine = await site.person(), await phone(site)
    await mine.browser.log_in(person)
    await mine.activate()
    [old] = await listed(mine.browser, "biometric-credentials")
    await site.set_clock(datetime.fromisoformat(old["expires_at"]) - FAR)
    await site.mail(person, "biometric-expiring")
    await mine.browser.log_in(person)
    assert (await mine.activate()).status == 201
    [new] = await listed(mine.browser, "biometric-credentials")
    assert datetime.fromisoformat(new["expires_at"]) > datetime.fromisoformat(old["expires_at"])
    neighbour, _, ends = await with_both(site)
    await site.set_clock(datetime.fromisoformat(old["expires_at"]) - NEAR)
    await site.set_clock(max(ends.values()) - NEAR)
    await all_have_come(site, neighbour)
    told = [paris_date(datetime.fromisoformat(row["expires_at"])) for row in (new, old)]
    mails = await site.mails(person, "biometric-expiring")
    assert [date in mail["subject"] for date, mail in zip(told, mails, strict=True)] == [True, True]
