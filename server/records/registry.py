"""The insurer's reference list of insured persons. Only the import writes it, and the demo for its people."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from server.records.database import CONNECT_TIMEOUT_S, Database, fetch

# A batch of some thousand people takes a tenth of a second; past this the database hangs.
_BATCH_TIMEOUT_S = 60.0
# Any number does, as long as nothing else of ours takes the same advisory lock.
_ONE_IMPORT_AT_A_TIME = 7_205_759_403


class ImportRunning(RuntimeError):
    """Another process is importing into this database."""


class Person(NamedTuple):
    """An insured person as the registry tells of them; the fields are the file's columns, in its order."""

    nir: str
    last_name: str
    first_names: str
    birth_date: date
    birth_place: str
    sex: str
    card_serial: str
    iban: str
    mobile: str | None
    fund: str | None
    scheme: str | None
    attachment: str
    overlap_since: date | None


class Merged(NamedTuple):
    """Of a batch: who was in this import already, and how many of the others are new or changed."""

    added: int
    changed: int
    repeated: frozenset[str]


_COLUMNS = ", ".join(Person._fields)
_DETAILS = Person._fields[1:]
_VALUES = ", ".join(f"${place}" for place in range(1, len(Person._fields) + 2))
_NEW_DETAILS = ", ".join(f"{name} = excluded.{name}" for name in (*_DETAILS, "refreshed_at"))
_OR_UPDATE = f"ON CONFLICT (nir) DO UPDATE SET {_NEW_DETAILS}"

# The names in these statements are all ours.
_PUT = f"INSERT INTO insured_person ({_COLUMNS}, refreshed_at) VALUES ({_VALUES}) {_OR_UPDATE}"  # noqa: S608
_STAGE = f"""
CREATE TEMPORARY TABLE incoming_person ON COMMIT DELETE ROWS AS
SELECT {_COLUMNS} FROM insured_person WITH NO DATA
"""  # noqa: S608
# `known` sees the rows as they were before `merged`: both are parts of one statement.
_MERGE = f"""
WITH known AS (
    SELECT nir, refreshed_at = $1 AS repeated, ({", ".join(f"p.{name}" for name in _DETAILS)})
        IS DISTINCT FROM ({", ".join(f"i.{name}" for name in _DETAILS)}) AS changed
    FROM incoming_person i JOIN insured_person p USING (nir)
), merged AS (
    INSERT INTO insured_person ({_COLUMNS}, refreshed_at)
    SELECT {_COLUMNS}, $1 FROM incoming_person {_OR_UPDATE}
)
SELECT count(*) AS known, count(*) FILTER (WHERE changed AND NOT repeated) AS changed,
    coalesce(array_agg(nir) FILTER (WHERE repeated), '{{}}') AS repeated
FROM known
"""  # noqa: S608
_FIND = f"SELECT {_COLUMNS} FROM insured_person WHERE nir = $1"  # noqa: S608


async def find(nir: str) -> Person | None:
    """The person of a canonical number."""
    rows = await fetch(_FIND, nir)
    return Person(*rows[0]) if rows else None


async def put(person: Person, now: datetime) -> None:
    """Add one person, or bring them up to date."""
    await fetch(_PUT, *person, now)


class Importer:
    """Writes batches on a connection of its own, each committed as it ends."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def merge(self, people: Sequence[Person], now: datetime) -> Merged:
        """Add or bring up to date people of distinct numbers. `now` tells this import from every other."""
        async with self._connection.transaction():
            await self._connection.copy_records_to_table("incoming_person", records=people)
            row = await self._connection.fetchrow(_MERGE, now)
        return Merged(len(people) - row["known"], row["changed"], frozenset(row["repeated"]))


@asynccontextmanager
async def importing() -> AsyncIterator[Importer]:
    """The one import that may run. Raises ImportRunning, or one of DATABASE_AWAY.

    Not the pool's connections: their queries must end in seconds, and they hold no session's lock.
    """
    connection = await asyncpg.connect(**Database.engine().config, timeout=CONNECT_TIMEOUT_S, command_timeout=_BATCH_TIMEOUT_S)
    try:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _ONE_IMPORT_AT_A_TIME):
            raise ImportRunning
        await connection.execute(_STAGE)
        yield Importer(connection)
    finally:
        await connection.close(timeout=CONNECT_TIMEOUT_S)
