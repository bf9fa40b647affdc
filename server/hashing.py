"""Argon2 off the event loop: no wider than the cores, behind a bounded queue, equal work for an unknown account.

Format, parameters and the rehash policy are argon2-cffi's; libsodium computes the same strings where a timing at start finds it
faster (about 1.5 times, measured). Source: security page, *Guessing*.
"""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar, TypeVarTuple

import argon2
import nacl.bindings
import nacl.exceptions
import nacl.pwhash.argon2id

from server import policy
from server.keys import Keys
from server.metrics import HASHING
from server.randomness import Randomness
from server.refusals import Refused, Why
from server.settings import HashSettings

T = TypeVar("T")
Args = TypeVarTuple("Args")

_NICENESS = 5  # hashing yields to the event loop: a session check during a login storm stays fast


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """What the account keeps of its password."""

    hash: str
    pepper_id: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it matched, and the form to store instead where parameters or pepper have moved on."""

    matches: bool
    replacement: StoredPassword | None = None


class Hasher:
    """Verifies and hashes passwords in threads of its own."""

    def __init__(self, settings: HashSettings, keys: Keys, randomness: Randomness, workers: int = 1) -> None:
        threads = settings.threads or max(1, (os.cpu_count() or 1) // workers)
        self._keys = keys
        self._policy = argon2.PasswordHasher(settings.passes, settings.memory_kib, settings.lanes)
        self._most = threads + threads * policy.HASH_QUEUE_PER_CORE
        self._places = 0
        self._pool = ThreadPoolExecutor(threads, "argon2", initializer=_yield_to_others)
        self._decoy = StoredPassword(self._policy.hash(keys.peppered(randomness.token())), keys.pepper_id)
        self.backend, self._verify_raw = self._choose(settings)

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue, taken before any input or output. Raises Refused(UNAVAILABLE) when there is none."""
        if self._places >= self._most:
            raise Refused(Why.UNAVAILABLE, retry_after=policy.RETRY_WHEN_BUSY)
        self._places += 1
        HASHING.inc()
        try:
            yield
        finally:
            self._places -= 1
            HASHING.dec()

    async def verify(self, password: str, stored: StoredPassword | None) -> Verdict:
        """Judge a password; with none stored the same work is done and nothing matches."""
        return await self._run(self._judge, password, stored)

    async def hash(self, password: str) -> StoredPassword:
        """The form to store, with today's parameters and pepper."""
        return await self._run(self._store, password)

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[*Args], T], *args: *Args) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *args)

    def _store(self, password: str) -> StoredPassword:
        return StoredPassword(self._policy.hash(self._keys.peppered(password)), self._keys.pepper_id)

    def _judge(self, password: str, stored: StoredPassword | None) -> Verdict:
        against = stored or self._decoy
        matches = self._verify_raw(against.hash, self._keys.peppered(password, against.pepper_id))
        if stored is None or not matches:
            return Verdict(matches=False)
        stale = self._policy.check_needs_rehash(stored.hash) or stored.pepper_id != self._keys.pepper_id
        return Verdict(matches=True, replacement=self._store(password) if stale else None)

    def _choose(self, settings: HashSettings) -> tuple[str, Callable[[str, bytes], bool]]:
        """The faster of the two for today's parameters; libsodium knows one lane only."""
        backends = {"argon2-cffi": self._by_argon2, "libsodium": self._by_libsodium}
        if settings.lanes != 1:
            return "argon2-cffi", self._by_argon2
        if settings.backend != "fastest":
            return settings.backend, backends[settings.backend]
        name = min(backends, key=lambda name: _seconds(lambda: backends[name](self._decoy.hash, b"")))
        return name, backends[name]

    def _by_argon2(self, stored: str, password: bytes) -> bool:
        try:
            return self._policy.verify(stored, password)
        except argon2.exceptions.VerifyMismatchError:
            return False

    def _by_libsodium(self, stored: str, password: bytes) -> bool:
        if ",p=1$" not in stored:  # stored under other parameters, which only argon2-cffi reads
            return self._by_argon2(stored, password)
        try:
            return nacl.pwhash.argon2id.verify(stored.encode(), password)
        except nacl.exceptions.InvalidkeyError:
            return False


def _seconds(work: Callable[[], object]) -> float:
    """The best of three: the machine's own time, which decides no rule."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def _yield_to_others() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
