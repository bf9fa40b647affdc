"""Refusals 1 to 9 of the product page (section 1) and what their locks do, each through both doors."""

from datetime import timedelta

import pytest

from tests.support import Answer, Browser, Person, Site, wrong

LOCK, HOUR, SECOND = timedelta(minutes=15), timedelta(hours=1), timedelta(seconds=1)


def unknown_number(person: Person) -> str:
    """A number that nobody has: the rank in the registry of births is another."""
    return f"{person.nir[:10]}{(int(person.nir[10:]) + 500) % 1000:03}"


async def lock_password(browser: Browser, nir: str) -> Answer:
    for tries_left in (2, 1):
        answer = await browser.give_password(nir, "not the password")
        assert (answer.status, answer.refusal, answer.tries_left) == (401, "invalid-credentials", tries_left)
    answer = await browser.give_password(nir, "not the password")
    assert (answer.status, answer.refusal) == (423, "locked")
    return answer


async def lock_code(site: Site, browser: Browser, person: Person) -> Answer:
    assert (await browser.enter(person)).next == "code"
    await browser.send_code()
    code = await site.code(person)
    for tries_left in (2, 1):
        answer = await browser.give_code(wrong(code))
        assert (answer.status, answer.refusal, answer.tries_left) == (401, "invalid-code", tries_left)
    answer = await browser.give_code(wrong(code))
    assert (answer.status, answer.refusal) == (423, "locked")
    return answer


def scope(answer: Answer) -> str | None:
    """Only programs are told; to people the page speaks."""
    return answer.response.json()["scope"] if "json" in answer.response.headers["content-type"] else None


async def ends(site: Site, answer: Answer, length: timedelta) -> None:
    """A lock of this length that has just begun; Retry-After leads to its end. A sentence tells it up to the whole minute."""
    now = await site.now()
    assert answer.until is not None
    assert now + length - 20 * SECOND < answer.until <= now + length + 60 * SECOND
    assert length - 20 * SECOND < int(answer.response.headers["retry-after"]) * SECOND <= length


@pytest.mark.parametrize(
    ("persona", "refusal"),
    [
        ("no-address", "address-missing"),
        ("unconfirmed-address", "address-missing"),
        ("closed", "account-closed"),
        ("no-fund", "file-update-needed"),
        ("attachment-pending", "attachment-pending"),
    ],
)
async def test_what_stands_in_the_way_shows_only_after_the_right_password(
    site: Site, door: str, persona: str, refusal: str
) -> None:
    person, browser = await site.person(persona), await site.browser(door)
    assert (await browser.enter(person, "not the password")).refusal == "invalid-credentials"
    answer = await browser.enter(person)
    assert (answer.status, answer.refusal) == (403, refusal)
    assert browser.cookie("attempt") is None
    assert (await browser.send_code()).next == "login"
    if persona == "closed":
        closed = person.known["closed_on"]
        assert answer.closed_on == closed if door == "json" else str(int(closed[-2:])) in answer.text


async def test_no_partner_scheme_is_as_no_fund(site: Site, door: str) -> None:
    person, browser = await site.person(scheme=None), await site.browser(door)
    assert (await browser.enter(person)).refusal == "file-update-needed"


async def test_third_wrong_password_locks_15_minutes_for_every_browser_and_nothing_tried_meanwhile_counts(
    site: Site, door: str
) -> None:
    person, browser, other = await site.person(), await site.browser(door), await site.browser(door)
    locked = await lock_password(browser, person.nir)
    await ends(site, locked, LOCK)
    assert scope(locked) in {"login", None}
    await site.advance("PT10M")
    for attempt in (await browser.enter(person), await other.enter(person), await other.enter(person, "not the password")):
        assert attempt.refusal == "locked"
        assert attempt.until is not None
        assert locked.until is not None
        assert abs(attempt.until - locked.until) < SECOND
    assert (await site.why(person.nir))["counters"]["password"]["in_a_row"] == 3
    await site.advance("PT5M")
    assert (await other.enter(person, "not the password")).tries_left == 2
    assert (await browser.enter(person)).next == "code"


