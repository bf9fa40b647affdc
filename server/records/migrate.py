"""Brings the database to the tables' present shape, by Piccolo's migrations. Of two processes at once, one waits."""

import contextlib
import io

import asyncpg
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
from piccolo.apps.migrations.tables import Migration
from piccolo.engine.postgres import PostgresEngine

import piccolo_conf
from server.records.piccolo_app import APP_CONFIG

_LOCK = 0x706F7274  # any number of ours: PostgreSQL's advisory locks are numbers


async def migrate(database_url: str) -> int:
    """Run the migrations that have not run; how many have by now. Raises asyncpg's and OS errors, and RuntimeError."""
    piccolo_conf.DB = PostgresEngine(config={"dsn": database_url})
    Migration._meta._db = piccolo_conf.DB  # noqa: SLF001 - else Piccolo keeps the engine of this process's first call
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            await piccolo_conf.DB.prep_database()  # type: ignore[no-untyped-call]
            await Migration.create_table(if_not_exists=True)
            result = await ForwardsMigrationManager(app_name=APP_CONFIG.app_name).run_migrations(APP_CONFIG)
        if not result.success:
            raise RuntimeError(f"migration failed: {result.message or told.getvalue()}")
        return int(await connection.fetchval("SELECT count(*) FROM migration"))
    finally:
        await connection.close()
