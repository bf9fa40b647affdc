"""Races over real sockets against two worker processes (security page, *Guessing*): atomic means atomic."""

from collections import Counter

import pytest

from tests.burst import Reply, Shot, burst
from tests.support import Browser, Person, Site, wrong

CHECK = "/api/v1/login/code/check"
RUNS = range(4)


def slugs(replies: list[Reply]) -> Counter[str]:
    return Counter(reply.slug for reply in replies)


async def at_the_code(site: Site, person: Person) -> tuple[Browser, str, str]:
    """A browser that waits for its code, the code, and the cookie of its attempt."""
    browser = await site.browser("json")
    await browser.enter(person)
    await browser.send_code()
    return browser, await site.code(person), f"portillon-attempt={browser.cookie('attempt')}"


async def sessions_that_work(site: Site, replies: list[Reply]) -> int:
    works = 0
    for reply in replies:
        if (token := reply.cookie("session")) is not None:
            browser = await site.browser("json")
            browser.set_cookie("session", token)
            works += await browser.session() is not None
    return works


@pytest.mark.parametrize("run", RUNS)
async def test_of_200_parallel_wrong_codes_3_are_judged(site: Site, run: int) -> None:
    person = await site.person()
    browser, code, cookie = await at_the_code(site, person)
    replies = await burst(site, [Shot(CHECK, {"code": wrong(code)}, cookie)] * 200)
    found = slugs(replies)
    # Where the machine is too busy for so many connections at once, some are refused before anything is counted.
    assert set(found) <= {"invalid-code", "locked", "unavailable"}
    assert found["invalid-code"] == 2 or found["unavailable"]
    assert {reply.said["tries_left"] for reply in replies if reply.status == 401} <= {1, 2}
    assert len({reply.said["until"] for reply in replies if reply.status == 423}) == 1
    counts = (await site.why(person.nir))["counters"]["login-code"]
    assert (counts["used"], counts["left"], counts["in_a_row"]) == (3, 0, 3)
    assert (await browser.give_code(code)).refusal == "locked"


@pytest.mark.parametrize("run", RUNS)
async def test_of_200_parallel_wrong_passwords_3_are_judged(site: Site, run: int) -> None:
    person = await site.person()
    replies = await burst(site, [Shot("/api/v1/login", {"nir": person.nir, "password": "wrong"})] * 200)
    found = slugs(replies)
    # More than the hashing takes at a time are refused before anything is counted.
    assert set(found) <= {"invalid-credentials", "locked", "unavailable"}
    assert 0 < found["invalid-credentials"] <= 2
    assert found["locked"] >= 1
    assert all("retry-after" in reply.head.lower() for reply in replies if reply.status in {423, 503})
    told = await site.why(person.nir)
    assert told["counters"]["password"]["in_a_row"] == 3
    assert [lock["scope"] for lock in told["locks"]] == ["login"]


async def test_an_unknown_number_is_counted_as_exactly(site: Site) -> None:
    nir = f"{(await site.person('not-created')).nir[:10]}999"
    found = slugs(await burst(site, [Shot("/api/v1/login", {"nir": nir, "password": "wrong"})] * 60))
    assert found["invalid-credentials"] == 2
    assert (await site.why(nir))["counters"]["password"]["in_a_row"] == 3


@pytest.mark.parametrize("run", RUNS)
async def test_of_100_parallel_right_answers_one_logs_in_and_nothing_stays_locked(site: Site, run: int) -> None:
    person = await site.person()
    browser, code, cookie = await at_the_code(site, person)
    replies = await burst(site, [Shot(CHECK, {"code": code}, cookie)] * 100)
    found = slugs(replies)
    logged_in = found.pop("200", 0)
    assert set(found) <= {"code-expired", "locked", "step-missing", "unavailable"}
    assert logged_in == 1 or (logged_in == 0 and found["unavailable"])
    assert await sessions_that_work(site, replies) == logged_in
    told = await site.why(person.nir)
    assert told["locks"] == []
    assert told["counters"]["login-code"]["in_a_row"] == 0
    again = await site.browser("json")
    await again.log_in(person)


async def test_right_among_wrong_answers_lets_in_once_at_most(site: Site) -> None:
    """A right answer empties the count, whatever becomes of it; only one lets in."""
    person = await site.person()
    _, code, cookie = await at_the_code(site, person)
    shots = [Shot(CHECK, {"code": code if place % 10 == 0 else wrong(code)}, cookie) for place in range(60)]
    replies = await burst(site, shots)
    assert slugs(replies)["200"] <= 1
    assert await sessions_that_work(site, replies) == slugs(replies)["200"]


async def test_parallel_requests_for_a_code_make_one_code_and_keep_to_the_quota(site: Site) -> None:
    person, browser = await site.person(), await site.browser("json")
    await browser.enter(person)
    replies = await burst(site, [Shot("/api/v1/login/code", cookies=f"portillon-attempt={browser.cookie('attempt')}")] * 40)
    found = slugs(replies)
    assert set(found) <= {"202", "locked", "unavailable"}
    assert found["202"] == 5 or (found["202"] < 5 and found["unavailable"])
    sent = [reply.said for reply in replies if reply.status == 202]
    assert len({(said["reference"], said["expires_at"]) for said in sent}) == 1
    assert len({said["requests_left"] for said in sent}) == found["202"]
    code = await site.code(person)
    assert {mail["code"] for mail in await site.mails(person, "login-code")} == {code}
    assert (await browser.give_code(code)).next == "home"


async def test_parallel_requests_from_two_browsers_leave_one_live_code(site: Site) -> None:
    person, browsers = await site.person(), [await site.browser("json") for _ in range(4)]
    for browser in browsers:
        await browser.enter(person)
    shots = [Shot("/api/v1/login/code", cookies=f"portillon-attempt={browser.cookie('attempt')}") for browser in browsers]
    replies = await burst(site, shots)
    assert slugs(replies) == {"202": 4}
    await_all = {reply.said["reference"] for reply in replies}
    assert len(await_all) == 4
    mailed: dict[str, str] = {}
    while len(mailed) < 4:
        mail = await site.mail(person, "login-code")
        mailed[mail["reference"]] = mail["code"]
    answers = [await browser.give_code(mailed[reply.said["reference"]]) for browser, reply in zip(browsers, replies, strict=True)]
    assert Counter(answer.refusal for answer in answers) == {None: 1, "code-expired": 3}


async def test_parallel_logins_with_one_device_token_are_no_theft(site: Site) -> None:
    person, browser = await site.person(), await site.browser("json")
    await browser.log_in(person, trust=True)
    await browser.log_out()
    cookies = f"portillon-device={browser.cookie('device')}"
    replies = await burst(site, [Shot("/api/v1/login", {"nir": person.nir, "password": person.password}, cookies)] * 12)
    logged_in = [reply for reply in replies if reply.slug == "200"]
    # Of parallel tries the device's own three are judged; a right one takes its lock back.
    assert {reply.slug for reply in replies} <= {"200", "locked"}
    assert logged_in
    assert {reply.said["next"] for reply in logged_in} == {"home"}
    [rotated] = {token for reply in replies if (token := reply.cookie("device"))}
    browser.set_cookie("device", rotated)
    assert (await browser.enter(person)).next == "home"
    assert await site.mails(person, "device-ended") == []


async def test_parallel_logouts_and_reads_never_revive_a_session(site: Site) -> None:
    person, browser = await site.person(), await site.browser("json")
    await browser.log_in(person)
    cookie = f"portillon-session={browser.cookie('session')}"
    await burst(site, [Shot("/api/v1/logout", cookies=cookie)] * 10)
    assert await browser.session() is None
