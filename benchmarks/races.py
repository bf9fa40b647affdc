"""Of 200 parallel wrong codes 3 are judged; of 100 parallel right answers 1 logs in. On two workers, run after run."""

from collections import Counter

from benchmarks.client import Client
from benchmarks.site import Site, at_once

_CHECK = "/api/v1/login/code/check"


async def run(site: Site, *, quick: bool) -> list[str]:
    """A line for each race."""
    runs = 3 if quick else 20
    judged, logins = Counter[int](), Counter[int]()
    for number, person in enumerate(await site.people(2 * runs)):
        async with Client(site.url) as client:
            code = await site.with_code_sent(client, person)
        if number % 2 == 0:
            judged[await _wrong(site, client.cookies, code, person)] += 1
        else:
            logins[await _right(site, client.cookies, code)] += 1
    return [
        f"200 parallel wrong codes, 2 workers: judged {_told(judged)} ({judged[3]} of {runs} runs at exactly 3)",
        f"100 parallel right answers, 2 workers: logins {_told(logins)} ({logins[1]} of {runs} runs at exactly 1)",
    ]


async def _wrong(site: Site, cookies: dict[str, str], code: str, person: dict[str, str]) -> int:
    """How many were judged: answered as wrong, and the one that the lock answers; the counter must agree."""
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    answers = await at_once(site, 200, cookies, "", _CHECK, {"code": wrong})
    async with Client(site.url) as client:
        why = (await client.post("/api/demo/why", {"nir": person["nir"]})).json
    charged = why["counters"]["login-code"]["in_a_row"]
    refused_as_wrong = sum(answer.status == 401 for answer, _ in answers)
    return max(charged, refused_as_wrong + 1)


async def _right(site: Site, cookies: dict[str, str], code: str) -> int:
    """How many sessions stand afterwards."""
    standing = 0
    for answer, client in await at_once(site, 100, cookies, "", _CHECK, {"code": code}):
        if answer.status == 200:
            async with Client(site.url, "", client.cookies) as again:
                standing += (await again.get("/api/v1/session")).status == 200
    return standing


def _told(counts: Counter[int]) -> str:
    return ", ".join(f"{value} ×{times}" for value, times in sorted(counts.items()))
