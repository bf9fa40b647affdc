"""The connection pool, and the one form of transaction.

Piccolo's own transaction leaks its connection when its task is cancelled; asyncpg's does not (measured), so ours is asyncpg's
with Piccolo's queries led into it. Transactions do not nest: an inner one would not be rolled back.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar

import asyncpg
from piccolo.engine.postgres import PostgresEngine

# A query that takes longer hangs: without this, a frozen server would hold every request for ever (measured).
COMMAND_TIMEOUT_S = 4.0
CONNECT_TIMEOUT_S = 3.0

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
)


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """Sends no reset query at each release: nothing here sets session state (1.7 times the selects, measured)."""

    __slots__ = ()

    def get_reset_query(self) -> str:
        return ""


class _Bound:
    """What Piccolo looks for to find the connection of the transaction in force."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection


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
        token = engine.current_transaction.set(_Bound(connection))  # type: ignore[arg-type]
        try:
            yield
        finally:
            engine.current_transaction.reset(token)


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


async def database_now() -> datetime:
    """The database's own clock: it decides nothing, readiness compares it with ours."""
    rows = await fetch("SELECT clock_timestamp() AS now")
    return rows[0]["now"]  # type: ignore[no-any-return]
