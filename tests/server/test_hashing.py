"""Passwords: one format and two libraries, a bounded queue, and the same work for nobody (security page, *Guessing*)."""

import asyncio
import dataclasses
from collections.abc import Iterator

import argon2
import pytest

from server import policy
from server.hashing import Hasher, StoredPassword
from server.keys import Keys
from server.randomness import SystemRandomness
from server.refusals import Refused, Why
from server.settings import HashSettings

KEYS = Keys(b"n" * 32, (("new", b"w" * 32), ("old", b"o" * 32)))
OLD_KEYS = Keys(b"n" * 32, (("old", b"o" * 32),))
CHEAP = HashSettings(memory_kib=64, passes=1, threads=1)
_made: list[Hasher] = []


def hasher(keys: Keys = KEYS, **changes: object) -> Hasher:
    _made.append(Hasher(dataclasses.replace(CHEAP, **changes), keys, SystemRandomness()))  # type: ignore[arg-type]
    return _made[-1]


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _made:
        _made.pop().close()


@pytest.mark.parametrize("made_by", ["argon2-cffi", "libsodium"])
@pytest.mark.parametrize("judged_by", ["argon2-cffi", "libsodium", "fastest"])
async def test_what_one_library_stores_the_other_judges(made_by: str, judged_by: str) -> None:
    stored = await hasher(backend=made_by).hash("Girafe-Violon-7")
    judge = hasher(backend=judged_by)
    assert stored.hash.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    verdict = await judge.verify("Girafe-Violon-7", stored)
    assert (verdict.matches, verdict.replacement) == (True, None)
    for wrong in ("girafe-violon-7", "", "Girafe-Violon-7 ", "\x00"):
        assert not (await judge.verify(wrong, stored)).matches


async def test_nobodys_password_never_matches() -> None:
    judge = hasher()
    for password in ("", "x", SystemRandomness().token()):
        assert not (await judge.verify(password, None)).matches


async def test_the_service_hashes_by_owasps_least_figures_at_least() -> None:
    stored = await Hasher(HashSettings(threads=1), KEYS, SystemRandomness()).hash("x")
    told = argon2.extract_parameters(stored.hash)
    assert (told.type, told.memory_cost, told.time_cost, told.parallelism) == (argon2.Type.ID, 19 * 1024, 2, 1)


async def test_older_parameters_and_an_older_pepper_are_replaced_when_the_password_is_right() -> None:
    before = await hasher(OLD_KEYS).hash("secret")
    today = hasher(passes=2)
    assert (await today.verify("wrong", before)).replacement is None
    verdict = await today.verify("secret", before)
    assert verdict.matches
    assert verdict.replacement is not None
    assert (verdict.replacement.pepper_id, "t=2" in verdict.replacement.hash) == ("new", True)
    again = await today.verify("secret", verdict.replacement)
    assert (again.matches, again.replacement) == (True, None)


async def test_without_the_pepper_a_stolen_table_is_worth_nothing() -> None:
    stored = await hasher().hash("secret")
    other = hasher(Keys(b"n" * 32, (("new", b"x" * 32),)))
    assert not (await other.verify("secret", stored)).matches
    with pytest.raises(argon2.exceptions.VerifyMismatchError):
        argon2.PasswordHasher().verify(stored.hash, "secret")


async def test_parameters_that_libsodium_does_not_know_are_judged_all_the_same() -> None:
    stored = await hasher(lanes=2).hash("secret")
    assert ",p=2$" in stored.hash
    assert (await hasher(backend="libsodium").verify("secret", stored)).matches


async def test_past_the_queue_it_says_no_before_any_work_and_takes_more_once_there_is_room() -> None:
    full = hasher()
    places = [full.place() for _ in range(1 + policy.HASH_QUEUE_PER_CORE)]
    for place in places:
        place.__enter__()
    with pytest.raises(Refused) as refused, full.place():
        pass
    assert refused.value.why is Why.UNAVAILABLE
    assert refused.value.members["retry_after"] == policy.RETRY_WHEN_BUSY
    places.pop().__exit__(None, None, None)
    with full.place():
        pass


async def test_a_place_is_given_back_whatever_happens() -> None:
    full = hasher()
    for _ in range(3 * policy.HASH_QUEUE_PER_CORE):
        with pytest.raises(LookupError), full.place():
            raise LookupError
    with full.place():
        pass


async def test_the_event_loop_goes_on_while_passwords_are_hashed() -> None:
    busy = Hasher(HashSettings(threads=1), KEYS, SystemRandomness())
    hashing = asyncio.create_task(busy.hash("x"))
    turns = 0
    while not hashing.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 10
    assert isinstance(await hashing, StoredPassword)
