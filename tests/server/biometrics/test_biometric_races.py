"""Biometrics over real sockets against two worker processes: one challenge serves once, one counter is taken once."""

from collections import Counter

import pytest

from tests.burst import Reply, Shot, burst
from tests.server.biometrics.phone import Phone, active, phone
from tests.support import Site

LOGIN, REGISTRATION = "/api/v1/biometrics/login", "/api/v1/biometrics/registration"
RUNS = range(4)


def cookies(mine: Phone) -> str:
    names = ("session", "ceremony", "browser")
    return "; ".join(f"portillon-{name}={value}" for name in names if (value := mine.browser.cookie(name)))


def slugs(replies: list[Reply]) -> Counter[str]:
    return Counter(reply.slug for reply in replies)


@pytest.mark.parametrize("run", RUNS)
async def test_of_100_parallel_copies_of_a_response_one_lets_in(site: Site, run: int) -> None:
    mine = await active(site, await site.person(), counting=False)
    response = mine.authenticator.get(await mine.login_options())
    replies = await burst(site, [Shot(LOGIN, response, cookies(mine))] * 100)
    found = slugs(replies)
    # Where the machine is too busy for so many connections at once, some are refused before anything is used up.
    assert found["200"] == 1
    assert set(found) <= {"200", "biometric-failed", "unavailable"}
    assert len({reply.cookie("session") for reply in replies if reply.status == 200}) == 1


@pytest.mark.parametrize("run", RUNS)
async def test_of_parallel_assertions_with_one_counter_one_lets_in(site: Site, run: int) -> None:
    """As two copies of one authenticator would send them."""
    mine = await active(site, await site.person())
    responses = [mine.authenticator.get(await mine.login_options(), counter=7) for _ in range(8)]
    replies = await burst(site, [Shot(LOGIN, response, cookies(mine)) for response in responses])
    assert slugs(replies)["200"] == 1
    assert (await mine.enter()).next == "home", "and nothing is locked"


async def test_of_parallel_copies_of_a_registration_one_is_kept(site: Site) -> None:
    person, mine = await site.person(), await phone(site)
    await mine.browser.log_in(person)
    response = mine.authenticator.create(await mine.registration_options())
    replies = await burst(site, [Shot(REGISTRATION, response, cookies(mine))] * 20)
    found = slugs(replies)
    assert found["201"] == 1
    assert set(found) <= {"201", "biometric-failed", "unavailable"}
    assert len(await site.mails(person, "biometric-added", wait=20)) == 1
