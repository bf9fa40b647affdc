"""What a login by biometrics costs: both of its requests, beside the bare verification of the signature."""

import asyncio
import os
import statistics
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.client import Client
from benchmarks.site import Site
from tests.authenticator import SoftwareAuthenticator

_DOOR = "/api/v1/biometrics"


def bare_signature() -> float:
    """Seconds of one ES256 verification by `cryptography` on one core: the median of 500."""
    key = ec.generate_private_key(ec.SECP256R1())
    signed, times = bytes(69), []
    signature, public = key.sign(signed, ec.ECDSA(hashes.SHA256())), key.public_key()
    for _ in range(500):
        began = time.perf_counter()
        public.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        times.append(time.perf_counter() - began)
    return statistics.median(times)


async def run(site: Site, *, quick: bool) -> list[str]:
    """Logins a second, processor time of each, and the time of either request by itself."""
    clients, seconds = 4 * (os.cpu_count() or 1), 5 if quick else 15
    phones = [await _activated(site, person) for person in await site.people(clients)]
    lines = [f"ES256 verification (cryptography, one core, median): {1000 * (bare := bare_signature()):.3f} ms"]

    times: dict[str, list[float]] = {"options": [], "login": []}
    async with Client(site.url) as client:
        used = site.processor_seconds()
        for _ in range(count := 200 if quick else 1000):
            for name, took in zip(times, await _enter(client, phones[0]), strict=True):
                times[name].append(1000 * took)
        used = (site.processor_seconds() - used) / count
    for name, took in times.items():
        p50, p99 = statistics.median(took), statistics.quantiles(took, n=100)[98]
        lines.append(f"login by biometrics, {name} by itself: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    lines.append(f"login by biometrics, processor time of both: {1000 * used:.2f} ms, {used / bare:.0f} × the bare verification")

    began = time.perf_counter()
    done = sum(await asyncio.gather(*(_hammer(site, phone, began + seconds) for phone in phones)))
    rate = done / (time.perf_counter() - began)
    return [*lines, f"login by biometrics, {clients} clients: {rate:.1f}/s (options and verification each time)"]


async def _activated(site: Site, person: dict[str, str]) -> SoftwareAuthenticator:
    authenticator = SoftwareAuthenticator(site.url)
    async with Client(site.url) as client:
        code = await site.with_code_sent(client, person)
        await client.post("/api/v1/login/code/check", {"code": code})
        options = (await client.post(f"{_DOOR}/registration/options")).json
        kept = await client.post(f"{_DOOR}/registration", authenticator.create(options))
    if kept.status != 201:
        raise RuntimeError(f"not activated: {kept.body.decode()}")
    return authenticator


async def _enter(client: Client, authenticator: SoftwareAuthenticator) -> tuple[float, float]:
    """The seconds of both requests; the authenticator's own are not counted."""
    began = time.perf_counter()
    options = (await client.post(f"{_DOOR}/login/options")).json
    asked = time.perf_counter() - began
    response = authenticator.get(options)
    began = time.perf_counter()
    answer = await client.post(f"{_DOOR}/login", response)
    if answer.status != 200:
        raise RuntimeError(f"not let in: {answer.body.decode()}")
    return asked, time.perf_counter() - began


async def _hammer(site: Site, authenticator: SoftwareAuthenticator, until: float) -> int:
    done = 0
    async with Client(site.url) as client:
        while time.perf_counter() < until:
            await _enter(client, authenticator)
            done += 1
    return done
