"""The connection pool, and the one form of transaction.

Piccolo's own transaction leaks its connection when its task is cancelled; asyncpg's does not (measured), so ours is asyncpg's
with Piccolo's queries led into it. Transactions do not nest: an inner one would not be rolled back. Rows are locked in one order,
account first, then what belongs to it, so that two transactions never wait for each other.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar

import asyncpg
from piccolo.engine.postgres import PostgresEngine

# Without a bound a frozen server holds every request for ever (measured). The worst request waits for a connection, for its
# query, and for asyncpg to cancel that query (up to the connection's time again): under the 5 s of the security page.
COMMAND_TIMEOUT_S = 2.0
CONNECT_TIMEOUT_S = 1.3
# Housekeeping may take its time: it holds a few rows at once, and nobody waits for it.
_BATCH = 5000
_BATCH_TIMEOUT_S = 60.0

# What means that the database does not answer, as opposed to a fault of ours.
DATABASE_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.DiskFullError,
    asyncpg.DeadlockDetectedError,
    asyncpg.QueryCanceledError,
)


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """Sends no reset query at each release: nothing here sets session state (1.7 times the selects, measured)."""

    __slots__ = ()

    def get_reset_query(self) -> str:
        return ""


class _Bound:
    """The transaction in force; `connection` is where Piccolo looks for it."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.after: list[Callable[[], object]] = []


class Database:
    """The process's one engine, bound to every table."""

    _engine: ClassVar[PostgresEngine | None] = None

    @classmethod
    async def open(cls, url: str, *, most: int = 10) -> None:
        """Start the pool. Raises one of DATABASE_AWAY."""
        from server.records import tables

        engine = PostgresEngine(config={"dsn": url})
        await engine.start_connection_pool(
            min_size=1,
            max_size=most,
            command_timeout=COMMAND_TIMEOUT_S,
            timeout=CONNECT_TIMEOUT_S,
            connection_class=_Connection,
        )
        for table in tables.ALL:
            table._meta._db = engine  # noqa: SLF001 - Piccolo offers no other way to bind at run time
        cls._engine = engine

    @classmethod
    async def close(cls) -> None:
        """Close the pool, if there is one."""
        engine, cls._engine = cls._engine, None
        if engine is not None:
            await engine.close_connection_pool()

    @classmethod
    def engine(cls) -> PostgresEngine:
        """The engine in force. Raises RuntimeError before `open`."""
        if cls._engine is None:
            raise RuntimeError("the database is not open")
        return cls._engine


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """Every query inside is one transaction, Piccolo's and `fetch` alike. Raises RuntimeError when nested."""
    engine = Database.engine()
    if engine.current_transaction.get() is not None:
        raise RuntimeError("transactions do not nest here: let the flow open the one")
    pool = engine.pool
    assert pool is not None  # noqa: S101 - open() made it
    async with pool.acquire(timeout=CONNECT_TIMEOUT_S) as connection, connection.transaction():
        bound = _Bound(connection)
        token = engine.current_transaction.set(bound)  # type: ignore[arg-type]
        try:
            yield
        finally:
            engine.current_transaction.reset(token)
    for call in bound.after:
        call()


def after_commit(call: Callable[[], object]) -> None:
    """What must not be told before it is true: called once the transaction in force has committed, or now where there is none."""
    bound = Database.engine().current_transaction.get()
    if bound is None:
        call()
    else:
        bound.after.append(call)  # type: ignore[attr-defined]


async def fetch(sql: str, *values: Any) -> Sequence[asyncpg.Record]:
    """Run one statement as written, ``$1`` for values; inside a transaction where one is open. For the hot paths."""
    engine = Database.engine()
    bound = engine.current_transaction.get()
    if bound is not None:
        return await bound.connection.fetch(sql, *values)  # type: ignore[no-any-return]
    pool = engine.pool
    assert pool is not None  # noqa: S101 - open() made it
    async with pool.acquire(timeout=CONNECT_TIMEOUT_S) as connection:
        return await connection.fetch(sql, *values)  # type: ignore[no-any-return]


async def delete_in_batches(table: str, condition: str, than: datetime) -> None:
    """Housekeeping: delete the rows of `table` for which `condition` holds of $1, a few at a time, so that nobody waits for it.

    `table` and `condition` are ours. Raises one of DATABASE_AWAY.
    """
    sql = f"DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {condition} LIMIT $2)) RETURNING 1"  # noqa: S608
    pool = Database.engine().pool
    assert pool is not None  # noqa: S101 - open() made it
    deleted = _BATCH
    while deleted == _BATCH:
        async with pool.acquire(timeout=CONNECT_TIMEOUT_S) as connection:
            deleted = len(await connection.fetch(sql, than, _BATCH, timeout=_BATCH_TIMEOUT_S))


async def database_now() -> datetime:
    """The database's own clock: it decides nothing, readiness compares it with ours."""
    rows = await fetch("SELECT clock_timestamp() AS now")
    return rows[0]["now"]  # type: ignore[no-any-return]