async def test_a_right_password_empties_the_count(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    for _ in range(3):
        for tries_left in (2, 1):
            assert (await browser.enter(person, "not the password")).tries_left == tries_left
        assert (await browser.enter(person)).next == "code"
        await browser.start_over()


async def test_third_wrong_code_locks_15_minutes(site: Site, door: str) -> None:
    person, browser, other = await site.person(), await site.browser(door), await site.browser(door)
    locked = await lock_code(site, browser, person)
    await ends(site, locked, LOCK)
    assert scope(locked) in {"login-code", None}
    answer = await other.enter(person)
    assert (answer.status, answer.refusal) == (423, "locked")
    assert scope(answer) in {"login-code", None}
    await site.advance("PT15M")
    await other.log_in(person)


async def test_a_lock_kills_the_attempts_under_way_also_once_it_is_over(site: Site, door: str) -> None:
    person, waiting, stranger = await site.person(), await site.browser(door), await site.browser(door)
    await waiting.enter(person)
    await waiting.send_code()
    code = await site.code(person)
    await site.advance("PT2M")
    await lock_password(stranger, person.nir)
    during = await waiting.give_code(code)
    assert (during.status, during.refusal) == (423, "locked")
    assert (await waiting.send_code()).refusal == "locked"
    await site.advance("PT15M")
    assert (await waiting.send_code()).next == "login"
    assert (await waiting.give_code(code)).next == "login"
    await waiting.log_in(person)


async def test_the_sixth_code_in_an_hour_is_refused_and_its_hour_starts_there(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    for left in (4, 3, 2, 1, 0):
        await browser.enter(person)
        sent = await browser.send_code()
        assert sent.reference
        assert (sent.requests_left or 0) == left
        code = await site.code(person)
        await site.advance("PT2M")
    locked = await browser.send_code()
    assert (locked.status, locked.refusal) == (423, "locked")
    assert scope(locked) in {"login-code", None}
    await ends(site, locked, HOUR)
    await site.advance("PT11M")
    # Asking again moves nothing (the page has no button for it); the code that came before is good for its quarter of an hour.
    again = await browser.send_code()
    assert again.until == locked.until
    assert again.refusal == "locked" or "Vous pourrez demander un nouveau code" in again.text
    assert (await browser.give_code(code)).next == "home"


async def test_after_the_quotas_hour_codes_are_sent_again(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    await browser.enter(person)
    for _ in range(5):
        await browser.send_code()
    assert (await browser.send_code()).refusal == "locked"
    await site.advance("PT59M")
    other = await site.browser(door)
    await other.enter(person)
    assert (await other.send_code()).refusal == "locked"
    await site.advance("PT1M")
    assert (await other.send_code()).requests_left == 4


async def test_a_login_empties_the_quota(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    await browser.enter(person)
    for _ in range(4):
        await browser.send_code()
    await browser.send_code()
    assert (await browser.give_code((await site.mails(person, "login-code", wait=10))[0]["code"])).next == "home"
    again = await site.browser(door)
    await again.enter(person)
    assert (await again.send_code()).requests_left == 4


async def test_fifteen_wrong_codes_in_a_row_ask_for_a_new_password(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    for _ in range(5):
        await lock_code(site, browser, person)
        await site.advance("PT15M")
    answer = await browser.enter(person)
    assert (answer.status, answer.refusal) == (409, "step-missing")
    assert answer.response.json()["next"] == "recovery" if door == "json" else "/mot-de-passe-oublie" in answer.response.text


@pytest.mark.parametrize("persona", ["ordinary", "not-created", None])
async def test_a_number_is_refused_alike_whether_or_not_it_exists(site: Site, door: str, persona: str | None) -> None:
    person = await site.person(persona or "ordinary")
    number = person.nir if persona else unknown_number(person)
    ours, other = await site.browser(door), await site.browser(door)
    seen = [await ours.give_password(number, "not the password") for _ in range(3)]
    reference = await site.person()
    expected = [await other.give_password(reference.nir, "not the password") for _ in range(3)]
    for mine, known in zip(seen, expected, strict=True):
        assert (mine.status, mine.refusal, mine.tries_left) == (known.status, known.refusal, known.tries_left)
        assert stripped(mine, number) == stripped(known, reference.nir)
        assert mine.response.headers.get_list("set-cookie") == known.response.headers.get_list("set-cookie")
        assert told(mine) == told(known)
    assert {cookie.name for cookie in ours.http.cookies.jar} == {cookie.name for cookie in other.http.cookies.jar}
    await ends(site, seen[-1], LOCK)
    await site.advance("PT15M")
    assert (await ours.give_password(number, "not the password")).tries_left == 2


def stripped(answer: Answer, number: str) -> str:
    """The body without what names the moment and the number typed."""
    body = answer.response.text.replace(number, "NUMBER")
    if answer.until is None:
        return body
    for instant in {
        answer.until.isoformat(),
        str(answer.response.json().get("until")) if "json" in told(answer)["content-type"] else "",
    }:
        body = body.replace(instant or "\0", "UNTIL")
    return body


def told(answer: Answer) -> dict[str, str]:
    moving = {"date", "retry-after", "content-length"} if answer.until else {"date"}
    return {name: value for name, value in answer.response.headers.items() if name not in moving}


async def test_every_spelling_of_a_number_is_one_account_and_one_counter(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    n, key = person.nir, person.known["nir_key"]
    wide = "".join(chr(ord(digit) + 0xFEE0) if digit.isdigit() else digit for digit in n)
    spaced = f"{n[0]} {n[1:3]} {n[3:5]} {n[5:7]} {n[7:10]} {n[10:]} {key}"
    for tries_left, spelling in ((2, f"{n}{key}"), (1, spaced), (None, wide)):
        assert (await browser.give_password(spelling, "not the password")).tries_left == tries_left
    for spelling in (n, f"  {n[:5]}-{n[5:]}.{key}", spaced.replace(" ", "\u202f")):
        assert (await browser.give_password(spelling, person.password)).refusal == "locked"
    await site.advance("PT15M")
    assert (await browser.give_password(spaced, person.password)).next == "code"


@pytest.mark.parametrize(
    "typed",
    ["0000000000000", "28505780060", "285057800608412", "2850578006084x", "2850578006084\x00", "<b>", "2" * 900, "①850578006084"],
)
async def test_what_is_no_number_is_a_bad_request_and_counts_nowhere(site: Site, door: str, typed: str) -> None:
    answer = await (await site.browser(door)).give_password(typed, "any")
    assert (answer.status, answer.refusal) == (400, "invalid-request")
    if door == "json":
        assert [error["field"] for error in answer.response.json()["errors"]] == ["nir"]
        assert typed not in answer.response.text or typed.isdigit() is False


async def test_a_wrong_key_is_no_number(site: Site, door: str) -> None:
    person, browser = await site.person(), await site.browser(door)
    wrong_key = f"{(int(person.known['nir_key']) % 97) + 1:02}"
    assert (await browser.give_password(person.nir + wrong_key, person.password)).refusal == "invalid-request"
    assert (await site.why(person.nir))["counters"]["password"]["used"] == 0
