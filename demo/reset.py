"""Everything as at first start: no data but the mark, no key in Redis, clocks at the machine's time, the fixed people anew."""

from redis.asyncio import Redis

from demo import link
from demo.clock import DemoClock
from demo.people import People
from server.records.database import fetch

# Not the list of our tables: one that a later migration adds is found here too.
_TABLES = """
SELECT string_agg(quote_ident(tablename), ', ') AS names FROM pg_tables
WHERE schemaname = current_schema() AND tablename NOT IN ('migration', 'demo_mark')
"""


async def reset(redis: "Redis", clock: DemoClock, people: People) -> None:
    """Do it, for every process. Raises one of DATABASE_AWAY or REDIS_AWAY."""
    names = (await fetch(_TABLES))[0]["names"]
    await fetch(f"TRUNCATE {names} RESTART IDENTITY")
    await link.clear(redis)
    await clock.forget()
    await people.ensure_fixed()
