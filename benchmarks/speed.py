"""What a login costs beside its Argon2 verification, and what others feel while many hash."""

import asyncio
import itertools
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from benchmarks.client import Client
from benchmarks.site import Site, give_password
from server.hashing import Hasher
from server.keys import Keys
from server.randomness import SystemRandomness
from server.settings import HashSettings


def bare_argon2() -> tuple[str, float]:
    """The faster backend, and the seconds of one verification on one core: the median of 40."""
    hasher = Hasher(HashSettings(), Keys(b"n" * 32, (("bench", b"m" * 32),)), SystemRandomness())
    times = []
    for _ in range(40):
        began = time.perf_counter()
        hasher._judge("not the password", None)
        times.append(time.perf_counter() - began)
    hasher.close()
    return hasher.backend, statistics.median(times)


async def logins(site: Site, *, quick: bool) -> list[str]:
    """Throughput of right passwords, and processor time beside the hash."""
    backend, verification = bare_argon2()
    people = await site.people(16)
    seconds, cores = (5 if quick else 15), os.cpu_count() or 1
    for clients in (1, 4 * cores):
        used, began = site.processor_seconds(), time.perf_counter()
        done = await _hammer(site, people, clients, seconds)
        used, took = site.processor_seconds() - used, time.perf_counter() - began
        if clients == 1:
            beside = 1000 * (used / done - verification)
    share = done / took / (cores / verification)
    return [
        f"Argon2id verification ({backend}, one core, median): {1000 * verification:.1f} ms",
        f"login POST, processor time beside the verification: {beside:.2f} ms",
        f"login POST, {clients} clients, {cores} workers: {done / took:.1f}/s, {share:.2f} of cores × bare verifications",
    ]


async def storm(site: Site, *, quick: bool) -> list[str]:
    """p50 and p99 of a health check and of a signed-in page, idle and while 64 logins hash at once."""
    people = await site.people(65)
    count = 200 if quick else 1000
    lines = []
    async with Client(site.url) as client:
        code = await site.with_code_sent(client, people[0])
        await client.post("/api/v1/login/code/check", {"code": code})
        for path in ("/health/live", "/accueil"):
            idle = await _latencies(lambda path=path: client.get(path), count)
            hashing = asyncio.create_task(_hammer(site, people[1:], 64, None))
            await asyncio.sleep(1)
            busy = await _latencies(lambda path=path: client.get(path), count)
            hashing.cancel()
            await asyncio.gather(hashing, return_exceptions=True)
            (i50, i99), (b50, b99) = idle, busy
            lines.append(
                f"{path}: idle p50 {i50:.1f} ms, p99 {i99:.1f} ms; 64 logins hashing p50 {b50:.1f} ms, p99 {b99:.1f} ms "
                f"(×{b50 / i50:.1f}, ×{b99 / i99:.1f})"
            )
    return lines


async def unknown(site: Site, *, quick: bool) -> list[str]:
    """The median time of an unknown number over that of a known one, wrong passwords both, in interleaved pairs."""
    pairs = 300 if quick else 2000
    space = "bench-unknown"
    known = await site.people(24, space)
    async with Client(site.url, space) as client:
        strangers = [(await client.post("/api/demo/people", {"persona": "not-created"})).json for _ in known]
        times: dict[str, list[float]] = {"known": [], "unknown": []}
        for tries in itertools.count(1):
            for pair in zip(known, strangers, strict=True):
                order = list(zip(("known", "unknown"), pair, strict=True))
                for name, person in order if len(times["known"]) % 2 else reversed(order):
                    began = time.perf_counter()
                    await give_password(client, person, "pas le bon mot de passe")
                    times[name].append(time.perf_counter() - began)
            if len(times["known"]) >= pairs:
                break
            if tries % 3 == 0:
                await site.advance(space, "PT16M")
    medians = {name: 1000 * statistics.median(values) for name, values in times.items()}
    told = (
        f"median {medians['unknown']:.2f} ms against {medians['known']:.2f} ms, ratio {medians['unknown'] / medians['known']:.4f}"
    )
    return [f"unknown against known number, {len(times['known'])} interleaved pairs: {told}"]


async def _hammer(site: Site, people: list[dict[str, str]], clients: int, seconds: float | None) -> int:
    """Logins with the right password from so many connections, for so long or until cancelled; how many were let on."""
    done = 0
    until = None if seconds is None else time.perf_counter() + seconds

    async def one(person: dict[str, str], client: Client) -> None:
        nonlocal done
        while until is None or time.perf_counter() < until:
            client.cookies.clear()
            answer = await give_password(client, person)
            done += answer.status == 200

    async with AsyncExitStack() as opened:
        connected = [await opened.enter_async_context(Client(site.url)) for _ in range(clients)]
        await asyncio.gather(*(one(person, client) for person, client in zip(itertools.cycle(people), connected, strict=False)))
    return done


async def _latencies(ask: Callable[[], Awaitable[object]], count: int) -> tuple[float, float]:
    """p50 and p99 in ms, one request after the other."""
    times = []
    for _ in range(count):
        began = time.perf_counter()
        await ask()
        times.append(1000 * (time.perf_counter() - began))
        await asyncio.sleep(0.005)
    return statistics.median(times), statistics.quantiles(times, n=100)[98]
