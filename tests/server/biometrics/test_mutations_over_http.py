"""Mutated responses at the service's own door: each refused with its status, none a fault, and the honest one still good."""

import asyncio
import json
from collections import Counter
from random import Random
from typing import Any

import pytest

from tests.server.biometrics.mutations import mutated, same
from tests.server.biometrics.phone import Phone, active, phone
from tests.support import JsonBrowser, Site

CLIENTS, EACH = 8, 150
HEADERS = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}


def body(response: Any) -> bytes | None:
    """As it goes over the wire; None for what JSON cannot say."""
    try:
        return json.dumps(response).encode()
    except (TypeError, ValueError, RecursionError):
        return None


async def sent(mine: Phone, chance: Random, statuses: Counter[int], *, register: bool) -> None:
    """Many, each with a challenge of its own."""
    door = "registration" if register else "login"
    make = mine.authenticator.create if register else mine.authenticator.get
    ask = mine.registration_options if register else mine.login_options
    how = {"attestation": "packed"} if register else {}
    earlier = make(await ask(), **how)
    for _ in range(EACH):
        response = make(await ask(), **how)
        odd = mutated(chance, response, earlier)
        wire = None if same(odd, response) else body(odd)
        if wire is not None:
            answer = await mine.browser.http.post(f"/api/v1/biometrics/{door}", content=wire, headers=HEADERS)
            statuses[answer.status_code] += 1
            assert answer.status_code in {400, 401, 413}, (answer.status_code, answer.text, odd)


@pytest.mark.parametrize("register", [True, False])
async def test_none_is_accepted_and_none_is_a_fault(site: Site, register: bool) -> None:
    statuses: Counter[int] = Counter()
    mine = []
    for _ in range(CLIENTS):
        person = await site.person()
        one = await phone(site) if register else await active(site, person)
        if register:
            await one.browser.log_in(person)
        assert isinstance(one.browser, JsonBrowser)
        mine.append(one)
    await asyncio.gather(*(sent(one, Random(seed), statuses, register=register) for seed, one in enumerate(mine)))
    assert statuses[401] > CLIENTS * EACH * 0.7
    for one in mine:
        honest = await (one.activate() if register else one.enter())
        assert honest.status == (201 if register else 200)
