"""The one form of transaction, on the real PostgreSQL (security page, *Faults*: cancelled requests)."""

import asyncio

import pytest

from server.records.database import Database, fetch, transaction
from server.records.tables import Counter

pytestmark = pytest.mark.usefixtures("database")
PUT = "INSERT INTO counter (key, changed_at, tries, in_a_row, granted_at) VALUES ($1, now(), 0, 0, '{}')"


async def stands(key: str) -> bool:
    return bool(await fetch("SELECT 1 FROM counter WHERE key = $1", key))


async def test_what_a_transaction_did_is_undone_when_it_fails() -> None:
    async def fails() -> None:
        async with transaction():
            await fetch(PUT, "undone")
            raise LookupError

    with pytest.raises(LookupError):
        await fails()
    assert not await stands("undone")


async def test_piccolos_queries_are_in_the_same_transaction() -> None:
    async with transaction():
        await fetch(PUT, "together")
        assert await Counter.exists().where(Counter.key == "together")
        [outside] = await asyncio.gather(asyncio.create_task(elsewhere("together")))
        assert not outside
    assert await stands("together")


async def elsewhere(key: str) -> bool:
    """On a connection of its own, as another request has."""
    pool = Database.engine().pool
    assert pool is not None
    async with pool.acquire() as connection:
        return bool(await connection.fetch("SELECT 1 FROM counter WHERE key = $1", key))


async def test_transactions_do_not_nest() -> None:
    async with transaction():
        with pytest.raises(RuntimeError, match="nest"):
            async with transaction():
                pass


async def test_the_pool_stays_whole_after_5000_cancelled_requests() -> None:
    """Piccolo's own transaction lost a pool of 10 after 89."""
    pool = Database.engine().pool
    assert pool is not None

    async def request(place: int) -> None:
        async with transaction():
            await fetch(PUT, f"cancelled-{place}")
            await fetch("SELECT pg_sleep(1)")

    for batch in range(100):
        tasks = [asyncio.create_task(request(batch * 50 + place)) for place in range(50)]
        # Cancelled wherever they are by then: waiting for a connection, in a statement, between two.
        for _ in range(batch % 7 + 1):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(10):
        await asyncio.gather(*(fetch("SELECT 1") for _ in range(3 * pool.get_max_size())))
    assert pool.get_size() <= pool.get_max_size()
    assert not await fetch("SELECT 1 FROM counter WHERE starts_with(key, 'cancelled-')")
